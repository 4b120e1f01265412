#include "host/report/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/report/canvas.hpp"
#include "host/report/colours.hpp"
#include "host/report/markup.hpp"

namespace thalweg::report {
namespace {

constexpr double kLeft = 54, kRight = 388, kPlotHeight = 170, kBelow = 40;
constexpr double kLegendLine = 16, kLegendCharacter = 6.6;  // a wide font must not reach the next item
constexpr std::size_t kMostOfName = 30;

/// The values that an axis has to cover.
class Extent {
 public:
  explicit Extent(const Axis& axis) : positive_(axis.scale == ScaleKind::log) {
    if (axis.covers) add(axis.covers->low), add(axis.covers->high);
  }
  void add(double value) {
    if (!std::isfinite(value) || (positive_ && value <= 0)) return;
    values_ = {std::min(values_.low, value), std::max(values_.high, value)};
  }
  Interval values() const { return values_; }

 private:
  bool positive_;
  Interval values_{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
};

Interval values_of(const Chart& chart, const Axis& axis, double ChartPoint::*first,
                   double ChartPoint::*second) {
  Extent extent(axis);
  for (const Series& series : chart.series) {
    for (const ChartPoint& point : series.points) extent.add(point.*first), extent.add(point.*second);
    if (series.mark == Mark::columns && &axis == &chart.y) extent.add(0);
  }
  return extent.values();
}

struct LegendItem {
  const Series* series;
  double x, y;
};

/// Series with a name, in lines that fit the width.
std::vector<LegendItem> legend_items(const Chart& chart) {
  std::vector<LegendItem> items;
  double x = kLeft, y = kTitleHeight + 10;
  for (const Series& series : chart.series) {
    if (series.name.empty()) continue;
    const double width =
        30 + kLegendCharacter * static_cast<double>(std::min(length_of(series.name), kMostOfName));
    if (x > kLeft && x + width > kRight) x = kLeft, y += kLegendLine;
    items.push_back({&series, x, y});
    x += width;
  }
  return items;
}

std::string colour_class(const Series& series) { return fmt::format("c{}", series.colour % kSeriesColours); }

std::string legend(const std::vector<LegendItem>& items) {
  std::string text;
  for (const auto& [series, x, y] : items) {
    const std::string colour = colour_class(*series);
    const bool dashed = series->mark == Mark::dashes;
    if (series->mark == Mark::line || dashed)
      text += svg_line(x, y - 4, x + 14, y - 4, (dashed ? "d " : "l ") + colour);
    else
      text += svg_rectangle(x + 2, y - 9, 10, 10,
                            fmt::format("class=\"{} {}\"", series->mark == Mark::band ? "b" : "f", colour)) +
              "/>\n";
    text += svg_text(x + 18, y, "", shortened(series->name, kMostOfName));
  }
  return text;
}

/// One chart on its way to text.
class Drawing {
 public:
  explicit Drawing(const Chart& chart)
      : chart_(chart),
        legend_(legend_items(chart)),
        top_(legend_.empty() ? kTitleHeight + 8 : legend_.back().y + 12),
        bottom_(top_ + kPlotHeight),
        x_(chart.x.scale, values_of(chart, chart.x, &ChartPoint::x, &ChartPoint::x2), {kLeft, kRight}),
        y_(chart.y.scale, values_of(chart, chart.y, &ChartPoint::y, &ChartPoint::y2), {bottom_, top_}) {}

  std::string text() const {
    std::string body = legend(legend_) + axes();
    for (const Series& series : chart_.series) body += marks(series);
    return svg_element(chart_.title, bottom_ + kBelow, body);
  }

 private:
  bool shows(const ChartPoint& p) const { return x_.shows(p.x) && y_.shows(p.y); }
  std::string place(double x, double y) const { return coordinate(x_.at(x)) + " " + coordinate(y_.at(y)); }

  /// As many as have room beside each other; the last one ends within the chart.
  std::string x_labels() const {
    const std::vector<double>& ticks = x_.ticks();
    std::size_t longest = 0;
    for (const double tick : ticks) longest = std::max(longest, number_text(tick).size());
    const double between = (kRight - kLeft) / static_cast<double>(ticks.size() - 1);
    const double room = kCharacterWidth * static_cast<double>(longest + 1);
    const auto every = static_cast<std::size_t>(std::ceil(room / between));
    std::string text;
    for (std::size_t k = 0; k < ticks.size(); ++k) {
      const double x = x_.at(ticks[k]);
      text += svg_line(x, bottom_, x, bottom_ + 4, "g");
      if (k % every != 0) continue;
      const std::string label = number_text(ticks[k]);
      const double last = kChartWidth - kCharacterWidth * static_cast<double>(label.size() + 1) / 2;
      text += svg_text(std::min(x, last), bottom_ + 16, "m a", label);
    }
    return text;
  }

  std::string axes() const {
    std::string text;
    for (const double tick : y_.ticks()) {
      text += svg_line(kLeft, y_.at(tick), kRight, y_.at(tick), "g");
      text += svg_text(kLeft - 4, y_.at(tick) + 4, "m e", number_text(tick));
    }
    text += x_labels();
    const double middle = (top_ + bottom_) / 2;
    text += svg_text((kLeft + kRight) / 2, bottom_ + 32, "m a", chart_.x.label);
    return text + svg_text(10, middle, "m a", chart_.y.label,
                           fmt::format(" transform=\"rotate(-90 10 {})\"", coordinate(middle)));
  }

  std::string marks(const Series& series) const {
    switch (series.mark) {
      case Mark::line:
        return path(series, "l");
      case Mark::dashes:
        return path(series, "d");
      case Mark::band:
        return band(series);
      default:
        return single_marks(series);
    }
  }

  std::string path(const Series& series, const char* kind) const {
    std::string at;
    bool begins = true;
    for (const ChartPoint& p : series.points) {
      if (shows(p)) at += (begins ? "M" : "L") + place(p.x, p.y);
      begins = !shows(p);
    }
    if (at.empty()) return "";
    return fmt::format("<path class=\"{} {}\" d=\"{}\"/>\n", kind, colour_class(series), at);
  }

  std::string band(const Series& series) const {
    std::string there, back;
    for (const ChartPoint& p : series.points) {
      if (!shows(p) || !y_.shows(p.y2)) continue;
      there += (there.empty() ? "M" : "L") + place(p.x, p.y);
      back = "L" + place(p.x, p.y2) + back;
    }
    if (there.empty()) return "";
    return fmt::format("<path class=\"b {}\" d=\"{}{}Z\"/>\n", colour_class(series), there, back);
  }

  /// Points without tips are many: one path holds them.
  std::string cloud(const Series& series) const {
    std::string at;
    for (const ChartPoint& p : series.points)
      if (shows(p)) at += "M" + place(p.x, p.y) + "h0";
    if (at.empty()) return "";
    return fmt::format("<path class=\"p {}\" d=\"{}\"/>\n", colour_class(series), at);
  }

  std::string single_marks(const Series& series) const {
    const bool tips = std::any_of(series.points.begin(), series.points.end(),
                                  [](const ChartPoint& p) { return !p.tip.empty(); });
    if (series.mark == Mark::points && !tips) return cloud(series);
    std::string text = fmt::format("<g class=\"{}\">\n", colour_class(series));
    for (const ChartPoint& p : series.points)
      if (shows(p)) text += single_mark(series.mark, p);
    return text + "</g>\n";
  }

  std::string single_mark(Mark mark, const ChartPoint& p) const {
    if (mark == Mark::points)
      return closed_with_tip(fmt::format("<circle class=\"f\" cx=\"{}\" cy=\"{}\" r=\"2.5\"",
                                         coordinate(x_.at(p.x)), coordinate(y_.at(p.y))),
                             p.tip);
    if (mark == Mark::intervals) {
      if (!y_.shows(p.y2)) return "";
      return closed_with_tip(fmt::format("<path class=\"l\" d=\"M{}L{}\"", place(p.x, p.y), place(p.x, p.y2)),
                             p.tip);
    }
    if (!x_.shows(p.x2)) return "";
    const double left = x_.at(p.x), from = y_.at(0), to = y_.at(p.y);
    return closed_with_tip(svg_rectangle(left, std::min(from, to), std::max(x_.at(p.x2) - left - 1, 0.5),
                                         std::abs(from - to), "class=\"f\""),
                           p.tip);
  }

  const Chart& chart_;
  std::vector<LegendItem> legend_;
  double top_, bottom_;
  Scale x_, y_;
};

}  // namespace

std::string svg(const Chart& chart) { return Drawing(chart).text(); }

}  // namespace thalweg::report
