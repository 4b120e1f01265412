#pragma once
// Lines of equal values of a function of two variables, as points of a chart.
#include <vector>

#include "host/report/chart.hpp"

namespace thalweg::report {

/// values[row][column] is the function at (x[column], y[row]); x and y ascend. Rows have the length of x.
struct Grid {
  std::vector<double> x, y;
  std::vector<std::vector<double>> values;
};

/// The lines where the function is `level`, one after the other. A point without a place ends each. Along the
/// edges of a cell the function is taken for linear. A cell with a corner that is not finite has no line.
std::vector<ChartPoint> contour(const Grid& grid, double level);

}  // namespace thalweg::report
