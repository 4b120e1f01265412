// Charts of predictions against what they should have been.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/data/counted.hpp"
#include "host/report/chart.hpp"
#include "host/report/colours.hpp"
#include "host/report/predictions.hpp"
#include "host/report/score_curves.hpp"

namespace thalweg::report {
namespace {

constexpr std::size_t kMostOfCurve = 120, kMostOfCloud = 400;
constexpr std::size_t kMostClassesRanked = 64;
constexpr std::size_t kHistogramBins = 24;

/// The rows as those of class `c` and all others.
std::vector<ScoredRow> against_rest(const PredictedRows& rows, std::int64_t c) {
  const std::int64_t columns = rows.predictions.columns;
  const std::int64_t column = columns == 1 ? 0 : c;
  std::vector<ScoredRow> scored;
  for (std::int64_t n = 0; n < rows.predictions.rows; ++n) {
    const auto at = static_cast<std::size_t>(n * columns + column), row = static_cast<std::size_t>(n);
    if (!std::isfinite(rows.predictions.values[at])) continue;
    scored.push_back({double{rows.predictions.values[at]}, rows.targets[row] == static_cast<double>(c),
                      rows.weights[row]});
  }
  return scored;
}

/// The likeliest class of each row, and whether it is right.
std::vector<ScoredRow> confidences(const PredictedRows& rows) {
  if (rows.predictions.columns <= 2) return against_rest(rows, 1);
  std::vector<ScoredRow> scored;
  for (std::int64_t n = 0; n < rows.predictions.rows; ++n) {
    const auto row = static_cast<std::size_t>(n);
    const std::int64_t predicted = rows.predictions.predicted_class[row];
    const auto at = static_cast<std::size_t>(n * rows.predictions.columns + predicted);
    if (!std::isfinite(rows.predictions.values[at])) continue;
    scored.push_back({double{rows.predictions.values[at]},
                      rows.targets[row] == static_cast<double>(predicted), rows.weights[row]});
  }
  return scored;
}

struct ClassCurves {
  std::int64_t of;
  std::vector<ThresholdPoint> roc, precision_recall;
  double area = 0;
};

/// The curves of the second of two classes; of more, of those that are the hardest to tell from the rest.
std::vector<ClassCurves> curves_by_class(const PredictedRows& rows) {
  const std::int64_t classes = std::max<std::int64_t>(rows.predictions.columns, 2);
  std::vector<ClassCurves> curves;
  for (std::int64_t c = classes == 2 ? 1 : 0; c < std::min<std::int64_t>(classes, kMostClassesRanked); ++c) {
    const std::vector<ScoredRow> scored = against_rest(rows, c);
    ClassCurves of{c, roc_curve(scored), precision_recall_curve(scored), 0};
    if (of.roc.empty()) continue;
    of.area = area_under(of.roc);
    curves.push_back(std::move(of));
  }
  std::stable_sort(curves.begin(), curves.end(),
                   [](const ClassCurves& a, const ClassCurves& b) { return a.area < b.area; });
  if (curves.size() > kSeriesColours) curves.resize(kSeriesColours);
  return curves;
}

void add_threshold_curve(Chart& chart, const std::string& name, std::size_t colour,
                         const std::vector<ThresholdPoint>& curve) {
  std::vector<ChartPoint> points;
  for (const ThresholdPoint& point : curve) points.push_back({.x = point.x, .y = point.y});
  chart.series.push_back(
      {.mark = Mark::line, .name = name, .colour = colour, .points = thinned(points, kMostOfCurve)});
}

Series diagonal(Interval values) {
  return {.mark = Mark::dashes,
          .colour = 7,
          .points = {{.x = values.low, .y = values.low}, {.x = values.high, .y = values.high}}};
}

std::string calibration_chart(const PredictedRows& rows) {
  const bool two = rows.predictions.columns <= 2;
  Chart chart{.title = two ? "Calibration of " + class_name(rows.spec.schema.classes, 1)
                           : "Calibration of the predicted class",
              .x = {.label = "probability", .covers = Interval{0, 1}},
              .y = {.label = two ? "share of the rows" : "share that is right", .covers = Interval{0, 1}},
              .series = {diagonal({0, 1})}};
  Series intervals{.mark = Mark::intervals, .colour = 0}, points{.mark = Mark::points, .colour = 0};
  for (const CalibrationBin& bin : calibration(confidences(rows))) {
    const std::string tip =
        fmt::format("probability {:.3f}: {:.3f} of {}, {:.3f} to {:.3f} at 95 %", bin.mean, bin.share,
                    counted(std::llround(bin.rows), "row"), bin.interval.low, bin.interval.high);
    intervals.points.push_back({.x = bin.mean, .y = bin.interval.low, .y2 = bin.interval.high, .tip = tip});
    points.points.push_back({.x = bin.mean, .y = bin.share, .tip = tip});
  }
  chart.series.push_back(std::move(intervals));
  chart.series.push_back(std::move(points));
  return svg(chart);
}

/// Finite pairs of prediction and target.
std::vector<ChartPoint> prediction_pairs(const PredictedRows& rows) {
  const Predictions& p = rows.predictions;
  std::vector<ChartPoint> pairs;
  for (std::size_t n = 0; n < rows.targets.size(); ++n) {
    const double value = p.exact_values.empty() ? double{p.values[n]} : p.exact_values[n];
    if (std::isfinite(value) && std::isfinite(rows.targets[n]))
      pairs.push_back({.x = value, .y = rows.targets[n]});
  }
  return pairs;
}

/// Evenly among the rows, so that the cloud keeps its shape.
std::vector<ChartPoint> sampled(const std::vector<ChartPoint>& points) {
  if (points.size() <= kMostOfCloud) return points;
  std::vector<ChartPoint> some;
  for (std::size_t k = 0; k < kMostOfCloud; ++k) some.push_back(points[k * points.size() / kMostOfCloud]);
  return some;
}

std::string residual_histogram(const std::vector<ChartPoint>& pairs) {
  std::vector<double> residuals;
  for (const ChartPoint& pair : pairs) residuals.push_back(pair.y - pair.x);
  Series columns{.mark = Mark::columns, .colour = 0};
  for (const HistogramBin& bin : histogram(residuals, kHistogramBins))
    columns.points.push_back({.x = bin.low,
                              .y = static_cast<double>(bin.count),
                              .x2 = bin.high,
                              .tip = fmt::format("{} to {}: {}", number_text(bin.low), number_text(bin.high),
                                                 counted(static_cast<std::int64_t>(bin.count), "row"))});
  return svg(Chart{
      .title = "Residuals", .x = {"target less prediction"}, .y = {"rows"}, .series = {std::move(columns)}});
}

}  // namespace

std::string class_charts(const PredictedRows& rows) {
  const bool two = rows.predictions.columns <= 2;
  const std::vector<ClassCurves> curves = curves_by_class(rows);
  std::string text;
  if (!curves.empty()) {
    const std::string of =
        two ? " of " + class_name(rows.spec.schema.classes, 1) : ", each class against the rest";
    const Interval whole{0, 1};
    Chart roc{.title = "ROC" + of,
              .x = {.label = "false positives", .covers = whole},
              .y = {.label = "true positives", .covers = whole},
              .series = {diagonal(whole)}};
    Chart precision{.title = "Precision and recall" + of,
                    .x = {.label = "recall", .covers = whole},
                    .y = {.label = "precision", .covers = whole}};
    for (std::size_t k = 0; k < curves.size(); ++k) {
      const std::string name = class_name(rows.spec.schema.classes, static_cast<std::size_t>(curves[k].of));
      add_threshold_curve(roc, fmt::format("{}: {:.4f}", two ? "area" : name, curves[k].area), k,
                          curves[k].roc);
      add_threshold_curve(precision, two ? "" : name, k, curves[k].precision_recall);
    }
    text += svg(roc) + svg(precision);
  }
  if (traits_of(rows.spec.config.loss).probabilities) text += calibration_chart(rows);
  return text;
}

std::string number_charts(const PredictedRows& rows) {
  const std::vector<ChartPoint> pairs = prediction_pairs(rows);
  if (pairs.empty()) return "";
  const auto [least, largest] = std::minmax_element(
      pairs.begin(), pairs.end(), [](const ChartPoint& a, const ChartPoint& b) { return a.y < b.y; });
  std::vector<ChartPoint> cloud = sampled(pairs);
  const std::string of = cloud.size() < pairs.size()
                             ? fmt::format(", {} of {} rows", cloud.size(), pairs.size())
                             : std::string();
  Chart both{.title = "Prediction and target" + of, .x = {"prediction"}, .y = {"target"}};
  both.series = {{.mark = Mark::points, .colour = 0, .points = cloud}, diagonal({least->y, largest->y})};
  for (ChartPoint& point : cloud) point.y -= point.x;
  const Chart residuals{.title = "Residuals by prediction" + of,
                        .x = {"prediction"},
                        .y = {"target less prediction"},
                        .series = {{.mark = Mark::points, .colour = 0, .points = cloud}}};
  return svg(both) + residual_histogram(pairs) + svg(residuals);
}

}  // namespace thalweg::report
