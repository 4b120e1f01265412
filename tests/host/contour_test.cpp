// Lines of equal values: where they lie, that they hang together, and what becomes of saddles and gaps.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "host/report/contour.hpp"

namespace thalweg::report {
namespace {

using Line = std::vector<ChartPoint>;

Grid grid_of(const std::function<double(double, double)>& f, const std::vector<double>& at) {
  Grid grid{at, at, {}};
  for (const double y : at) {
    grid.values.emplace_back();
    for (const double x : at) grid.values.back().push_back(f(x, y));
  }
  return grid;
}

std::vector<Line> lines_of(const Grid& grid, double level) {
  std::vector<Line> lines(1);
  for (const ChartPoint& point : contour(grid, level)) {
    if (std::isnan(point.x)) {
      EXPECT_TRUE(std::isnan(point.y));
      lines.emplace_back();
    } else {
      lines.back().push_back(point);
    }
  }
  EXPECT_TRUE(lines.back().empty()) << "a point without a place ends each line";
  lines.pop_back();
  return lines;
}

void expect_point(const ChartPoint& point, double x, double y) {
  EXPECT_DOUBLE_EQ(point.x, x);
  EXPECT_DOUBLE_EQ(point.y, y);
}

TEST(Contour, ALineThroughOneCellCutsItsEdgesInProportion) {
  const Grid grid{{0, 10}, {0, 4}, {{0, 5}, {2, 9}}};
  const std::vector<Line> lines = lines_of(grid, 1);
  ASSERT_EQ(lines.size(), 1U);
  ASSERT_EQ(lines[0].size(), 2U);
  expect_point(lines[0][0], 2, 0);  // a fifth of the lower edge
  expect_point(lines[0][1], 0, 2);  // half of the left edge
}

TEST(Contour, ARightAndAnUpperEdgeAreCutWhereTheirOwnCornersSay) {
  const std::vector<Line> lines = lines_of({{0, 10}, {0, 4}, {{0, 2}, {6, 10}}}, 8);
  ASSERT_EQ(lines.size(), 1U);
  ASSERT_EQ(lines[0].size(), 2U);
  expect_point(lines[0][0], 10, 3);
  expect_point(lines[0][1], 5, 4);
}

TEST(Contour, AHillIsOneClosedLineOnTheCircle) {
  std::vector<double> at;
  for (int k = -20; k <= 20; ++k) at.push_back(0.1 * k);
  const std::vector<Line> lines = lines_of(grid_of([](double x, double y) { return x * x + y * y; }, at), 2);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_GT(lines[0].size(), 80U);
  expect_point(lines[0].back(), lines[0].front().x, lines[0].front().y);
  for (std::size_t k = 0; k < lines[0].size(); ++k) {
    const ChartPoint& p = lines[0][k];
    EXPECT_NEAR(std::hypot(p.x, p.y), std::sqrt(2.0), 0.0025) << "0.1^2 / 8 of the chord, over the slope";
    const ChartPoint& last = lines[0][k == 0 ? 0 : k - 1];
    EXPECT_LT(std::hypot(p.x - last.x, p.y - last.y), 0.15);
  }
}

TEST(Contour, AnOpenLineIsFollowedFromBorderToBorder) {
  const std::vector<Line> lines =
      lines_of(grid_of([](double x, double y) { return y - x * x; }, {-2, -1, 0, 1, 2}), 0.5);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].size(), 7U);                           // edges in order along the parabola
  EXPECT_DOUBLE_EQ(std::abs(lines[0].front().x), 7.0 / 6);  // between the values 1 and -2
  EXPECT_DOUBLE_EQ(lines[0].front().y, 2);
  EXPECT_DOUBLE_EQ(lines[0].back().x, -lines[0].front().x);
}

TEST(Contour, LinesThatAreApartStayApart) {
  const auto valleys = [](double x, double) { return std::abs(std::abs(x) - 2); };
  const std::vector<Line> lines = lines_of(grid_of(valleys, {-3, -2, -1, 0, 1, 2, 3}), 0.5);
  ASSERT_EQ(lines.size(), 4U);
  for (const Line& line : lines) {
    EXPECT_EQ(line.size(), 7U);
    for (const ChartPoint& p : line) EXPECT_EQ(p.x, line[0].x);
  }
}

TEST(Contour, InASaddleTheMeanOfTheCornersSaysWhichTheMiddleJoins) {
  // below the level: the corners (0, 0) and (1, 1), which a low middle joins
  std::vector<Line> lines = lines_of({{0, 1}, {0, 1}, {{0, 4}, {4, 0}}}, 2.5);
  ASSERT_EQ(lines.size(), 2U);
  for (const Line& line : lines) {
    ASSERT_EQ(line.size(), 2U);
    EXPECT_DOUBLE_EQ(std::abs(line[0].x - line[1].x), 0.375) << "cuts off (1, 0) or (0, 1)";
    const ChartPoint high{line[0].x > 0.5 ? 1.0 : 0.0, line[0].x > 0.5 ? 0.0 : 1.0};
    for (const ChartPoint& p : line)
      EXPECT_NEAR(std::abs(p.x - high.x) + std::abs(p.y - high.y), 0.375, 1e-12);
  }
  lines = lines_of({{0, 1}, {0, 1}, {{0, 4}, {4, 0}}}, 1);
  ASSERT_EQ(lines.size(), 2U);
  for (const Line& line : lines) {
    const double corner = line[0].x + line[0].y < 1 ? 0 : 1;
    for (const ChartPoint& p : line)
      EXPECT_NEAR(std::abs(p.x - corner) + std::abs(p.y - corner), 0.25, 1e-12) << "cuts off a low corner";
  }
}

TEST(Contour, WhatIsAtTheLevelIsAboveIt) {
  EXPECT_TRUE(contour({{0, 1}, {0, 1}, {{1, 2}, {2, 3}}}, 1).empty());
  EXPECT_EQ(lines_of({{0, 1}, {0, 1}, {{1, 2}, {2, 3}}}, 3).size(), 1U);
  // a saddle whose mean is the level: the middle joins the high corners, and the low ones are cut off
  const std::vector<Line> lines = lines_of({{0, 1}, {0, 1}, {{0, 4}, {4, 0}}}, 2);
  ASSERT_EQ(lines.size(), 2U);
  expect_point(lines[0][0], 0.5, 0);
  expect_point(lines[0][1], 0, 0.5);
}

TEST(Contour, ACellWithoutAValueHasNoLine) {
  Grid grid = grid_of([](double x, double) { return x; }, {0, 1, 2});
  EXPECT_EQ(lines_of(grid, 0.5).size(), 1U);
  grid.values[2][0] = std::nan("");
  const std::vector<Line> lines = lines_of(grid, 0.5);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].size(), 2U) << "that of the lower cell";
  grid.values[0][1] = INFINITY;
  EXPECT_TRUE(lines_of(grid, 0.5).empty());
}

TEST(Contour, ALevelThatTheFunctionNeverHasAndAnEmptyGridGiveNothing) {
  const Grid grid = grid_of([](double x, double y) { return x + y; }, {0, 1});
  EXPECT_TRUE(contour(grid, 5).empty());
  EXPECT_TRUE(contour(grid, -5).empty());
  EXPECT_TRUE(contour(Grid{}, 0).empty());
}

}  // namespace
}  // namespace thalweg::report
