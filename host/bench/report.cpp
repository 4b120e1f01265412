#include "host/bench/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "thalweg/version.hpp"

namespace thalweg::bench {
namespace {

/// "123 us" and the like: three digits and a prefix of the unit.
std::string with_prefix(double value, const std::string& unit) {
  if (value == 0) return "-";
  static const char* const kPrefixes[] = {"n", "u", "m", "", "k", "M", "G", "T"};
  const int power = std::clamp(static_cast<int>(std::floor(std::log10(value) / 3)), -3, 4);
  return fmt::format("{:.3g} {}{}", value / std::pow(1000.0, power), kPrefixes[power + 3], unit);
}

std::int64_t bytes_of(const Case& subject) { return subject.cost.bytes_read + subject.cost.bytes_written; }

nlohmann::ordered_json shape_json(const Shape& shape) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const auto& [name, value] : shape) std::visit([&](const auto& v) { object[name] = v; }, value);
  return object;
}

nlohmann::ordered_json check_json(const std::vector<Check>& checks) {
  if (checks.empty()) return nullptr;
  const auto worst = std::max_element(checks.begin(), checks.end(), [](const Check& a, const Check& b) {
    return a.error * std::max(b.bound, 1e-300) < b.error * std::max(a.bound, 1e-300);
  });
  return {{"of", worst->what}, {"error", worst->error}, {"bound", worst->bound}};
}

}  // namespace

nlohmann::ordered_json to_json(const Machine& machine) {
  const MachineDescription& about = machine.description();
  nlohmann::ordered_json object{{"kind", "machine"},
                                {"version", kVersion},
                                {"device", about.device},
                                {"processor", about.processor},
                                {"threads", about.threads},
                                {"processors", about.processors},
                                {"memory_bytes", about.memory_bytes},
                                {"cache_bytes", about.cache_bytes},
                                {"figures", nlohmann::ordered_json::object()}};
  for (const MachineFigure& figure : machine.figures()) {
    object["figures"][figure.name] = {
        {"value", figure.value}, {"unit", figure.unit}, {"bytes", figure.bytes}};
  }
  return object;
}

nlohmann::ordered_json to_json(const Result& result, const Machine& machine) {
  const Case& subject = result.subject;
  const Timing& timing = result.timing;
  nlohmann::ordered_json object{{"kind", "result"},
                                {"workload", subject.workload},
                                {"shape", shape_json(subject.shape)},
                                {"device", machine.description().device},
                                {"threads", machine.description().threads},
                                {"seconds", timing.median},
                                {"spread", timing.spread},
                                {"repetitions", timing.seconds},
                                {"runs", timing.runs},
                                {"disturbed", timing.disturbed},
                                {"samples_per_second", subject.samples / timing.median},
                                {"bytes", bytes_of(subject)},
                                {"flops", subject.cost.flops},
                                {"bytes_per_second", static_cast<double>(bytes_of(subject)) / timing.median},
                                {"flops_per_second", static_cast<double>(subject.cost.flops) / timing.median},
                                {"limit", nullptr},
                                {"limit_rate", nullptr},
                                {"percent_of_limit", nullptr},
                                {"check", check_json(result.checks)}};
  if (subject.limit) {
    object["limit"] = subject.limit->name();
    object["limit_rate"] = timing.limit_rate;
    object["percent_of_limit"] = timing.percent_of_limit;
  }
  if (timing.ratio_to_first > 0) object["ratio_to_plain"] = timing.ratio_to_first;
  for (const auto& [name, value] : subject.figures) object[name] = value;
  return object;
}

std::string to_text(const Machine& machine) {
  const MachineDescription& about = machine.description();
  std::string text =
      fmt::format("{} on {}, {} of {} threads, {:.1f} GiB\n", about.device, about.processor, about.threads,
                  about.processors, static_cast<double>(about.memory_bytes) / (1 << 30));
  for (const MachineFigure& figure : machine.figures())
    text += fmt::format("  {:<16} {}\n", figure.name, with_prefix(figure.value, figure.unit));
  return text + fmt::format("\n{:<10} {:<56} {:>9} {:>7} {:>12} {:>11} {:>14}  {}\n", "workload", "shape",
                            "median", "spread", "samples/s", "bytes/s", "operations/s", "of the limit");
}

std::string to_text(const Result& result) {
  const Case& subject = result.subject;
  const Timing& timing = result.timing;
  std::string text = fmt::format("{:<10} {:<56} {:>9} {:>6.1f}% {:>12} {:>11} {:>14}", subject.workload,
                                 shape_text(subject.shape), with_prefix(timing.median, "s"),
                                 100 * timing.spread, with_prefix(subject.samples / timing.median, ""),
                                 with_prefix(static_cast<double>(bytes_of(subject)) / timing.median, "B"),
                                 with_prefix(static_cast<double>(subject.cost.flops) / timing.median, ""));
  if (subject.limit)
    text += fmt::format("  {:.0f} % of {} at {}", timing.percent_of_limit, subject.limit->name(),
                        with_prefix(timing.limit_rate, ""));
  if (timing.ratio_to_first > 0) text += fmt::format(", {:.3f} x plain", timing.ratio_to_first);
  for (const auto& [name, value] : subject.figures) {
    if (value != 0) text += fmt::format(", {} {:.6g}", name, value);
  }
  if (timing.disturbed) text += "  (disturbed)";
  return text + "\n";
}

}  // namespace thalweg::bench
