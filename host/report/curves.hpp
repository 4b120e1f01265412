#pragma once
// The charts of a run's log.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "host/report/chart.hpp"
#include "host/report/run_files.hpp"

namespace thalweg::report {

/// The values of a name along epochs, or steps where `along` says so; a line without the value is left out.
enum class Along { epochs, steps };
std::vector<ChartPoint> values_along(const std::vector<LogLine>& lines, std::string_view name, Along along);

/// A line, and points where there are few; nothing for no values.
void add_curve(Chart& chart, const std::string& name, std::size_t colour,
               const std::vector<ChartPoint>& points);

/// A logarithmic axis of y where its values are positive and far apart.
void choose_scale(Chart& chart);

/// Charts of loss, watched metrics, rate, gradient norm and privacy.
std::string training_charts(const RunFiles& run);
/// Charts of the per-sample norms and the noise scale; empty where the run did not log them.
std::string per_sample_charts(const RunFiles& run);
/// The rows with the largest norms and losses of the last epoch. `where` names a row of the training data;
/// it may be null.
std::string outlier_table(const RunFiles& run, const std::function<std::string(std::int64_t)>& where);

}  // namespace thalweg::report
