#include "host/report/curves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/report/run_epochs.hpp"

namespace thalweg::report {
namespace {

constexpr std::size_t kMostPoints = 240;         // of a line
constexpr std::size_t kMostPointsWithTips = 40;  // of a line
constexpr double kWideRange = 50;                // largest by least value, for a logarithmic axis
constexpr std::size_t kMostMetrics = 3;

std::string charts_of(const std::vector<Chart>& charts) {
  std::string text;
  for (const Chart& chart : charts)
    if (!chart.series.empty()) text += svg(chart);
  return text;
}

Chart chart_of(const std::string& title, const std::string& y, Along along) {
  return {.title = title, .x = {along == Along::epochs ? "epoch" : "step"}, .y = {y}};
}

void add_best(Chart& chart, const RunFiles& run, const std::string& value) {
  const LogLine* const best = best_epoch(run);
  if (best == nullptr || value != watched_value(run)) return;
  const double y = (*best)[value];
  chart.series.push_back(
      {.mark = Mark::points,
       .name = fmt::format("best: {} at {}", number_text(y), best->epoch),
       .colour = 2,
       .points = {{.x = static_cast<double>(best->epoch),
                   .y = y,
                   .tip = fmt::format("best epoch {}: {} {}", best->epoch, value, number_text(y))}}});
}

Chart loss_chart(const RunFiles& run) {
  Chart chart = chart_of("Loss", "loss", Along::epochs);
  add_curve(chart, "train", 0, values_along(run.log.epochs, "train.loss", Along::epochs));
  add_curve(chart, "validation", 1, values_along(run.log.epochs, "validation.loss", Along::epochs));
  if (watched_value(run) == "validation.loss") add_best(chart, run, "validation.loss");
  choose_scale(chart);
  return chart;
}

Chart metric_chart(const RunFiles& run, const std::string& metric) {
  const std::string value = "validation." + metric;
  Chart chart = chart_of(fmt::format("{} on the validation rows", metric), metric, Along::epochs);
  add_curve(chart, "", 1, values_along(run.log.epochs, value, Along::epochs));
  add_best(chart, run, value);
  return chart;
}

/// The one that the run watches first, then those that most readers look for.
std::vector<std::string> metrics_shown(const RunFiles& run) {
  std::vector<std::string> shown;
  for (const std::string& metric : {run.config.train.metric, std::string("accuracy"), std::string("auc"),
                                    std::string("r2"), std::string("rmse")}) {
    const bool there = std::find(shown.begin(), shown.end(), metric) != shown.end();
    if (metric == "loss" || there || !run.log.has("validation." + metric)) continue;
    if (shown.size() < kMostMetrics) shown.push_back(metric);
  }
  return shown;
}

/// Of the steps where the run logged them.
Chart rate_chart(const RunFiles& run) {
  const bool steps = !run.log.steps.empty();
  const Along along = steps ? Along::steps : Along::epochs;
  Chart chart = chart_of("Learning rate", "rate", along);
  add_curve(chart, "", 4, values_along(steps ? run.log.steps : run.log.epochs, "lr", along));
  return chart;
}

Chart step_chart(const RunFiles& run, const std::string& title, const std::string& value,
                 std::size_t colour) {
  Chart chart = chart_of(title, value == "loss" ? "loss" : "norm", Along::steps);
  add_curve(chart, "", colour, values_along(run.log.steps, value, Along::steps));
  choose_scale(chart);
  return chart;
}

Chart epoch_chart(const RunFiles& run, const std::string& title, const std::string& label,
                  const std::string& value) {
  Chart chart = chart_of(title, label, Along::epochs);
  add_curve(chart, "", 3, values_along(run.log.epochs, value, Along::epochs));
  choose_scale(chart);
  return chart;
}

}  // namespace

std::vector<ChartPoint> values_along(const std::vector<LogLine>& lines, std::string_view name, Along along) {
  std::vector<ChartPoint> points;
  for (const LogLine& line : lines)
    if (line.has(name))
      points.push_back(
          {.x = static_cast<double>(along == Along::epochs ? line.epoch : line.step), .y = line[name]});
  return points;
}

void add_curve(Chart& chart, const std::string& name, std::size_t colour,
               const std::vector<ChartPoint>& points) {
  if (points.empty()) return;
  Series line{.mark = Mark::line, .name = name, .colour = colour, .points = thinned(points, kMostPoints)};
  Series dots{.mark = Mark::points, .colour = colour};
  if (points.size() <= kMostPointsWithTips) dots.points = points;
  for (ChartPoint& point : dots.points)
    point.tip = fmt::format("{}{} {}: {}", name.empty() ? "" : name + ", ", chart.x.label,
                            number_text(point.x), number_text(point.y));
  chart.series.push_back(std::move(line));
  if (!dots.points.empty()) chart.series.push_back(std::move(dots));
}

void choose_scale(Chart& chart) {
  double least = INFINITY, largest = -INFINITY;
  for (const Series& series : chart.series) {
    for (const ChartPoint& point : series.points) {
      if (!std::isfinite(point.y)) continue;
      least = std::min(least, point.y), largest = std::max(largest, point.y);
    }
  }
  if (least > 0 && largest > kWideRange * least) chart.y.scale = ScaleKind::log;
}

std::string training_charts(const RunFiles& run) {
  std::vector<Chart> charts{loss_chart(run)};
  for (const std::string& metric : metrics_shown(run)) charts.push_back(metric_chart(run, metric));
  charts.push_back(step_chart(run, "Loss of the batches", "loss", 0));
  charts.push_back(rate_chart(run));
  charts.push_back(step_chart(run, "Gradient norm", "gradient_norm", 5));
  charts.push_back(epoch_chart(run, "Privacy spent", "epsilon", "privacy.epsilon"));
  return charts_of(charts);
}

std::string per_sample_charts(const RunFiles& run) {
  Chart norms = chart_of("Gradient norms of the samples", "norm", Along::epochs);
  const auto band = [&](const std::string& low, const std::string& high, const std::string& name) {
    std::vector<ChartPoint> points = values_along(run.log.epochs, "per_sample.norm." + low, Along::epochs);
    const std::vector<ChartPoint> above =
        values_along(run.log.epochs, "per_sample.norm." + high, Along::epochs);
    for (std::size_t k = 0; k < points.size() && k < above.size(); ++k) points[k].y2 = above[k].y;
    if (!points.empty())
      norms.series.push_back(
          {.mark = Mark::band, .name = name, .colour = 0, .points = thinned(points, kMostPoints)});
  };
  band("p05", "p95", "5 to 95 %");
  band("p25", "p75", "25 to 75 %");
  add_curve(norms, "median", 0, values_along(run.log.epochs, "per_sample.norm.p50", Along::epochs));
  add_curve(norms, "largest", 1, values_along(run.log.epochs, "per_sample.norm.max", Along::epochs));
  choose_scale(norms);
  return charts_of(
      {norms, epoch_chart(run, "Gradient noise scale", "rows", "per_sample.noise_scale"),
       epoch_chart(run, "Share of the samples that were clipped", "share", "per_sample.clipped")});
}

}  // namespace thalweg::report
