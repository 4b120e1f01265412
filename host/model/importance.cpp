#include "host/model/importance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "host/config/choice.hpp"
#include "host/config/keys.hpp"
#include "host/data/block_reader.hpp"
#include "host/data/fit_to_schema.hpp"
#include "host/data/labels.hpp"
#include "host/model/data_rules.hpp"
#include "host/model/evaluation.hpp"
#include "host/model/input_names.hpp"
#include "host/model/model_call.hpp"
#include "host/model/replaced_cells.hpp"
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
      : rows_(rows), column_(column), store_(data.store) {
    for_each_row(data, &rows, std::nullopt,
                 [this](const Dataset& holder, std::int64_t at, std::int64_t) { read_row(holder, at); });
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
    if (store_ != nullptr) {
      data.store = with_cells(store_, column_, replaced(order, data.rows));
      return;
    }
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

  /// Each row gets its own cells again.
  void restore(Dataset& data) const {
    if (store_ != nullptr) {
      data.store = store_;
      return;
    }
    Order order(rows_.size());
    std::iota(order.begin(), order.end(), 0);
    write(order, data);
  }

 private:
  ReplacedCells replaced(const Order& order, std::int64_t rows) const {
    ReplacedCells cells(static_cast<std::size_t>(rows));
    for (std::size_t i = 0; i < order.size(); ++i)
      cells[static_cast<std::size_t>(rows_[i])] =
          cells_.data() + order[i] * static_cast<std::size_t>(column_.count);
    return cells;
  }

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
    const ReplacedCells cells = replaced(order, data.rows);
    Dataset to;
    to.offsets = {0};
    for (std::size_t row = 0; row < cells.size(); ++row) {
      const std::int64_t begin = data.offsets[row], end = data.offsets[row + 1];
      if (cells[row] == nullptr) {
        to.columns.insert(to.columns.end(), data.columns.begin() + begin, data.columns.begin() + end);
        to.values.insert(to.values.end(), data.values.begin() + begin, data.values.begin() + end);
      } else {
        append_with({data.columns.data() + begin, data.values.data() + begin, end - begin}, column_.first,
                    *cells[row], to.columns, to.values);
      }
      to.offsets.push_back(std::ssize(to.columns));
    }
    data.offsets = std::move(to.offsets), data.columns = std::move(to.columns),
    data.values = std::move(to.values);
  }

  const std::vector<std::int64_t>& rows_;
  ColumnInputs column_;
  std::shared_ptr<const RowStore> store_;  ///< of the rows as they are; null: they are in memory
  std::vector<float> cells_;               ///< [rows, column_.count]
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
    if (!losses.empty()) column.restore(data);
    result.columns.push_back(losses.empty() ? Importance{raw.name} : importance_of(losses, raw.name));
  }
  return result;
}

}  // namespace thalweg
