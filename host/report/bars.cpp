// Charts by names: horizontal bars, and the cells of a table of classes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/report/canvas.hpp"
#include "host/report/chart.hpp"
#include "host/report/colours.hpp"
#include "host/report/markup.hpp"

namespace thalweg::report {
namespace {

constexpr double kBarLine = 17, kBarsLeft = 176, kBarsRight = 344;
constexpr std::size_t kMostOfBarName = 25;
constexpr double kCellsLeft = 78, kCellsRight = 392, kLargestCell = 60;
constexpr std::size_t kMostOfClassName = 9;

double error_of(const Bar& bar) { return std::isfinite(std::abs(bar.value) + bar.error) ? bar.error : 0; }

Interval values_of(const std::vector<Bar>& bars) {
  Interval values{0, 0};
  for (const Bar& bar : bars) {
    if (!std::isfinite(bar.value)) continue;
    values.low = std::min(values.low, bar.value - error_of(bar));
    values.high = std::max(values.high, bar.value + error_of(bar));
  }
  return values;
}

std::string bar_text(const Bar& bar, const Scale& scale, double y) {
  std::string text = svg_text(kBarsLeft - 6, y + 12, "e", shortened(bar.name, kMostOfBarName));
  text += svg_text(kChartWidth - 4, y + 12, "m e", number_text(bar.value));
  if (!scale.shows(bar.value)) return text;
  const double zero = scale.at(0), end = scale.at(bar.value);
  const std::string tip = fmt::format("{}: {}", bar.name, number_text(bar.value));
  text += closed_with_tip(svg_rectangle(std::min(zero, end), y + 3, std::abs(end - zero), kBarLine - 6,
                                        bar.value < 0 ? "class=\"f c1\"" : "class=\"f c0\""),
                          tip);
  if (const double error = error_of(bar); error > 0)
    text += svg_line(scale.at(bar.value - error), y + kBarLine / 2, scale.at(bar.value + error),
                     y + kBarLine / 2, "k");
  return text;
}

std::string cell_text(const HeatCell& cell, double x, double y, double size) {
  const Colour colour = heat_colour(cell.share);
  std::string text = closed_with_tip(
      svg_rectangle(x, y, size - 1, size - 1, fmt::format("fill=\"{}\"", colour_text(colour))), cell.tip);
  const double width = kCharacterWidth * static_cast<double>(length_of(cell.text));
  if (cell.text.empty() || width > size) return text;
  return text + svg_text(x + size / 2, y + size / 2 + 4, "a", cell.text,
                         fmt::format(" style=\"fill:{}\"", colour_text(text_on(colour))));
}

}  // namespace

std::string svg(const BarChart& chart) {
  const Scale scale(ScaleKind::linear, values_of(chart.bars), {kBarsLeft, kBarsRight});
  const double bottom = kTitleHeight + kBarLine * static_cast<double>(chart.bars.size());
  std::string body = svg_line(scale.at(0), kTitleHeight, scale.at(0), bottom, "g");
  double y = kTitleHeight;
  for (const Bar& bar : chart.bars) {
    body += bar_text(bar, scale, y);
    y += kBarLine;
  }
  return svg_element(chart.title, bottom + 6, body);
}

std::string svg(const HeatMap& map) {
  const auto count = static_cast<double>(std::max<std::size_t>(map.names.size(), 1));
  const double size = std::min((kCellsRight - kCellsLeft) / count, kLargestCell);
  std::size_t longest = 0;
  for (const std::string& name : map.names)
    longest = std::max(longest, std::min(length_of(name), kMostOfClassName));
  const double top = kTitleHeight + 26 + kCharacterWidth * static_cast<double>(longest);
  std::string body = svg_text(kCellsLeft, kTitleHeight + 10, "m", map.columns_label);
  body += svg_text(kCellsLeft - 6, top - 6, "m e", map.rows_label);
  for (std::size_t r = 0; r < map.names.size(); ++r) {
    const double along = (static_cast<double>(r) + 0.5) * size;
    const std::string name = shortened(map.names[r], kMostOfClassName);
    body += svg_text(kCellsLeft - 6, top + along + 4, "e", name);
    body += svg_text(kCellsLeft + along + 3, top - 6, "", name,
                     fmt::format(" transform=\"rotate(-60 {} {})\"", coordinate(kCellsLeft + along + 3),
                                 coordinate(top - 6)));
    for (std::size_t c = 0; c < map.cells[r].size(); ++c)
      body += cell_text(map.cells[r][c], kCellsLeft + static_cast<double>(c) * size,
                        top + static_cast<double>(r) * size, size);
  }
  return svg_element(map.title, top + count * size + 6, body);
}

}  // namespace thalweg::report
