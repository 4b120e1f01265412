#pragma once
// Small data sets, and runs that keep what they say.
#include <functional>
#include <string>
#include <vector>

#include "examples/gallery/walk.hpp"
#include "thalweg/thalweg.hpp"

namespace thalweg::gallery {

/// Rows of `features` numbers each, row after row in `x`, and their targets.
Dataset rows_of(std::int64_t features, Floats x, Floats y);
std::vector<std::int64_t> all_rows(const Dataset& data);

/// A new model for the data.
Model model_for(const Dataset& data, const ModelConfig& config, std::uint64_t seed = 1);

/// A line through points of one feature.
struct Line {
  double slope = 0, intercept = 0;
  double at(double x) const { return slope * x + intercept; }
};
/// The parameters of a linear model of one feature.
Line line_of(const Model& model);

/// What a run told while it trained.
struct Run {
  std::vector<double> train_loss, validation_loss;  ///< by epoch
  std::vector<std::string> messages;                ///< the lines for the log
  std::string error;                                ///< why it ended early; empty: it did not
  TrainReport report;                               ///< of a run that ended as planned

  double r2() const { return (*report.test)["r2"]; }
  /// The message that has the words; throws UsageError where there is none.
  const std::string& message(const std::string& words) const;
};
/// Trains in full batches on the rows, and tests on the same rows.
Run listen(Config config, const Dataset& data);

}  // namespace thalweg::gallery
