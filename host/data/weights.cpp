// Sample and class weights.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "host/config/values.hpp"
#include "host/data/dataset_rows.hpp"
#include "host/data/finite.hpp"
#include "host/data/labels.hpp"
#include "host/data/row_checks.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

std::vector<double> listed_weights(const std::string& setting, const Dataset& data) {
  std::vector<double> weights;
  for (std::size_t at = 0; at <= setting.size();) {
    const std::size_t comma = std::min(setting.find(',', at), setting.size());
    double weight;
    const std::string part = setting.substr(at, comma - at);
    if (parse_number(part, weight) != ParsedNumber::ok || weight < 0)
      throw ConfigError(
          fmt::format("data.class_weight = {}: got {}; want none, balanced or numbers not below 0 like "
                      "\"0.5,2\"",
                      shown(setting), shown(part)));
    weights.push_back(weight);
    at = comma + 1;
  }
  if (weights.size() != data.classes.size())
    throw ConfigError(fmt::format("data.class_weight has {} numbers; want {}, one for each of the classes {}",
                                  weights.size(), data.classes.size(), fmt::join(data.classes, ", ")));
  return weights;
}

/// All classes get the same sum of weights. A class that no row of `fit` has weighs nothing.
std::vector<double> balanced_weights(const Dataset& data, const std::vector<std::int64_t>& fit) {
  std::vector<double> sums(data.classes.size(), 0.0), weights;
  for (const std::int64_t row : fit) {
    const auto r = static_cast<std::size_t>(row);
    sums[static_cast<std::size_t>(data.target[r])] += weight_of(data, r);  // mutant: balance-by-weight
  }
  const double all = std::accumulate(sums.begin(), sums.end(), 0.0);
  const auto classes = static_cast<double>(sums.size());
  for (const double sum : sums) weights.push_back(sum > 0 ? all / (classes * sum) : 0.0);
  return weights;
}

/// By class; empty: none.
std::vector<double> class_weights(const std::string& setting, const std::vector<std::int64_t>& fit,
                                  const Dataset& data) {
  const std::optional<ClassWeighting> word =
      setting.empty() ? ClassWeighting::none : value_named<ClassWeighting>(setting);
  if (word == ClassWeighting::none) return {};
  if (data.target_kind != TargetKind::classes)
    throw ConfigError(
        fmt::format("data.class_weight = {}: the targets of {} are numbers; want none, or a loss for "
                    "classes (model.loss = logistic or softmax_cross_entropy)",
                    shown(setting), data.source));
  return word == ClassWeighting::balanced ? balanced_weights(data, fit) : listed_weights(setting, data);
}

}  // namespace

void set_weights(const LabelColumn& column, const std::string& name, RawData& data) {
  if (column.numbers.empty())
    throw DataError(fmt::format("{}: the weights are texts, as {}; want a number per row", name,
                                shown(column.texts.at(0))));
  data.weight.assign(column.numbers.begin(), column.numbers.end());
}

void require_weights(const RowOrigin& origin, std::span<const float> weights) {
  for (std::size_t r = 0; r < weights.size(); ++r)
    if (!std::isfinite(weights[r]) || weights[r] < 0)
      throw DataError(fmt::format("{}: the weight is {}; want a finite number not below 0",
                                  origin.where(static_cast<std::int64_t>(r)), weights[r]));
}

void check_weights(const Dataset& data) {
  require_weights(data, data.weight);
  bool positive = data.weight.empty();
  for (const float weight : data.weight) positive |= weight > 0;  // mutant: one-weight-positive
  if (!positive) throw DataError(fmt::format("{}: every weight is 0; want at least one above", data.source));
}

void check_finite_targets(const Dataset& data) {
  const std::int64_t targets = std::ssize(data.target);
  const std::int64_t row = first_not_finite(data.target.data(), targets, false);
  if (row == targets) return;
  throw DataError(fmt::format("{}: the target is {}; want a finite number", data.where(row),
                              data.target[static_cast<std::size_t>(row)]));
}

CountedRows::CountedRows(const std::vector<float>& weight, const std::vector<std::int64_t>& rows)
    : rows_(rows) {
  if (weight.empty()) return;
  for (const std::int64_t row : rows)
    if (weight[static_cast<std::size_t>(row)] != 0) own_.push_back(row);
}

void fit_weights(const std::string& class_weight, const std::vector<std::int64_t>& fit, Dataset& data) {
  const std::vector<double> of_class = class_weights(class_weight, fit, data);
  if (data.weight.empty() && of_class.empty()) return;
  if (data.weight.empty()) data.weight.assign(static_cast<std::size_t>(data.rows), 1.0f);
  const auto weight_of = [&](std::size_t r) {
    return data.weight[r] * (of_class.empty() ? 1.0 : of_class[static_cast<std::size_t>(data.target[r])]);
  };
  double sum = 0;
  for (const std::int64_t row : fit) sum += weight_of(static_cast<std::size_t>(row));
  if (!(sum > 0))
    throw DataError(fmt::format("{}: every row to train on has weight 0; want at least one above in {}",
                                data.source, of_class.empty() ? "data.weight" : "data.class_weight"));
  const double mean = sum / static_cast<double>(fit.size());  // mutant: mean-of-fit-rows
  for (const std::int64_t row : fit) {
    const auto r = static_cast<std::size_t>(row);
    data.weight[r] = static_cast<float>(weight_of(r) / mean);
  }
}

}  // namespace thalweg
