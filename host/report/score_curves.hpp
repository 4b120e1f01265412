#pragma once
// What the scores of two classes tell: curves over all thresholds, and whether probabilities come true.
#include <cstddef>
#include <vector>

#include "host/report/scale.hpp"

namespace thalweg::report {

/// Quantile 0.975 of the normal distribution: an interval of 95 % has this many standard errors to each side.
constexpr double kNormal95 = 1.959963984540054;

struct ScoredRow {
  double score = 0;  ///< larger: the class is likelier
  bool positive = false;
  double weight = 1;
};

struct ThresholdPoint {
  double x = 0, y = 0;
  double threshold = 0;  ///< rows of this score and above count as positive
};

/// Share of the negative rows (x) and of the positive rows (y) above each threshold, from (0, 0) to (1, 1);
/// rows of one score are one step. Empty where the rows hold one class.
std::vector<ThresholdPoint> roc_curve(std::vector<ScoredRow> rows);
/// Recall (x) and precision (y) at each threshold, from the largest. Empty where no row is positive.
std::vector<ThresholdPoint> precision_recall_curve(std::vector<ScoredRow> rows);
/// By trapezoids.
double area_under(const std::vector<ThresholdPoint>& curve);

/// The interval of 95 % for a share of `count` rows (Wilson 1927).
Interval wilson_interval(double share, double count);

/// Rows whose probability is in the same tenth.
struct CalibrationBin {
  double mean = 0;   ///< of the probabilities
  double share = 0;  ///< of the rows that are positive
  double rows = 0;   ///< effective number: (sum of weights)^2 / sum of their squares
  Interval interval;
};
/// The tenths that have rows, in order.
std::vector<CalibrationBin> calibration(const std::vector<ScoredRow>& rows);

/// A part of an axis and the number of values in it.
struct HistogramBin {
  double low = 0, high = 0;
  std::size_t count = 0;
};
/// Equal parts with round ends that hold all values, about `parts` of them. The values are finite.
std::vector<HistogramBin> histogram(const std::vector<double>& values, std::size_t parts);

}  // namespace thalweg::report
