#pragma once
// Charts as SVG, for pages and documents: what they show is data, and equal data give equal bytes. There are
// eight marks: line, dashes, band, points, intervals, columns, and the bars and cells of the last two charts.
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "host/report/scale.hpp"

namespace thalweg::report {

enum class Mark {
  line,       ///< through (x, y); a point without a place breaks it
  dashes,     ///< the same, as a reference
  band,       ///< from y to y2 along x
  points,     ///< at (x, y)
  intervals,  ///< upright, from y to y2
  columns,    ///< from 0 to y, between x and x2
};

struct ChartPoint {
  double x = 0, y = 0;
  double y2 = std::numeric_limits<double>::quiet_NaN(), x2 = std::numeric_limits<double>::quiet_NaN();
  std::string tip = "";  ///< shown where a pointer rests on it; for points, intervals and columns
};

struct Series {
  Mark mark = Mark::line;
  std::string name = "";  ///< in the legend; empty: not there
  std::size_t colour = 0;
  std::vector<ChartPoint> points = {};
};

struct Axis {
  std::string label;
  ScaleKind scale = ScaleKind::linear;
  std::optional<Interval> covers = {};  ///< besides the values; none: the values alone
};

struct Chart {
  std::string title;
  Axis x, y;
  std::vector<Series> series = {};
};

/// A number with a name; a horizontal bar.
struct Bar {
  std::string name;
  double value = 0;
  double error = 0;  ///< half of the interval around the value; 0 or NaN: none
};
struct BarChart {
  std::string title;
  std::vector<Bar> bars = {};
};

struct HeatCell {
  double share = 0;  ///< 0 to 1: its colour
  std::string text = "", tip = "";
};
struct HeatMap {
  std::string title, rows_label, columns_label;
  std::vector<std::string> names = {};            ///< of rows and columns alike
  std::vector<std::vector<HeatCell>> cells = {};  ///< [row][column]
};

/// An element `svg` for a page that has chart_style.
std::string svg(const Chart& chart);
std::string svg(const BarChart& chart);
std::string svg(const HeatMap& map);

/// A chart as a file of its own, with its style.
std::string svg_file(const std::string& svg);

/// At most about `most` points that keep the extremes of y and y2, and the breaks of a line: two or three of
/// each part of the series.
std::vector<ChartPoint> thinned(const std::vector<ChartPoint>& points, std::size_t most);

}  // namespace thalweg::report
