// Long series: what a chart of a few hundred units cannot show is left out.
#include <algorithm>
#include <cmath>

#include "host/report/chart.hpp"

namespace thalweg::report {
namespace {

using Place = std::vector<ChartPoint>::const_iterator;

/// The points of a part with the least and the largest y, in their order; its first where none has a y.
void add_extremes(Place begin, Place end, std::vector<ChartPoint>& kept) {
  Place least = end, largest = end;
  for (Place at = begin; at != end; ++at) {
    if (!std::isfinite(at->y)) continue;
    if (least == end || at->y < least->y) least = at;
    if (largest == end || at->y > largest->y) largest = at;
  }
  if (least == end) return kept.push_back(*begin);
  kept.push_back(*std::min(least, largest));
  if (least != largest) kept.push_back(*std::max(least, largest));
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
