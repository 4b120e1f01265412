#pragma once
// One step of training on rows of your own choosing: what the training loop itself calls.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/config.hpp"
#include "thalweg/epoch_batches.hpp"
#include "thalweg/metrics.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// What a step does with the gradients of single samples (docs/per-sample.md).
struct PerSampleOptions {
  double clip_norm = 0;  ///< bound of each sample's gradient norm; 0: no clipping
  ClipMode mode = ClipMode::flat;
  double noise_multiplier = 0;   ///< deviation of the noise on the sum, in units of clip_norm
  std::uint64_t noise_seed = 0;  ///< has to be secret where privacy is meant
  double divisor = 0;            ///< of the clipped sum; 0: the sum of the batch's weights
  bool statistics = false;       ///< StepResult::norms and losses

  bool clips() const { return clip_norm > 0; }
  bool any() const { return clips() || noise_multiplier > 0 || statistics; }
};

struct LearnerOptions {
  OptimizerConfig optimizer;
  PerSampleOptions per_sample;
  std::int64_t max_batch = 256;  ///< largest number of rows of a step
  std::int64_t micro_batch = 0;  ///< 0: the whole batch at once, or in parts that stay in the cpu's caches
  int reduction_slices = 8;
  const EpochBatches* batches = nullptr;  ///< for steps on an EpochBatch; has to outlive the learner
};

struct StepResult {
  double loss_sum = 0;    ///< sum of the weighted losses of the batch
  double weight_sum = 0;  ///< sum of the weights
  /// Before clipping; with per-sample clipping or noise, of what the optimizer gets.
  double gradient_norm = 0;
  std::string diverged;  ///< why the step did nothing, naming the row at fault; empty: all was finite
  /// With per_sample.statistics, of each row: norm of the gradient of its weighted loss, and that loss.
  std::vector<float> norms = {}, losses = {};
};

/// An objective of your own: given the outputs [n, outputs] of the rows of a batch, write the weighted loss
/// of each row and the gradient of `scale` times their sum by the outputs. Host memory, whatever the device.
struct ObjectiveCall {
  ConstMatrix output;
  const std::int64_t* rows = nullptr;  ///< [n] rows of the data set
  float scale = 1;                     ///< 1 / rows of the batch
  float* losses = nullptr;             ///< [n] out
  Matrix grad_output;                  ///< [n, outputs] out
};
using ObjectiveFunction = std::function<void(const ObjectiveCall&)>;

/// Model and data have to outlive the learner. The first step is step 1.
class Learner {
 public:
  Learner(const Context& ctx, Model& model, const Dataset& data, const LearnerOptions& options);
  ~Learner();
  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;

  /// One step on the given rows of the data set with the model's own loss; 1 <= rows.size() <= max_batch, and
  /// with per-sample clipping also no rows at all, as Poisson sampling may draw.
  /// Throws DivergedError, naming the first row at fault, before the update when loss or gradient is not
  /// finite; parameters, states and running statistics are then as they were before the call.
  StepResult step(const std::vector<std::int64_t>& rows, double lr);
  /// The same on a batch of options.batches: its rows are computed on the device.
  StepResult step(const EpochBatch& batch, double lr);
  /// With an objective of your own.
  StepResult step(const std::vector<std::int64_t>& rows, double lr, const ObjectiveFunction& objective);
  /// Loss and gradient (of the mean) without an update; gradients in the order of Model::parameters.
  StepResult value_and_gradient(const std::vector<std::int64_t>& rows, std::vector<NamedTensor>& gradients);

  /// Queues a step with the model's own loss. On devices that replay steps without the host, burst_limit()
  /// steps may be queued before collect; elsewhere one.
  void enqueue(const std::vector<std::int64_t>& rows, double lr);
  void enqueue(const EpochBatch& batch, double lr);
  /// The results of the queued steps, in order. When one diverged, it is the last; it and those after it did
  /// nothing.
  std::vector<StepResult> collect();
  std::int64_t burst_limit() const;

  /// Metrics of the model on rows of the learner's own data set, of which a device holds one copy. Throws
  /// InterruptedError soon after `stop_signal` becomes non-zero.
  Metrics evaluate(const std::vector<std::int64_t>& rows,
                   const std::atomic<int>* stop_signal = nullptr) const;

  std::int64_t steps() const;  ///< steps taken
  void set_steps(std::int64_t steps);

  /// Optimizer states by parameter, "layers.0.weight/state0", and the average; for checkpoints.
  std::vector<NamedTensor> states() const;
  void set_states(const std::vector<NamedTensor>& states);

  bool averages() const;
  /// Exchanges parameters and their average, for evaluation of the average; call it again to go on.
  void swap_average();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Minimises a function of a vector with the rules of the engine: `value_and_gradient` writes the gradient
/// and returns the value. Stops after `steps`, or when the largest absolute gradient is at most `tolerance`.
/// Returns the last value.
double minimize(const Context& ctx, const OptimizerConfig& optimizer, std::vector<float>& point,
                std::int64_t steps, double tolerance,
                const std::function<double(const std::vector<float>& point, std::vector<float>& gradient)>&
                    value_and_gradient);

}  // namespace thalweg
