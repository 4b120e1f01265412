#pragma once
// The sums behind the metrics of one evaluation: gathered in the backend's memory, read back once.
#include <vector>

#include "host/model/inference.hpp"
#include "kernels/metrics/metrics.hpp"

namespace thalweg {

/// The results of an evaluation.
struct MetricNumbers {
  double loss = 0, log_loss = 0;               ///< sums over the rows, weighted
  double squared = 0, absolute = 0;            ///< regression: of the residuals, weighted
  std::vector<std::vector<double>> confusion;  ///< classification: [target][predicted], summed weights
  double pairs = 0;  ///< one score for two classes: weight of the pairs in the right order, ties half
};

class MetricSums {
 public:
  MetricSums(const Context& ctx, const ModelSpec& spec, const Objective& objective, const PlacedRows& rows,
             double total_weight);

  void add(const OutputBlock& block);
  /// After the last block.
  MetricNumbers read();

 private:
  enum Sum { kLoss, kLogLoss, kSquared, kAbsolute, kSums };

  bool ranks() const { return classes_ != 0 && outputs_ == 1; }
  ExactSum* sum(Sum which) { return reinterpret_cast<ExactSum*>(words_.data()) + which; }
  Count* confusion() { return reinterpret_cast<Count*>(sum(kSums)); }
  PairCount* pairs() { return reinterpret_cast<PairCount*>(confusion() + classes_ * classes_); }
  void add_classes(const OutputBlock& block);
  void add_losses(const Objective& objective, const OutputBlock& block, Sum which);

  const Context& ctx_;
  const Objective& objective_;
  const PlacedRows& rows_;
  std::int64_t outputs_, classes_;  ///< 0 classes: regression
  int unit_;
  bool rates_;
  Buffer<Count> words_;   ///< ExactSum [kSums], confusion [classes, classes], PairCount
  Buffer<float> losses_;  ///< losses of a block
  Buffer<float> scores_;  ///< scores of all rows, if they are ranked
};

}  // namespace thalweg
