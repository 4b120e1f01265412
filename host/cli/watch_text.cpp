// One run.
#include "host/cli/watch_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "host/cli/human_text.hpp"
#include "host/cli/painted.hpp"
#include "host/cli/printable.hpp"
#include "host/cli/shown_width.hpp"
#include "host/cli/watch_values.hpp"
#include "host/data/counted.hpp"
#include "host/report/sparkline.hpp"

namespace thalweg::cli {
namespace {

using report::Curve;
using report::RunGlance;
using report::RunStage;

constexpr const char* kOf = " of ";
constexpr int kValueWidth = 11, kMostBarWidth = 40;
/// A run that logs nothing for as long may be slow, or may hang: it is said.
constexpr double kLongSilence = 60;

/// The parts that fit, in their order.
std::string joined(const std::vector<std::string>& parts, int room) {
  std::string text;
  for (const std::string& part : parts) {
    const std::string longer = text.empty() ? part : text + ", " + part;
    if (shown_width(longer) <= room) text = longer;
  }
  return text;
}

/// Name and stage, and what there is to say of it: behind them, or in a line of its own. The name gives way
/// where the window is narrow.
std::vector<std::string> head_lines(const RunGlance& glance, int room, const Abilities& abilities) {
  const std::string stage(name_of(glance.stage));
  const int of_name = room - shown_width(stage) - 2;
  if (of_name < 0) return {without_end(stage, room)};
  const std::string name = without_begin(printable(glance.run), of_name);
  const std::string head = name + ": " + painted(stage, paint_of(glance.stage), abilities);
  if (glance.words.empty()) return {head};
  const std::string words = printable(glance.words);
  if (shown_width(name) + 2 + shown_width(stage) + 2 + shown_width(words) <= room)
    return {head + "; " + words};
  return {head, without_end(words, room)};
}

std::string progress_line(const RunGlance& glance, int room) {
  std::vector<std::string> parts{"epoch " + of_all(glance.epoch, kOf, glance.epochs),
                                 "step " + of_all(glance.step, kOf, glance.steps)};
  if (glance.samples_per_second > 0) parts.push_back(human_rate(glance.samples_per_second) + " samples/s");
  if (!std::isnan(glance.seconds)) parts.push_back(human_time(glance.seconds) + " of training");
  return joined(parts, room);
}

/// Empty where nothing is known of the end.
std::string bar_line(const RunGlance& glance, int room) {
  if (glance.stage != RunStage::running || std::isnan(glance.seconds_left)) return "";
  const std::string left = human_time(glance.seconds_left) + " left";
  if (glance.steps <= 0) return without_end(left, room);
  const double share = static_cast<double>(glance.step) / static_cast<double>(glance.steps);
  const std::string text = fmt::format("{:3.0f}%, {}", 100 * share, left);
  const int width = std::min(kMostBarWidth, room - shown_width(text) - shown_width(drawn_bar(0, 0)));
  return without_end((width > 0 ? drawn_bar(share, width) : "") + text, room);
}

std::string best_words(const RunGlance& glance) {
  return fmt::format("best {:.5g} at epoch {}", glance.best, glance.best_epoch);
}

std::string curve_line(const RunGlance& glance, const Curve& curve, int of_label, int room,
                       const Abilities& abilities) {
  const std::string start =
      padded_right(curve.name, of_label) + padded_right(last_text(curve) + " ", kValueWidth);
  const bool marked = curve.name == glance.watched && glance.best_epoch > 0;
  const std::string mark = marked ? best_words(glance) : "";
  const int of_spark = room - shown_width(start) - (marked ? shown_width(mark) + 2 : 0);
  if (of_spark < kLeastSparkline) return without_end(start + mark, room);
  return start + report::sparkline(curve.values, of_spark, abilities.blocks) +
         (marked ? "  " + painted(mark, Paint::bold, abilities) : "");
}

std::vector<std::string> remarks(const RunGlance& glance) {
  std::vector<std::string> lines;
  if (!std::isnan(glance.waiting_share))
    lines.push_back(
        fmt::format("{:.0f} % of the last epoch was waiting for data", 100 * glance.waiting_share));
  if (glance.stage == RunStage::running && glance.silence >= kLongSilence)
    lines.push_back(fmt::format("no new line for {}", human_time(glance.silence)));
  if (glance.damaged > 0)
    lines.push_back(fmt::format("{} of metrics.jsonl {} damaged and left out",
                                counted(glance.damaged, "line"), glance.damaged == 1 ? "is" : "are"));
  return lines;
}

}  // namespace

std::string run_text(const RunGlance& glance, int columns, const Abilities& abilities) {
  const int room = std::max(columns - 1, 0);  // some terminals wrap when the last column is written
  std::vector<std::string> lines = head_lines(glance, room, abilities);
  if (!glance.curves.empty()) lines.push_back(progress_line(glance, room));
  lines.push_back(bar_line(glance, room));
  int of_label = 0;
  for (const Curve& curve : glance.curves) of_label = std::max(of_label, shown_width(curve.name) + 2);
  for (const Curve& curve : glance.curves)
    lines.push_back(curve_line(glance, curve, of_label, room, abilities));
  for (const std::string& remark : remarks(glance)) lines.push_back(without_end(remark, room));
  std::string text;
  for (const std::string& line : lines)
    if (!line.empty()) text += line + "\n";
  return text;
}

std::string run_line(const RunGlance& glance) {
  std::string text = fmt::format("{}: {}", printable(glance.run), name_of(glance.stage));
  if (!glance.words.empty()) text += "; " + printable(glance.words);
  if (glance.curves.empty()) return text + "\n";
  text += fmt::format(", epoch {}, step {}", of_all(glance.epoch, kOf, glance.epochs),
                      of_all(glance.step, kOf, glance.steps));
  for (const Curve& curve : glance.curves) {
    text += fmt::format(", {} {}", curve.name, last_text(curve));
    if (curve.name == glance.watched && glance.best_epoch > 0) text += " (" + best_words(glance) + ")";
  }
  if (glance.samples_per_second > 0)
    text += fmt::format(", {} samples/s", human_rate(glance.samples_per_second));
  if (!std::isnan(glance.seconds_left)) text += fmt::format(", {} left", human_time(glance.seconds_left));
  return text + "\n";
}

Json to_json(const RunGlance& glance) {
  Json object;
  object["run"] = glance.run;
  object["stage"] = name_of(glance.stage);
  object["words"] = glance.words;
  object["epoch"] = glance.epoch;
  object["epochs"] = glance.epochs;
  object["step"] = glance.step;
  object["steps"] = glance.steps;
  for (const Curve& curve : glance.curves) object[curve.name] = last_of(curve);
  if (glance.best_epoch > 0) {
    object["best." + glance.watched] = glance.best;
    object["best.epoch"] = glance.best_epoch;
  }
  object["seconds"] = glance.seconds;
  object["samples_per_second"] = glance.samples_per_second;
  object["seconds_left"] = glance.seconds_left;
  object["waiting_share"] = glance.waiting_share;
  object["damaged_lines"] = glance.damaged;
  return object;
}

}  // namespace thalweg::cli
