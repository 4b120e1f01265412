// Marching squares: the edges of the grid that a line crosses are linked cell by cell, then followed.
#include "host/report/contour.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <compare>
#include <cstddef>
#include <limits>
#include <map>

namespace thalweg::report {
namespace {

/// From a corner of the grid to the next one of its row, or up to the next row.
struct Edge {
  std::size_t row = 0, column = 0;
  bool up = false;
  auto operator<=>(const Edge&) const = default;
};

constexpr double kNoPlace = std::numeric_limits<double>::quiet_NaN();

class Contour {
 public:
  Contour(const Grid& grid, double level) : grid_(grid), level_(level) {
    for (std::size_t row = 0; row + 1 < grid.y.size(); ++row)
      for (std::size_t column = 0; column + 1 < grid.x.size(); ++column) link_cell(row, column);
  }

  std::vector<ChartPoint> lines() {
    std::vector<ChartPoint> points;
    while (!links_.empty()) {
      // A line that begins at the border is followed from there, or it would be cut in two.
      const auto end = std::find_if(links_.begin(), links_.end(),
                                    [](const auto& link) { return link.second.size() == 1; });
      follow(end == links_.end() ? links_.begin()->first : end->first, points);
      points.push_back({kNoPlace, kNoPlace});
      std::erase_if(links_, [](const auto& link) { return link.second.empty(); });
    }
    return points;
  }

 private:
  double value(std::size_t row, std::size_t column) const { return grid_.values[row][column]; }
  bool is_below(std::size_t row, std::size_t column) const { return value(row, column) < level_; }

  bool crosses(const Edge& edge) const {
    return is_below(edge.row, edge.column) != is_below(edge.row + edge.up, edge.column + !edge.up);
  }

  void link(const Edge& a, const Edge& b) {
    links_[a].push_back(b);
    links_[b].push_back(a);
  }

  void link_cell(std::size_t row, std::size_t column) {
    const double sum =
        value(row, column) + value(row, column + 1) + value(row + 1, column) + value(row + 1, column + 1);
    if (!std::isfinite(sum)) return;
    const Edge bottom{row, column, false}, right{row, column + 1, true}, top{row + 1, column, false},
        left{row, column, true};
    std::vector<Edge> crossed;
    for (const Edge& edge : {bottom, right, top, left})
      if (crosses(edge)) crossed.push_back(edge);
    if (crossed.size() == 2) link(crossed[0], crossed[1]);
    if (crossed.size() < 4) return;
    // A saddle: the mean of the corners says which two of them the middle joins.
    const bool joins_first = (sum / 4 < level_) == is_below(row, column);
    link(bottom, joins_first ? right : left);
    link(top, joins_first ? left : right);
  }

  ChartPoint place(const Edge& edge) const {
    const double from = value(edge.row, edge.column), to = value(edge.row + edge.up, edge.column + !edge.up);
    const double share = (level_ - from) / (to - from);
    const double x = grid_.x[edge.column], y = grid_.y[edge.row];
    if (edge.up) return {x, y + share * (grid_.y[edge.row + 1] - y)};
    return {x + share * (grid_.x[edge.column + 1] - x), y};
  }

  /// Uses up the links, so a closed line ends where it began.
  void follow(Edge at, std::vector<ChartPoint>& points) {
    for (;;) {
      points.push_back(place(at));
      std::vector<Edge>& links = links_[at];
      if (links.empty()) return;
      const Edge next = links.back();
      links.pop_back();
      std::erase(links_[next], at);
      at = next;
    }
  }

  const Grid& grid_;
  double level_;
  std::map<Edge, std::vector<Edge>> links_;
};

}  // namespace

std::vector<ChartPoint> contour(const Grid& grid, double level) { return Contour(grid, level).lines(); }

}  // namespace thalweg::report
