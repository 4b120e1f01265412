#pragma once
// The gradients of single samples, written out, for studies of influence and outliers and for tests. Training
// does not need them: PerSampleOptions (learner.hpp) clips and measures without forming them.
// Example: per_sample_example in examples/tour.cpp.
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "thalweg/api.hpp"
#include "thalweg/context.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// Rows [first, first + block.rows) of the matrix of gradients; valid during the call.
using GradientBlock = std::function<void(std::int64_t first, ConstMatrix block)>;

/// Calls `take` with block after block of the matrix [rows, parameters]. Row n is the gradient of the
/// weighted loss of data set row rows[n] (null: of row n), without any divisor. Its columns are the elements
/// of Model::parameters in their order. Dropout is off. Throws UnsupportedLayer naming a layer that mixes the
/// samples, and DataError if the data has no targets.
THALWEG_API void for_each_gradient_block(const Model& model, const Dataset& data,
                                         const std::vector<std::int64_t>* rows, const GradientBlock& take);

/// Returns the whole matrix [rows, parameters], row-major, with the errors of for_each_gradient_block.
THALWEG_API std::vector<float> per_sample_gradients(const Model& model, const Dataset& data,
                                                    const std::vector<std::int64_t>& rows);

/// A coefficient of a linear model with one output, and its standard error by the sandwich estimator (Huber
/// 1967; White 1980, "HC0"). The estimator uses the gradients of the training samples and does not assume
/// that the model is true. A column that is a combination of earlier ones has the error NaN; the errors of
/// the other columns hold for the model without it.
struct Coefficient {
  std::string name;
  double value = 0, standard_error = 0;
};
/// Returns the coefficients in the order of Model::parameters. Throws UnsupportedLayer for a model with
/// hidden layers or several outputs, ConfigError for a loss without curvature. Like all functions here it
/// applies the model's transform to raw rows (prepare.hpp).
THALWEG_API std::vector<Coefficient> standard_errors(const Model& model, const Dataset& data);

/// A coefficient of a linear model in the units of the data: standardisation of features and target undone,
/// in double. The sum of the coefficients times the raw inputs, and the intercept, is the output of the
/// model.
struct RawWeight {
  std::string name;  ///< of the input, or "intercept"
  double value = 0;
  /// What one deviation of the feature, or 1 where it was not standardised, brings.
  double per_deviation = 0;
  double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< NaN: none is known
};

/// Returns the coefficients of an output, one for each input, then the intercept. Throws UnsupportedLayer for
/// a model with hidden layers, ShapeError for an output that is not there.
THALWEG_API std::vector<RawWeight> raw_weights(const Model& model, std::int64_t output = 0);
/// The same for a model with one output, with the errors of standard_errors in the units of the data.
THALWEG_API std::vector<RawWeight> raw_standard_errors(const Model& model, const Dataset& data);

/// The number of elements of all parameters: the columns of the matrix.
THALWEG_API std::int64_t parameter_count(const Model& model);

}  // namespace thalweg
