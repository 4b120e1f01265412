#pragma once
// The steps of training, as the training loop takes them, on a data set that is there.
#include <cstdint>
#include <optional>
#include <vector>

#include "host/bench/protocol.hpp"
#include "host/model/network.hpp"
#include "host/run/sample_statistics.hpp"
#include "kernels/base/cost.hpp"
#include "thalweg/epoch_batches.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/model.hpp"

namespace thalweg {
enum class Rule : std::int32_t;
}

namespace thalweg::bench {

struct LoopOptions {
  ModelConfig model;
  LearnerOptions learner;  ///< max_batch is the batch
  bool shuffle = true;
  double lr = 1e-3;
  /// Sums up the samples' norms and losses as a training run with per_sample.statistics does.
  bool sum_up_statistics = false;
};

class TrainingLoop {
 public:
  TrainingLoop(const Context& ctx, const Dataset& data, const LoopOptions& options);

  void step();    ///< the next batch's; queued where the device takes steps without the host
  void finish();  ///< waits for the steps taken
  EpochBatch next() const { return batches_.at_step(step_); }
  std::int64_t steps_per_epoch() const { return batches_.batches_per_epoch(); }
  double loss_sum() const { return loss_sum_; }  ///< over the rows of all finished steps

 private:
  LoopOptions options_;
  EpochBatches batches_;
  Model model_;
  Learner learner_;
  std::optional<SampleStatistics> statistics_;
  std::int64_t step_ = 0;
  double loss_sum_ = 0;
  std::vector<EpochBatch> queued_;
};

/// Mean loss over one epoch, of each batch before it is learnt: what a model that sees every row once is
/// worth.
double progressive_loss(const Context& ctx, const Dataset& data, const LoopOptions& options);

/// Compares gradient, loss and (if requested) per-sample norms of the first batch on the context's device
/// with the reference. Errors are relative to the tensor's largest element and at most 8 gamma_k per layer, k
/// the longest sum (as in `thalweg verify`).
std::vector<Check> check_gradient(const Context& ctx, const Dataset& data, const LoopOptions& options);

/// The bytes and operations of a step, from the cost functions of its ops.
Cost step_cost(const ModelSpec& spec, std::int64_t batch, Rule rule);
Cost sparse_step_cost(std::int64_t batch, std::int64_t entries, std::int64_t touched, Rule rule);

Cost operator+(const Cost& a, const Cost& b);

}  // namespace thalweg::bench
