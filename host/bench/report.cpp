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

Json shape_json(const Shape& shape) {
  Json object = Json::Object();
  for (const auto& [name, value] : shape) {
    Json& entry = object[name];
    std::visit([&](const auto& v) { entry = v; }, value);
  }
  return object;
}

Json check_json(const std::vector<Check>& checks) {
  if (checks.empty()) return nullptr;
  const auto worst = std::max_element(checks.begin(), checks.end(), [](const Check& a, const Check& b) {
    return a.error * std::max(b.bound, 1e-300) < b.error * std::max(a.bound, 1e-300);
  });
  Json check;
  check["of"] = worst->what;
  check["error"] = worst->error;
  check["bound"] = worst->bound;
  return check;
}

}  // namespace

Json to_json(const Machine& machine) {
  const MachineDescription& about = machine.description();
  Json object;
  object["kind"] = "machine";
  object["version"] = kVersion;
  object["device"] = about.device;
  object["processor"] = about.processor;
  object["threads"] = about.threads;
  object["processors"] = about.processors;
  object["memory_bytes"] = about.memory_bytes;
  object["cache_bytes"] = about.cache_bytes;
  object["figures"] = Json::Object();
  for (const MachineFigure& figure : machine.figures()) {
    Json& entry = object["figures"][figure.name];
    entry["value"] = figure.value;
    entry["unit"] = figure.unit;
    entry["bytes"] = figure.bytes;
  }
  return object;
}

Json to_json(const Result& result, const Machine& machine) {
  const Case& subject = result.subject;
  const Timing& timing = result.timing;
  Json object;
  object["kind"] = "result";
  object["workload"] = subject.workload;
  object["shape"] = shape_json(subject.shape);
  object["device"] = machine.description().device;
  object["threads"] = machine.description().threads;
  object["seconds"] = timing.median;
  object["spread"] = timing.spread;
  object["repetitions"] = timing.seconds;
  object["runs"] = timing.runs;
  object["disturbed"] = timing.disturbed;
  object["samples_per_second"] = subject.samples / timing.median;
  object["bytes"] = bytes_of(subject);
  object["flops"] = subject.cost.flops;
  object["bytes_per_second"] = static_cast<double>(bytes_of(subject)) / timing.median;
  object["flops_per_second"] = static_cast<double>(subject.cost.flops) / timing.median;
  object["limit"] = subject.limit ? Json(subject.limit->name()) : Json();
  object["limit_rate"] = subject.limit ? Json(timing.limit_rate) : Json();
  object["percent_of_limit"] = subject.limit ? Json(timing.percent_of_limit) : Json();
  object["check"] = check_json(result.checks);
  if (timing.ratio_to_first > 0) object["ratio_to_plain"] = timing.ratio_to_first;
  for (const auto& [name, value] : subject.figures) object[name] = value;
  return object;
}

std::string to_text(const Machine& machine, int columns) {
  const MachineDescription& about = machine.description();
  std::string text =
      fmt::format("{} on {}, {} of {} threads, {:.1f} GiB\n", about.device, about.processor, about.threads,
                  about.processors, static_cast<double>(about.memory_bytes) / (1 << 30));
  for (const MachineFigure& figure : machine.figures())
    text += fmt::format("  {:<16} {}\n", figure.name, with_prefix(figure.value, figure.unit));
  if (columns < kWideWindow)
    return text + fmt::format("\nworkload, shape\n  {:>9} {:>7} {:>10} {:>9} {:>9}  {}\n", "median", "spread",
                              "samples/s", "bytes/s", "ops/s", "of the limit");
  return text + fmt::format("\n{:<10} {:<56} {:>9} {:>7} {:>12} {:>11} {:>14}  {}\n", "workload", "shape",
                            "median", "spread", "samples/s", "bytes/s", "operations/s", "of the limit");
}

std::string to_text(const Result& result, int columns) {
  const Case& subject = result.subject;
  const Timing& timing = result.timing;
  const std::string shape = shape_text(subject.shape), median = with_prefix(timing.median, "s"),
                    samples = with_prefix(subject.samples / timing.median, ""),
                    bytes = with_prefix(static_cast<double>(bytes_of(subject)) / timing.median, "B"),
                    operations = with_prefix(static_cast<double>(subject.cost.flops) / timing.median, "");
  std::string text = columns < kWideWindow
                         ? fmt::format("{} {}\n  {:>9} {:>6.1f}% {:>10} {:>9} {:>9}", subject.workload, shape,
                                       median, 100 * timing.spread, samples, bytes, operations)
                         : fmt::format("{:<10} {:<56} {:>9} {:>6.1f}% {:>12} {:>11} {:>14}", subject.workload,
                                       shape, median, 100 * timing.spread, samples, bytes, operations);
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
