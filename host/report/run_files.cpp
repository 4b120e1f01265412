#include "host/report/run_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>

#include "host/checkpoint/checkpoint_files.hpp"
#include "host/checkpoint/files.hpp"
#include "host/json/json.hpp"
#include "thalweg/error.hpp"

namespace thalweg::report {
namespace {

LogLine line_of(const Json& json) {
  LogLine line;
  for (const auto& [name, value] : json.object()) {
    if (name == "step") {
      value.get_to(line.step);
    } else if (name == "epoch") {
      value.get_to(line.epoch);
    } else if (value.get_if<std::nullptr_t>() != nullptr) {
      line.values.emplace_back(name, std::numeric_limits<double>::quiet_NaN());
    } else {
      line.values.emplace_back(name, value.get<double>());
    }
  }
  return line;
}

void add_line(const Json& json, RunLog& log) {
  if (const Json* const why = json.find(kDiverged)) return why->get_to(log.diverged);
  LogLine line = line_of(json);
  (line.epoch > 0 ? log.epochs : log.steps).push_back(std::move(line));
}

/// "run-2" before "run-10".
bool comes_before(std::string_view a, std::string_view b) {
  const auto digits = [](std::string_view text) {
    return std::find_if(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) == 0; }) -
           text.begin();
  };
  while (!a.empty() && !b.empty()) {
    const auto of_a = static_cast<std::size_t>(digits(a)), of_b = static_cast<std::size_t>(digits(b));
    if (of_a > 0 && of_b > 0 && of_a != of_b) return of_a < of_b;
    if (a[0] != b[0]) return a[0] < b[0];
    a.remove_prefix(1), b.remove_prefix(1);
  }
  return a.size() < b.size();
}

}  // namespace

double LogLine::operator[](std::string_view name) const {
  for (const auto& [key, value] : values)
    if (key == name) return value;
  return std::numeric_limits<double>::quiet_NaN();
}

bool LogLine::has(std::string_view name) const {
  return std::any_of(values.begin(), values.end(), [&](const auto& value) { return value.first == name; });
}

bool RunLog::has(std::string_view name) const {
  return std::any_of(epochs.begin(), epochs.end(), [&](const LogLine& line) { return line.has(name); });
}

RunLog parse_log(std::string_view text) {
  RunLog log;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty()) continue;
    try {
      add_line(parse_json(line), log);
    } catch (const JsonError&) {
      ++log.damaged;
    }
  }
  return log;
}

RunFiles read_run_files(const std::string& run) {
  RunFiles files;
  files.folder = run;
  const std::string config = join_path(run, kConfigFile), log = join_path(run, kLogFile);
  if (!path_exists(config))
    throw NoInputError(fmt::format("{}: no {}; expected the folder of a run", run, kConfigFile));
  read_config_file(config, files.config);
  if (!path_exists(log)) {
    files.notes.push_back(fmt::format("There is no {}: no curves are shown.", kLogFile));
    return files;
  }
  files.log = parse_log(read_file(log));
  if (!files.log.diverged.empty())
    files.notes.push_back(fmt::format("The run diverged: {}.", files.log.diverged));
  if (files.log.damaged > 0)
    files.notes.push_back(
        fmt::format("{}: {} damaged and left out.", kLogFile,
                    files.log.damaged == 1 ? "1 line is" : fmt::format("{} lines are", files.log.damaged)));
  return files;
}

std::vector<std::string> runs_at(const std::string& path) {
  if (path_exists(join_path(path, kConfigFile))) return {path};
  std::vector<std::string> names = names_in(path), runs;
  std::sort(names.begin(), names.end(), comes_before);
  for (const std::string& name : names)
    if (path_exists(join_path(join_path(path, name), kConfigFile))) runs.push_back(join_path(path, name));
  if (runs.empty())
    throw NoInputError(fmt::format("{}: no run; expected the folder of a run, with {}, or a folder of runs",
                                   path, kConfigFile));
  return runs;
}

}  // namespace thalweg::report
