// The gradient of an objective against central differences of its losses.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/data/fit_to_schema.hpp"
#include "host/model/data_rules.hpp"
#include "host/model/inference.hpp"
#include "host/model/model_call.hpp"
#include "host/step/host_objective.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Outputs of a model, and the objective of them.
class CheckedObjective {
 public:
  CheckedObjective(const Model& model, const Dataset& data, const std::vector<std::int64_t>& rows,
                   const ObjectiveFunction& function)
      : data_(data),
        rows_(std::ssize(rows)),
        columns_(model.spec().outputs),
        outputs_(outputs_of(model, data, rows)),
        objective_{function, rows.data(), rows_, 1.0f / static_cast<float>(rows_)} {
    require_finite(outputs_, columns_, "output");
  }

  std::size_t size() const { return outputs_.size(); }

  ObjectiveResult evaluate() const {
    ObjectiveResult result =
        call_objective(objective_, matrix(outputs_.data(), rows_, columns_), 0, objective_.scale, data_);
    require_finite(result.losses, 1, "loss");
    require_finite(result.gradient, columns_, "gradient");
    return result;
  }

  /// The derivative of scale times the sum of the losses by output i. Truncation and rounding errors are
  /// balanced where the step is the cube root of the precision, times the size of the output (Press,
  /// Teukolsky, Vetterling, Flannery, Numerical Recipes, 3rd edition 2007, section 5.7). Losses are
  /// subtracted one by one, so that those that the output does not change cancel without an error.
  double central_difference(std::size_t i) {
    const float middle = outputs_[i];
    const float h = std::cbrt(0x1p-24f) * std::max(1.0f, std::abs(middle));
    outputs_[i] = middle + h;
    const double above = outputs_[i];
    const ObjectiveResult high = evaluate();
    outputs_[i] = middle - h;
    const double below = outputs_[i];
    const ObjectiveResult low = evaluate();
    outputs_[i] = middle;
    double sum = 0;
    for (std::size_t n = 0; n < high.losses.size(); ++n)
      sum += double{high.losses[n]} - double{low.losses[n]};
    return objective_.scale * sum / (above - below);  // mutant: difference-scaled
  }

 private:
  static std::vector<float> outputs_of(const Model& model, const Dataset& data,
                                       const std::vector<std::int64_t>& rows) {
    const ReadingCall call(model, "check_gradient");
    require_data(model.context(), model.spec(), data, DataUse::features);
    require_some_row_ids(data, rows);
    const FittedRows fitted(data, model.spec().schema, &rows, false, model.context().threads());
    return infer(model.context(), model.network(), fitted.data(), fitted.rows());
  }

  void require_finite(const std::vector<float>& values, std::int64_t columns, const char* what) const {
    const auto bad =
        std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
    if (bad == values.end()) return;
    const std::int64_t row = objective_.rows[(bad - values.begin()) / columns];
    throw DivergedError(fmt::format("check_gradient: the {} of {} is not finite", what, data_.where(row)));
  }

  const Dataset& data_;
  std::int64_t rows_, columns_;
  std::vector<float> outputs_;
  HostObjective objective_;
};

}  // namespace

double check_gradient(const Model& model, const Dataset& data, const std::vector<std::int64_t>& rows,
                      const ObjectiveFunction& objective) {
  require_objective(objective);
  CheckedObjective checked(model, data, rows, objective);
  const std::vector<float> gradient = checked.evaluate().gradient;
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < checked.size(); ++i) {
    const double expected = checked.central_difference(i);
    largest = std::max({largest, std::abs(expected), std::abs(double{gradient[i]})});
    difference = std::max(difference, std::abs(expected - double{gradient[i]}));
  }
  return largest > 0 ? difference / largest : 0;
}

}  // namespace thalweg
