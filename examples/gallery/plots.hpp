#pragma once
// What most plots of the gallery are made of.
#include <functional>
#include <string>
#include <vector>

#include "examples/gallery/walk.hpp"
#include "host/report/chart.hpp"

namespace thalweg::gallery {

using report::Chart;
using report::ChartPoint;
using report::Interval;
using report::Mark;
using report::ScaleKind;
using report::Series;

/// A function of one variable.
Series graph(const std::string& name, std::size_t colour, const std::function<double(double)>& function,
             Interval over, Mark mark = Mark::line);

/// A line through the points, which are dots where they are few.
void add_path(Chart& chart, const std::string& name, std::size_t colour,
              const std::vector<ChartPoint>& points);

/// Dots alone, with their numbers where a pointer rests on them.
Series dots(const std::string& name, std::size_t colour, const std::vector<ChartPoint>& points);

/// (0, values[0]), (1, values[1]), ...; long ones are thinned.
std::vector<ChartPoint> by_step(const std::vector<double>& values);
/// (1, values[0]), (2, values[1]), ... for a logarithmic axis: the later, the fewer of them.
std::vector<ChartPoint> by_log_step(const std::vector<double>& values);
/// One coordinate of the points of a walk.
std::vector<double> coordinate(const Walk& walk, std::size_t k = 0);
/// The points of a walk in the plane.
std::vector<ChartPoint> plane(const Walk& walk);
/// (point, height(point)) for a walk along a line.
std::vector<ChartPoint> on_graph(const Walk& walk, const std::function<double(double)>& height);

/// Lines of equal values of a function of two variables.
Series levels(const std::function<double(double, double)>& function, Interval x, Interval y,
              const std::vector<double>& at);

}  // namespace thalweg::gallery
