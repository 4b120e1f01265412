// Several runs, a line each.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <vector>

#include "host/cli/human_text.hpp"
#include "host/cli/painted.hpp"
#include "host/cli/printable.hpp"
#include "host/cli/shown_width.hpp"
#include "host/cli/watch_text.hpp"
#include "host/cli/watch_values.hpp"
#include "host/data/counted.hpp"
#include "host/report/run_epochs.hpp"
#include "host/report/sparkline.hpp"

namespace thalweg::cli {
namespace {

using report::Curve;
using report::RunGlance;

constexpr int kBetween = 2, kMostNameWidth = 32, kMostSpared = 8;
constexpr const char* kLoss = "train.loss";

struct Cell {
  std::string text;
  Paint paint = Paint::none;
};

struct Column {
  std::string head;
  int spared;  ///< columns go in this order where there is little room; 0: it stays, but its text is cut
  bool text;   ///< to the left
  std::vector<Cell> cells = {};

  int width() const {
    int most = shown_width(head);
    for (const Cell& cell : cells) most = std::max(most, shown_width(cell.text));
    return most;
  }
};

const Curve* curve_named(const RunGlance& glance, const std::string& name) {
  const auto found = std::find_if(glance.curves.begin(), glance.curves.end(),
                                  [&](const Curve& curve) { return curve.name == name; });
  return found == glance.curves.end() ? nullptr : &*found;
}

std::string last_named(const RunGlance& glance, const std::string& name) {
  const Curve* const curve = curve_named(glance, name);
  return curve == nullptr ? kNothing : last_text(*curve);
}

/// The metric that all runs with one watch; empty: they watch several.
std::string common_metric(std::span<const RunGlance> glances) {
  std::optional<std::string> common;
  for (const RunGlance& glance : glances) {
    if (glance.watched.empty()) continue;
    if (common && *common != glance.watched) return "";
    common = glance.watched;
  }
  return common.value_or("");
}

/// The best of all runs; NaN where they watch several metrics.
double best_of(std::span<const RunGlance> glances) {
  const std::string metric = common_metric(glances);
  double best = std::nan("");
  if (metric.empty()) return best;
  for (const RunGlance& glance : glances)
    if (report::is_better(metric, glance.best, best)) best = glance.best;
  return best;
}

Cell best_cell(const RunGlance& glance, double best) {
  if (glance.best_epoch == 0) return {kNothing};
  const bool first = glance.best == best;
  return {fmt::format("{:.5g} at {}{}", glance.best, glance.best_epoch, first ? " *" : "  "),
          first ? Paint::bold : Paint::none};
}

std::vector<Column> columns_of(std::span<const RunGlance> glances) {
  const std::string metric = common_metric(glances);
  const double best = best_of(glances);
  std::vector<Column> columns{{"run", 0, true},
                              {"", 8, true},
                              {"epoch", 7, false},
                              {kLoss, 6, false},
                              {metric.empty() ? "metric" : metric, 3, false},
                              {"best at epoch  ", 4, false},
                              {"lr", 1, false},
                              {"samples/s", 2, false},
                              {"left", 5, false}};
  for (const RunGlance& glance : glances) {
    const double rate = glance.samples_per_second, left = glance.seconds_left;
    Cell cells[] = {{without_begin(printable(glance.run), kMostNameWidth)},
                    {std::string(name_of(glance.stage)), paint_of(glance.stage)},
                    {of_all(glance.epoch, "/", glance.epochs)},
                    {last_named(glance, kLoss)},
                    {last_named(glance, glance.watched)},
                    best_cell(glance, best),
                    {last_named(glance, "lr")},
                    {rate > 0 ? human_rate(rate) : kNothing},
                    {std::isnan(left) ? kNothing : human_time(left)}};
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i].cells.push_back(std::move(cells[i]));
  }
  std::erase_if(columns, [](const Column& column) {
    return column.spared > 0 && std::all_of(column.cells.begin(), column.cells.end(),
                                            [](const Cell& cell) { return cell.text == kNothing; });
  });
  return columns;
}

int width_of(const std::vector<Column>& columns) {
  int width = -kBetween;
  for (const Column& column : columns) width += column.width() + kBetween;
  return width;
}

/// Without the columns that have no room, and with names as short as it takes.
void fit(std::vector<Column>& columns, int room) {
  for (int order = 1; order <= kMostSpared && width_of(columns) > room; ++order)
    std::erase_if(columns, [&](const Column& column) { return column.spared == order; });
  const int too_wide = width_of(columns) - room, width = columns.front().width();
  if (too_wide <= 0) return;
  columns.front().head = without_end(columns.front().head, width - too_wide);
  for (Cell& cell : columns.front().cells) cell.text = without_begin(cell.text, width - too_wide);
}

std::string line_of(const std::vector<Column>& columns, const std::function<Cell(const Column&)>& cell_of,
                    const Abilities& abilities) {
  std::string text;
  for (const Column& column : columns) {
    const Cell cell = cell_of(column);
    const std::string space(static_cast<std::size_t>(column.width() - shown_width(cell.text)), ' ');
    const std::string shown = painted(cell.text, cell.paint, abilities);
    text += (text.empty() ? "" : std::string(kBetween, ' ')) + (column.text ? shown + space : space + shown);
  }
  return text;
}

std::string without_spaces_behind(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

/// The curve that tells most: the watched metric, else the loss.
std::string spark_of(const RunGlance& glance, int width, const Abilities& abilities) {
  const Curve* curve = curve_named(glance, glance.watched);
  if (curve == nullptr) curve = curve_named(glance, kLoss);
  if (curve == nullptr || width < kLeastSparkline) return "";
  return std::string(kBetween, ' ') + report::sparkline(curve->values, width, abilities.blocks);
}

}  // namespace

std::string runs_text(std::span<const RunGlance> glances, const Window& window, const Abilities& abilities) {
  if (glances.empty()) return "";
  const std::size_t lines = static_cast<std::size_t>(std::max(window.rows - 1, 3));
  const bool all = glances.size() + 1 <= lines;
  const auto shown = glances.first(all ? glances.size() : lines - 2);
  const int room = std::max(window.columns - 1, 0);
  std::vector<Column> columns = columns_of(shown);
  fit(columns, room);
  const int of_spark = room - width_of(columns) - kBetween;
  const auto line = [&](const std::function<Cell(const Column&)>& cell_of) {
    return line_of(columns, cell_of, abilities);
  };
  std::string text =
      without_end(without_spaces_behind(line([](const Column& c) { return Cell{c.head}; })), room) + "\n";
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const std::string cells = line([&](const Column& column) { return column.cells[i]; });
    text += without_spaces_behind(cells + spark_of(shown[i], of_spark, abilities)) + "\n";
  }
  if (!all)
    text += without_end(
                "... and " + counted(static_cast<std::int64_t>(glances.size() - shown.size()), "more run"),
                room) +
            "\n";
  return text;
}

}  // namespace thalweg::cli
