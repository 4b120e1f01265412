#include "examples/gallery/plots.hpp"

#include <algorithm>

#include "host/report/contour.hpp"

namespace thalweg::gallery {
namespace {

constexpr int kPieces = 120, kCells = 48;  // of a graph, and of a side of a grid
constexpr std::size_t kMostDots = 60, kMostPoints = 160;
constexpr std::size_t kGrey = 7;

std::vector<double> evenly(Interval over, int pieces) {
  std::vector<double> at;
  for (int k = 0; k <= pieces; ++k) at.push_back(over.low + (over.high - over.low) * k / pieces);
  return at;
}

}  // namespace

Series graph(const std::string& name, std::size_t colour, const std::function<double(double)>& function,
             Interval over, Mark mark) {
  Series series{mark, name, colour};
  for (const double x : evenly(over, kPieces)) series.points.push_back({x, function(x)});
  return series;
}

void add_path(Chart& chart, const std::string& name, std::size_t colour,
              const std::vector<ChartPoint>& points) {
  chart.series.push_back({Mark::line, name, colour, points});
  if (points.size() <= kMostDots) chart.series.push_back(dots("", colour, points));
}

Series dots(const std::string& name, std::size_t colour, const std::vector<ChartPoint>& points) {
  Series series{Mark::points, name, colour, points};
  for (ChartPoint& point : series.points)
    point.tip = report::number_text(point.x) + ", " + report::number_text(point.y);
  return series;
}

std::vector<ChartPoint> by_step(const std::vector<double>& values) {
  std::vector<ChartPoint> points;
  for (const double value : values) points.push_back({static_cast<double>(points.size()), value});
  return report::thinned(points, kMostPoints);
}

std::vector<ChartPoint> by_log_step(const std::vector<double>& values) {
  constexpr double kGrowth = 1.04;
  std::vector<ChartPoint> points;
  for (std::size_t step = 1; step < values.size();
       step = std::max(step + 1, static_cast<std::size_t>(kGrowth * static_cast<double>(step))))
    points.push_back({static_cast<double>(step), values[step - 1]});
  points.push_back({static_cast<double>(values.size()), values.back()});
  return points;
}

std::vector<double> coordinate(const Walk& walk, std::size_t k) {
  std::vector<double> values;
  for (const Floats& point : walk.points) values.push_back(point[k]);
  return values;
}

std::vector<ChartPoint> plane(const Walk& walk) {
  std::vector<ChartPoint> points;
  for (const Floats& point : walk.points) points.push_back({point[0], point[1]});
  return points;
}

std::vector<ChartPoint> on_graph(const Walk& walk, const std::function<double(double)>& height) {
  std::vector<ChartPoint> points;
  for (const Floats& point : walk.points) points.push_back({point[0], height(point[0])});
  return points;
}

Series levels(const std::function<double(double, double)>& function, Interval x, Interval y,
              const std::vector<double>& at) {
  report::Grid grid{evenly(x, kCells), evenly(y, kCells), {}};
  for (const double row : grid.y) {
    grid.values.emplace_back();
    for (const double column : grid.x) grid.values.back().push_back(function(column, row));
  }
  Series series{Mark::dashes, "equal values", kGrey};
  for (const double level : at) {
    const std::vector<ChartPoint> line = report::contour(grid, level);
    series.points.insert(series.points.end(), line.begin(), line.end());
  }
  return series;
}

}  // namespace thalweg::gallery
