#include "host/report/model_tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "host/model/input_names.hpp"
#include "host/report/chart.hpp"
#include "host/report/html.hpp"
#include "host/report/predictions.hpp"
#include "host/report/score_curves.hpp"

namespace thalweg::report {
namespace {

constexpr std::size_t kMostBars = 20, kMostInTable = 300;

bool is_linear(const Model& model) { return model.spec().config.hidden.empty(); }

bool is_larger(const RawWeight& a, const RawWeight& b) {
  return std::abs(a.per_deviation) > std::abs(b.per_deviation);
}

std::string error_text(const RawWeight& weight) {
  return std::isfinite(weight.standard_error) ? fmt::format("{:.6g}", weight.standard_error) : "collinear";
}

std::string linear_table(const std::vector<RawWeight>& weights, bool errors) {
  Table table{.header = {"input", "weight", "per deviation"}};
  if (errors) table.header.push_back("standard error");
  for (const RawWeight& weight : weights) {
    if (table.rows.size() == kMostInTable) break;
    std::vector<std::string> cells{weight.name, fmt::format("{:.6g}", weight.value),
                                   fmt::format("{:.6g}", weight.per_deviation)};
    if (errors) cells.push_back(error_text(weight));
    table.rows.push_back(std::move(cells));
  }
  const std::string title = weights.size() > kMostInTable
                                ? fmt::format("The {} largest of {} weights", kMostInTable, weights.size())
                                : "All weights, in the units of the data";
  return html_details(title, html_table(table));
}

std::string tensor_table(const Model& model) {
  Table table{.header = {"tensor", "shape", "elements", "root mean square", "largest"}, .text_columns = 2};
  for (const NamedTensor& tensor : model.parameters()) {
    double squares = 0, largest = 0;
    for (const float value : tensor.values) {
      squares += double{value} * value;
      largest = std::max(largest, std::abs(double{value}));
    }
    const auto count = static_cast<double>(std::max<std::size_t>(tensor.values.size(), 1));
    table.rows.push_back({tensor.name, fmt::format("{}", fmt::join(tensor.shape, " x ")),
                          std::to_string(tensor.values.size()),
                          fmt::format("{:.4g}", std::sqrt(squares / count)), fmt::format("{:.4g}", largest)});
  }
  return html_details("Parameters by tensor", html_table(table));
}

/// With errors the bars are the weights themselves, as their intervals are.
std::vector<Bar> bars_of(const Model& model, const std::vector<RawWeight>& errors) {
  std::vector<Bar> bars;
  if (!is_linear(model)) {
    for (const RawWeight& norm : input_norms(model)) bars.push_back({norm.name, norm.value});
  } else if (errors.empty()) {
    for (const LargeWeight& large : largest_weights(model, kMostBars))
      bars.push_back({large.name, large.weight.per_deviation});
  } else {
    std::vector<RawWeight> inputs(errors.begin(), errors.end() - 1);  // the intercept is the last
    std::stable_sort(inputs.begin(), inputs.end(), is_larger);
    for (const RawWeight& weight : inputs) {
      const double scale = weight.value != 0 ? std::abs(weight.per_deviation / weight.value) : 0;
      bars.push_back({weight.name, weight.per_deviation, kNormal95 * scale * weight.standard_error});
    }
  }
  if (bars.size() > kMostBars) bars.resize(kMostBars);
  return bars;
}

}  // namespace

std::vector<LargeWeight> largest_weights(const Model& model, std::size_t most) {
  const ModelSpec& spec = model.spec();
  std::vector<LargeWeight> all;
  for (std::int64_t output = 0; output < spec.outputs; ++output) {
    std::vector<RawWeight> weights = raw_weights(model, output);
    weights.pop_back();  // the intercept
    const std::string of =
        spec.outputs == 1 ? "" : " → " + class_name(spec.schema.classes, static_cast<std::size_t>(output));
    for (RawWeight& weight : weights) all.push_back({weight.name + of, weight});
    std::stable_sort(all.begin(), all.end(), [](const LargeWeight& a, const LargeWeight& b) {
      return is_larger(a.weight, b.weight);
    });
    if (all.size() > most) all.resize(most);
  }
  return all;
}

std::vector<RawWeight> input_norms(const Model& model) {
  const NamedTensor first = model.parameters().front();  // [outputs, inputs]
  const auto inputs = static_cast<std::size_t>(first.shape[1]);
  std::vector<double> squares(inputs);
  for (std::size_t k = 0; k < first.values.size(); ++k)
    squares[k % inputs] += double{first.values[k]} * first.values[k];
  std::vector<RawWeight> norms;
  for (std::size_t j = 0; j < inputs; ++j) {
    const double norm = std::sqrt(squares[j]);
    norms.push_back({.name = input_name(model.spec().schema, j), .value = norm, .per_deviation = norm});
  }
  std::stable_sort(norms.begin(), norms.end(), is_larger);
  return norms;
}

std::string weight_chart(const Model& model, const std::vector<RawWeight>& errors) {
  const std::string title = !is_linear(model) ? "Largest inputs: norm of their weights"
                            : errors.empty()  ? "Largest weights, per deviation of the input"
                                              : "Largest weights, with intervals of 95 %";
  return svg(BarChart{.title = title, .bars = bars_of(model, errors)});
}

std::string weight_tables(const Model& model, const std::vector<RawWeight>& errors) {
  std::string text;
  if (is_linear(model) && model.spec().outputs == 1) {
    std::vector<RawWeight> weights = errors.empty() ? raw_weights(model) : errors;
    std::stable_sort(weights.begin(), weights.end() - 1, is_larger);
    std::rotate(weights.begin(), weights.end() - 1, weights.end());  // the intercept first
    text += linear_table(weights, !errors.empty());
  }
  return text + tensor_table(model);
}

std::string scale_table(const DataSchema& schema) {
  if (schema.transform.scale.empty()) return "";
  struct Scaled {
    std::string name;
    double mean, deviation;
  };
  std::vector<Scaled> features;
  const std::vector<double>& offset = schema.transform.offset;
  const std::vector<ColumnInputs> columns = raw_columns(schema);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto j = static_cast<std::size_t>(columns[c].first);
    const double scale = schema.transform.scale[j];
    if (columns[c].count != 1 || scale == 0 || scale == 1) continue;
    const double mean = -double{schema.transform.shift[j]} / scale + (offset.empty() ? 0 : offset[c]);
    features.push_back({columns[c].name, mean, 1 / scale});
  }
  std::stable_sort(features.begin(), features.end(),
                   [](const Scaled& a, const Scaled& b) { return a.deviation > b.deviation; });
  Table table{.header = {"feature", "mean", "deviation"}};
  for (const Scaled& feature : features) {
    if (table.rows.size() == kMostInTable) break;
    table.rows.push_back(
        {feature.name, fmt::format("{:.6g}", feature.mean), fmt::format("{:.6g}", feature.deviation)});
  }
  return html_details(fmt::format("Feature scales: {} standardised", features.size()), html_table(table));
}

}  // namespace thalweg::report
