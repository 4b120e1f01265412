#include "host/model/importance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "host/config/choice.hpp"
#include "host/config/keys.hpp"
#include "host/data/fit_to_schema.hpp"
#include "host/data/labels.hpp"
#include "host/model/data_rules.hpp"
#include "host/model/evaluation.hpp"
#include "host/model/input_names.hpp"
#include "host/model/model_call.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using Order = std::vector<std::size_t>;

/// Fisher and Yates; std::shuffle may differ between libraries.
void shuffle(Order& order, std::mt19937_64& random) {
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
}

/// The inputs of one raw column, cell by cell, of the rows that are evaluated.
class Column {
 public:
  Column(const Dataset& data, const std::vector<std::int64_t>& rows, const ColumnInputs& column)
      : rows_(rows), column_(column) {
    for (const std::int64_t row : rows) read_row(data, row);
  }

  /// Whether every row has the same cells, so that no order changes anything.
  bool constant() const {
    const auto width = static_cast<std::size_t>(column_.count);
    for (std::size_t i = width; i < cells_.size(); ++i)
      if (cells_[i] != cells_[i - width]) return false;
    return true;
  }

  /// Row rows[i] gets the cells of rows[order[i]].
  void write(const Order& order, Dataset& data) const {
    if (data.sparse) return write_sparse(order, data);
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (std::int64_t k = 0; k < column_.count; ++k) {
        const auto at = static_cast<std::size_t>(rows_[i] * data.features + column_.first + k);
        const float value = cell(order[i], k);
        if (data.dense_u8.empty()) {
          data.dense_f32[at] = value;
        } else {
          data.dense_u8[at] = static_cast<std::uint8_t>(value);
        }
      }
    }
  }

 private:
  float cell(std::size_t i, std::int64_t k) const {
    return cells_[i * static_cast<std::size_t>(column_.count) + static_cast<std::size_t>(k)];
  }

  void read_row(const Dataset& data, std::int64_t row) {
    if (data.sparse) return cells_.push_back(sparse_cell(data, static_cast<std::size_t>(row)));
    for (std::int64_t k = 0; k < column_.count; ++k) {
      const auto at = static_cast<std::size_t>(row * data.features + column_.first + k);
      cells_.push_back(data.dense_u8.empty() ? data.dense_f32[at] : static_cast<float>(data.dense_u8[at]));
    }
  }

  float sparse_cell(const Dataset& data, std::size_t row) const {
    const auto begin = data.columns.begin() + data.offsets[row],
               end = data.columns.begin() + data.offsets[row + 1];
    const auto found = std::lower_bound(begin, end, column_.first);
    return found == end || *found != column_.first
               ? 0.0f
               : data.values[static_cast<std::size_t>(found - data.columns.begin())];
  }

  /// The rows anew, as they may grow and shrink by an entry.
  void write_sparse(const Order& order, Dataset& data) const {
    std::vector<const float*> replaced(static_cast<std::size_t>(data.rows));
    for (std::size_t i = 0; i < order.size(); ++i)
      replaced[static_cast<std::size_t>(rows_[i])] = &cells_[order[i]];
    Dataset to;
    to.offsets = {0};
    for (std::size_t row = 0; row < replaced.size(); ++row) {
      if (replaced[row] == nullptr) {
        add_entries(data, data.offsets[row], data.offsets[row + 1], to);
      } else {
        add_with(*replaced[row], data, row, to);
      }
      to.offsets.push_back(std::ssize(to.columns));
    }
    data.offsets = std::move(to.offsets), data.columns = std::move(to.columns),
    data.values = std::move(to.values);
  }

  static void add_entries(const Dataset& from, std::int64_t begin, std::int64_t end, Dataset& to) {
    to.columns.insert(to.columns.end(), from.columns.begin() + begin, from.columns.begin() + end);
    to.values.insert(to.values.end(), from.values.begin() + begin, from.values.begin() + end);
  }

  void add_with(float value, const Dataset& from, std::size_t row, Dataset& to) const {
    const std::int64_t begin = from.offsets[row], end = from.offsets[row + 1];
    const auto found =
        std::lower_bound(from.columns.begin() + begin, from.columns.begin() + end, column_.first);
    const std::int64_t at = found - from.columns.begin();
    add_entries(from, begin, at, to);
    if (value != 0) {
      to.columns.push_back(static_cast<std::int32_t>(column_.first));
      to.values.push_back(value);
    }
    add_entries(from, at < end && *found == column_.first ? at + 1 : at, end, to);
  }

  const std::vector<std::int64_t>& rows_;
  ColumnInputs column_;
  std::vector<float> cells_;  ///< [rows, column_.count]
};

/// The metric of the rows of a data set that changes between the calls.
class Scorer {
 public:
  Scorer(const Model& model, const std::vector<std::int64_t>& rows, std::string metric)
      : model_(model), rows_(rows), metric_(std::move(metric)) {
    if (needs_outputs(model.spec(), metric_)) scope_ = MetricScope::all;
  }

  double operator()(const Dataset& data) const {
    const ReadingCall call(model_, "permutation_importance");
    const Context& ctx = model_.context();
    const DeviceDataset placed(ctx, data);
    const Metrics metrics =
        evaluate_rows(ctx, model_.network(), PlacedRows(ctx, placed, &rows_), {.scope = scope_});
    for (const auto& [name, why] : metrics.undefined)
      if (name == metric_) throw DataError(data.source + ": " + metric_ + " is undefined: " + why);
    return metrics[metric_];
  }

 private:
  const Model& model_;
  const std::vector<std::int64_t>& rows_;
  std::string metric_;
  MetricScope scope_ = MetricScope::sums;
};

/// As scikit-learn's estimators score.
std::string chosen_metric(const ModelSpec& spec, const std::string& wanted) {
  const std::vector<std::string> names = metric_names(spec);
  if (wanted.empty()) return traits_of(spec.config.loss).classification ? "accuracy" : "r2";
  if (std::find(names.begin(), names.end(), wanted) != names.end()) return wanted;
  throw UsageError("--metric is \"" + wanted + "\"; expected " + one_of(names) + did_you_mean(wanted, names));
}

Importance importance_of(const std::vector<double>& losses, std::string name) {
  const auto count = static_cast<double>(losses.size());
  const double mean = std::accumulate(losses.begin(), losses.end(), 0.0) / count;
  double squares = 0;
  for (const double loss : losses) squares += (loss - mean) * (loss - mean);
  return {std::move(name), mean, std::sqrt(squares / count)};  // mutant: deviation-by-count
}

}  // namespace

Importances permutation_importance(const Model& model, Dataset data, const std::vector<std::int64_t>& rows,
                                   const ImportanceOptions& options) {
  require_data(model.context(), model.spec(), data, DataUse::targets);
  require_some_row_ids(data, rows);
  data = fit_to_schema(std::move(data), model.spec().schema, true, model.context().threads());
  require_targets(model.spec(), data);
  Importances result{.metric = chosen_metric(model.spec(), options.metric)};
  const Scorer score(model, rows, result.metric);
  const double sign = larger_is_better(result.metric) ? 1 : -1;  // mutant: better-is-positive
  result.baseline = score(data);
  std::mt19937_64 random(options.seed);
  // Cells of rows that do not count must not reach those that do.
  const CountedRows those(data.weight, rows);
  const std::vector<std::int64_t>& counted = *those;
  Order order(counted.size());
  for (const ColumnInputs& raw : raw_columns(model.spec().schema)) {
    const Column column(data, counted, raw);
    std::vector<double> losses(column.constant() ? 0 : static_cast<std::size_t>(options.repeats));
    for (double& loss : losses) {
      std::iota(order.begin(), order.end(), 0);
      shuffle(order, random);
      column.write(order, data);
      loss = sign * (result.baseline - score(data));
    }
    std::iota(order.begin(), order.end(), 0);
    if (!losses.empty()) column.write(order, data);
    result.columns.push_back(losses.empty() ? Importance{raw.name} : importance_of(losses, raw.name));
  }
  return result;
}

}  // namespace thalweg
