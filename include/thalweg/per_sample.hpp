#pragma once
// The gradients of single samples, written out: for influence and outlier studies, and as the truth in tests.
// Training does not need them: PerSampleOptions (learner.hpp) clips and measures without forming them.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "thalweg/context.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// Rows [first, first + block.rows) of the matrix of gradients; valid during the call.
using GradientBlock = std::function<void(std::int64_t first, ConstMatrix block)>;

/// Calls `take` with block after block of the matrix [rows, parameters]: row n is the gradient of the
/// weighted loss of data set row rows[n] (null: of every row), not divided by anything, its columns the
/// elements of Model::parameters in their order. Dropout is off. Throws UnsupportedLayer naming a layer that
/// mixes the samples, DataError when the data has no targets.
void for_each_gradient_block(const Context& ctx, const Model& model, const Dataset& data,
                             const std::vector<std::int64_t>* rows, const GradientBlock& take);

/// The same at once, row-major.
std::vector<float> per_sample_gradients(const Context& ctx, const Model& model, const Dataset& data,
                                        const std::vector<std::int64_t>& rows);

/// Standard errors of the coefficients of a linear model with one output, from the gradients of the samples
/// it was trained on: the sandwich estimator (Huber 1967; White 1980, "HC0"), which does not ask the model to
/// be true. A column that is a combination of earlier ones has no error of its own: NaN, as its neighbours
/// are then meant with it left out.
struct Coefficient {
  std::string name;
  double value = 0, standard_error = 0;
};
/// In the order of Model::parameters. Throws UnsupportedLayer for a model with hidden layers or several
/// outputs, ConfigError for a loss without curvature.
std::vector<Coefficient> standard_errors(const Context& ctx, const Model& model, const Dataset& data);

/// Columns of the matrix: all elements of all parameters.
std::int64_t parameter_count(const Model& model);

}  // namespace thalweg
