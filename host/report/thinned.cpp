// Long series: what a chart of a few hundred units cannot show is left out.
#include <algorithm>
#include <cmath>

#include "host/report/chart.hpp"

namespace thalweg::report {
namespace {

using Place = std::vector<ChartPoint>::const_iterator;

bool has_place(const ChartPoint& point) { return std::isfinite(point.y); }
double lower(const ChartPoint& point) {
  return std::isfinite(point.y2) ? std::min(point.y, point.y2) : point.y;
}
double upper(const ChartPoint& point) {
  return std::isfinite(point.y2) ? std::max(point.y, point.y2) : point.y;
}

/// In their order: the points of a part with the least and the largest y, and the first without one, which
/// breaks a line.
void add_extremes(Place begin, Place end, std::vector<ChartPoint>& kept) {
  Place least = end, largest = end;
  for (Place at = begin; at != end; ++at) {
    if (!has_place(*at)) continue;
    if (least == end || lower(*at) < lower(*least)) least = at;
    if (largest == end || upper(*at) > upper(*largest)) largest = at;
  }
  const Place gap = std::find_if_not(begin, end, has_place);
  for (Place at = begin; at != end; ++at)
    if (at == least || at == largest || at == gap) kept.push_back(*at);
}

}  // namespace

std::vector<ChartPoint> thinned(const std::vector<ChartPoint>& points, std::size_t most) {
  if (points.size() <= most) return points;
  const std::size_t parts = std::max<std::size_t>(most / 2, 1);
  std::vector<ChartPoint> kept{points.front()};
  const std::size_t inner = points.size() - 2;
  const Place first = points.begin() + 1;
  for (std::size_t part = 0; part < parts; ++part) {
    const auto begin = static_cast<std::ptrdiff_t>(inner * part / parts),
               end = static_cast<std::ptrdiff_t>(inner * (part + 1) / parts);
    if (begin < end) add_extremes(first + begin, first + end, kept);
  }
  kept.push_back(points.back());
  return kept;
}

}  // namespace thalweg::report
