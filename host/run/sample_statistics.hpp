#pragma once
// Statistics of an epoch's per-sample norms and losses, collected step by step and summarised at the epoch's
// end.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/dataset.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

using NamedNumbers = std::vector<std::pair<std::string, double>>;

class SampleStatistics {
 public:
  /// `clip_norm` 0: nothing is clipped, and the gradient noise scale can be found.
  SampleStatistics(const Dataset& data, double clip_norm);

  void add(const std::vector<std::int64_t>& rows, const StepResult& result);
  /// "per_sample.norm.p50" and the like, of what was added since the last call; empty when there was nothing.
  NamedNumbers finish_epoch();

 private:
  struct Row {
    float value;
    std::int64_t row;
  };
  struct ClassSums {
    double norm = 0, loss = 0, rows = 0;
  };

  void add_noise_scale(const StepResult& result);
  void add_quantiles(NamedNumbers& line);
  void add_noise_scale_to(NamedNumbers& line) const;
  void add_classes(NamedNumbers& line) const;
  static void add_top(NamedNumbers& line, const std::string& name, const std::vector<Row>& top);
  static void keep_top(std::vector<Row>& top, Row row);

  const Dataset& data_;
  double clip_norm_;
  std::vector<float> norms_;
  std::vector<Row> top_norms_, top_losses_;
  std::vector<ClassSums> classes_;
  double squared_mean_ = 0, variance_ = 0;  ///< sums over steps of the estimates of |G|^2 and tr(Sigma)
  double noise_scale_steps_ = 0;
};

}  // namespace thalweg
