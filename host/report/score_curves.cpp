#include "host/report/score_curves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace thalweg::report {
namespace {

constexpr std::size_t kCalibrationBins = 10;

/// Weights at and above a threshold.
struct Above {
  double positive = 0, negative = 0, threshold = 0;
};

/// One for each score, from the largest; the last one has all rows.
std::vector<Above> sums_above(std::vector<ScoredRow> rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ScoredRow& a, const ScoredRow& b) { return a.score > b.score; });
  std::vector<Above> sums;
  for (const ScoredRow& row : rows) {
    if (sums.empty()) {
      sums.push_back({0, 0, row.score});
    } else if (row.score != sums.back().threshold) {
      sums.push_back(sums.back());
      sums.back().threshold = row.score;
    }
    (row.positive ? sums.back().positive : sums.back().negative) += row.weight;
  }
  return sums;
}

}  // namespace

std::vector<ThresholdPoint> roc_curve(std::vector<ScoredRow> rows) {
  const std::vector<Above> sums = sums_above(std::move(rows));
  if (sums.empty() || sums.back().positive == 0 || sums.back().negative == 0) return {};
  std::vector<ThresholdPoint> curve{{0, 0, INFINITY}};
  for (const Above& above : sums)
    curve.push_back(
        {above.negative / sums.back().negative, above.positive / sums.back().positive, above.threshold});
  return curve;
}

std::vector<ThresholdPoint> precision_recall_curve(std::vector<ScoredRow> rows) {
  const std::vector<Above> sums = sums_above(std::move(rows));
  if (sums.empty() || sums.back().positive == 0) return {};
  std::vector<ThresholdPoint> curve;
  for (const Above& above : sums) {
    const double all = above.positive + above.negative;
    if (all > 0)
      curve.push_back({above.positive / sums.back().positive, above.positive / all, above.threshold});
  }
  return curve;
}

double area_under(const std::vector<ThresholdPoint>& curve) {
  double area = 0;
  for (std::size_t k = 1; k < curve.size(); ++k)
    area += (curve[k].x - curve[k - 1].x) * (curve[k].y + curve[k - 1].y) / 2;
  return area;
}

Interval wilson_interval(double share, double count) {
  const double z2 = kNormal95 * kNormal95;
  const double middle = (share + z2 / (2 * count)) / (1 + z2 / count);
  const double half =
      kNormal95 / (1 + z2 / count) * std::sqrt(share * (1 - share) / count + z2 / (4 * count * count));
  return {std::max(middle - half, 0.0), std::min(middle + half, 1.0)};
}

std::vector<CalibrationBin> calibration(const std::vector<ScoredRow>& rows) {
  struct Sums {
    double weight = 0, squares = 0, score = 0, positive = 0;
  };
  std::array<Sums, kCalibrationBins> sums;
  for (const ScoredRow& row : rows) {
    const auto bin = static_cast<std::size_t>(std::clamp(row.score, 0.0, 1.0) * kCalibrationBins);
    Sums& to = sums[std::min(bin, kCalibrationBins - 1)];
    to.weight += row.weight;
    to.squares += row.weight * row.weight;
    to.score += row.weight * row.score;
    if (row.positive) to.positive += row.weight;
  }
  std::vector<CalibrationBin> bins;
  for (const Sums& of : sums) {
    if (of.weight <= 0) continue;
    const double share = of.positive / of.weight, effective = of.weight * of.weight / of.squares;
    bins.push_back({of.score / of.weight, share, effective, wilson_interval(share, effective)});
  }
  return bins;
}

namespace {

/// Round numbers: between two ticks the same number of bins.
std::vector<double> histogram_edges(const std::vector<double>& ticks, std::size_t parts) {
  const std::size_t split = std::max<std::size_t>(parts / (ticks.size() - 1), 1);
  std::vector<double> edges;
  for (std::size_t t = 0; t + 1 < ticks.size(); ++t)
    for (std::size_t k = 0; k < split; ++k) {
      const double share = static_cast<double>(k) / static_cast<double>(split);
      const double edge = ticks[t] + (ticks[t + 1] - ticks[t]) * share;
      edges.push_back(std::stod(fmt::format("{:.15g}", edge)));  // 0.3, not the sum 0.2 + 0.1
    }
  edges.push_back(ticks.back());
  return edges;
}

}  // namespace

std::vector<HistogramBin> histogram(const std::vector<double>& values, std::size_t parts) {
  if (values.empty()) return {};
  const auto [least, largest] = std::minmax_element(values.begin(), values.end());
  const std::vector<double> edges =
      histogram_edges(Scale(ScaleKind::linear, {*least, *largest}, {}).ticks(), parts);
  std::vector<HistogramBin> bins;
  for (std::size_t b = 0; b + 1 < edges.size(); ++b) bins.push_back({edges[b], edges[b + 1], 0});
  for (const double value : values) {
    const auto above = std::upper_bound(edges.begin(), edges.end(), value) - edges.begin();
    ++bins[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(above - 1, 0, std::ssize(bins) - 1))].count;
  }
  return bins;
}

}  // namespace thalweg::report
