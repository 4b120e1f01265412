#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/data/finite.hpp"
#include "host/data/fit_to_schema.hpp"
#include "host/data/memory_rows.hpp"
#include "host/data/validate_data.hpp"
#include "host/model/data_rules.hpp"
#include "host/model/inference.hpp"
#include "host/model/model_call.hpp"
#include "host/model/probabilities.hpp"
#include "kernels/metrics/metrics_math.hpp"
#include "thalweg/model.hpp"

namespace thalweg {
namespace {

/// Both classes' probabilities from the score of class 1.
std::vector<float> logistic_probabilities(const std::vector<float>& scores) {
  std::vector<float> both;
  both.reserve(scores.size() * 2);
  for (const float z : scores) {
    both.push_back(static_cast<float>(logistic(-double{z})));
    both.push_back(static_cast<float>(logistic(z)));
  }
  return both;
}

std::vector<std::int64_t> classes_of(const std::vector<float>& scores, std::int64_t outputs) {
  std::vector<std::int64_t> classes;
  for (std::size_t row = 0; row < scores.size(); row += static_cast<std::size_t>(outputs)) {
    const float* z = scores.data() + row;
    classes.push_back(predicted_class(z, outputs));
  }
  return classes;
}

/// Raw rows are transformed in parts, so that their copy stays small.
constexpr std::int64_t kPartRows = 4 * kBlockRows;

/// [rows, outputs] of rows in the model's form. Without hidden layers the outputs show a feature that is not
/// finite: the features are then not read twice.
std::vector<float> outputs_of_inputs(const Model& model, const Dataset& data,
                                     const std::vector<std::int64_t>* rows,
                                     const std::atomic<int>* stop_signal) {
  const bool shows = model.spec().config.hidden.empty();
  const auto check_features = [&] {
    require_finite_features(data, MissingValues::refused, model.context().threads());
  };
  if (!shows) check_features();
  std::vector<float> outputs = infer(model.context(), model.network(), data, rows, stop_signal);
  // mutant: outputs-show
  if (shows && !all_finite(outputs.data(), std::ssize(outputs))) check_features();
  return outputs;
}

/// [rows, outputs] of raw rows; null: of all of them.
std::vector<float> outputs_of_raw(const Model& model, const Dataset& data,
                                  const std::vector<std::int64_t>* rows,
                                  const std::atomic<int>* stop_signal) {
  const Context& ctx = model.context();
  const DataSchema& schema = model.spec().schema;
  require_finite_features(data, missing_values(schema, data), ctx.threads());
  const std::int64_t count = rows != nullptr ? std::ssize(*rows) : data.rows;
  std::vector<float> outputs;
  outputs.reserve(static_cast<std::size_t>(count * model.spec().outputs));
  std::vector<std::int64_t> part;
  for (std::int64_t first = 0; first < count; first += kPartRows) {
    require_going(stop_signal, first, count, source_of(data));
    part.resize(static_cast<std::size_t>(std::min(kPartRows, count - first)));
    if (rows != nullptr) {
      std::copy_n(rows->begin() + first, part.size(), part.begin());
    } else {
      std::iota(part.begin(), part.end(), first);
    }
    const Dataset fitted = fit_to_schema(select_rows(data, part), schema, false, ctx.threads());
    const std::vector<float> some = infer(ctx, model.network(), fitted);
    outputs.insert(outputs.end(), some.begin(), some.end());
  }
  return outputs;
}

/// [rows, outputs] of rows in a store: they are checked, and transformed, as they pass by.
std::vector<float> outputs_of_stored(const Model& model, const Dataset& data,
                                     const std::vector<std::int64_t>* rows,
                                     const std::atomic<int>* stop_signal) {
  if ((rows != nullptr ? std::ssize(*rows) : data.rows) == 0) return {};
  const FittedRows fitted(data, model.spec().schema, rows, false, model.context().threads());
  return infer(model.context(), model.network(), fitted.data(), fitted.rows(), stop_signal);
}

std::vector<float> checked_outputs(const Model& model, const Dataset& data,
                                   const std::vector<std::int64_t>* rows,
                                   const std::atomic<int>* stop_signal) {
  validate_form(data, model.context().threads());
  require_form(model.spec().schema, data, false);
  if (rows != nullptr) require_row_ids(data, *rows);
  if (data.store != nullptr) return outputs_of_stored(model, data, rows, stop_signal);
  const bool inputs = has_form_of(model.spec().schema, data, false);
  return (inputs ? outputs_of_inputs : outputs_of_raw)(model, data, rows, stop_signal);
}

/// What the outputs of a model mean; they are given up.
Predictions predictions_of(const ModelSpec& spec, std::vector<float> outputs) {
  const LossTraits loss = traits_of(spec.config.loss);
  Predictions predictions{.rows = std::ssize(outputs) / spec.outputs, .columns = spec.outputs};
  if (loss.classification) predictions.predicted_class = classes_of(outputs, spec.outputs);
  if (loss.probabilities && spec.outputs > 1) {
    for (std::int64_t n = 0; n < predictions.rows; ++n) {
      float* const row = outputs.data() + n * spec.outputs;
      softmax(row, spec.outputs, row);
    }
  } else if (loss.probabilities) {
    outputs = logistic_probabilities(outputs);
    predictions.columns = 2;
  }
  if (loss.rates) {
    for (float& z : outputs) z = std::exp(z);
  }
  const TargetTransform& target = spec.schema.target_transform;
  if (!loss.classification) {
    for (float& z : outputs) {
      const double value = z * target.deviation + target.mean;
      if (target.offset != 0) predictions.exact_values.push_back(value);
      z = static_cast<float>(value);
    }
  }
  predictions.values = std::move(outputs);
  return predictions;
}

}  // namespace

Predictions Model::predict(const Dataset& data) const {
  const ReadingCall call(*this, "Model::predict");
  return predictions_of(spec(), checked_outputs(*this, data, nullptr, nullptr));
}

Predictions Model::predict(const Dataset& data, const std::vector<std::int64_t>& rows,
                           const std::atomic<int>* stop_signal) const {
  const ReadingCall call(*this, "Model::predict");
  return predictions_of(spec(), checked_outputs(*this, data, &rows, stop_signal));
}

}  // namespace thalweg
