#include "host/run/run_start.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <sstream>

namespace thalweg {

/// Three lines, then a line for each number, in hexadecimal.
std::string to_text(const RunStart& start) {
  std::string text =
      fmt::format("{}\n{}\n{} {}\n", start.ended, start.metric, start.patience, start.state.step);
  for (const auto& [name, value] : start.state.numbers()) text += fmt::format("{} {:a}\n", name, value);
  return text;
}

RunStart run_start_from(const std::string& text) {
  RunStart start;
  std::istringstream lines(text);
  std::getline(lines, start.ended);
  std::getline(lines, start.metric);
  std::int64_t step = 0;
  lines >> start.patience >> step;
  std::map<std::string, double> numbers;
  for (std::string name, value; lines >> name >> value;)
    numbers[name] = std::strtod(value.c_str(), nullptr);  // a stream reads no infinity
  start.state = RunState::from(numbers, step, "of rank 0");
  return start;
}

}  // namespace thalweg
