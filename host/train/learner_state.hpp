#pragma once
// The memory and the work of a learner: one batch through the model, its record and its update.
#include <optional>
#include <vector>

#include "host/data/device_dataset.hpp"
#include "host/model/network.hpp"
#include "host/runtime/step_graphs.hpp"
#include "host/train/epoch_ids.hpp"
#include "host/train/optimizer.hpp"
#include "host/train/per_sample_step.hpp"
#include "host/train/step_rows.hpp"
#include "kernels/base/touched.hpp"
#include "kernels/order/order.hpp"
#include "kernels/update/update.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

/// The touched-feature lists of one batch.
struct TouchedBuffers {
  Buffer<std::int32_t> features, slots, entries_begin;
  Buffer<TouchedEntry> entries;
  Buffer<std::int64_t> count, row_begin;
  TouchedFeatures view;

  TouchedBuffers(const Context& ctx, const Dataset& data, std::int64_t max_batch);
};

/// What changes from step to step, in the order in which it lies in the backend's memory; the ids of the rows
/// follow.
struct StepInputs {
  std::uint64_t step = 0;
  UpdateScalars scalars;
  float loss_scale = 1;
  float noise_deviation = 0;
  BatchPlace place;  ///< of an epoch's batch, whose ids are computed from it
};

/// StepInputs and ids of each step of a burst in staging memory, and of the current step in the backend's:
/// one copy a step.
class StagedInputs {
 public:
  StagedInputs(const Context& ctx, std::int64_t max_batch, std::int64_t slots);

  /// `rows`: their ids, or an epoch's batch, whose ids the step itself computes.
  void upload(std::int64_t slot, const StepInputs& inputs, const StepRows& rows);
  const std::uint64_t* step() const { return &inputs()->step; }
  const UpdateScalars* scalars() const { return &inputs()->scalars; }
  const float* loss_scale() const { return &inputs()->loss_scale; }
  const float* noise_deviation() const { return &inputs()->noise_deviation; }
  const BatchPlace* place() const { return &inputs()->place; }
  std::int64_t* ids() const { return reinterpret_cast<std::int64_t*>(device_.data() + kIdsAt); }

 private:
  static constexpr std::int64_t kIdsAt = (sizeof(StepInputs) + 255) / 256 * 256;
  const StepInputs* inputs() const { return reinterpret_cast<const StepInputs*>(device_.data()); }

  const Context& ctx_;
  std::int64_t slot_bytes_;
  StagingBuffer staging_;
  Buffer<unsigned char> device_;
};

struct Learner::State {
  /// A step that has been queued, and what its record does not tell.
  struct Queued {
    StepRows rows;
    double weight_sum;
  };

  const Context& ctx;
  Network& network;
  DeviceDataset data;
  LearnerOptions options;
  std::int64_t micro;
  std::int64_t burst_limit;
  PlacedOrder order;
  Pass pass;
  Optimizer optimizer;
  Buffer<float> grad, partials, sparse_partials, losses, output_grad;
  Buffer<float> buffers_before;  ///< running statistics as they were before the batch
  StagedInputs inputs;
  Buffer<BurstState> burst;
  Buffer<StepRecord> records;
  std::optional<TouchedBuffers> touched;
  std::optional<PerSampleStep> per_sample;
  std::optional<EpochIds> epoch_ids;  ///< where the ids of a batch are not a part of the recorded step
  const std::int64_t* ids;            ///< of the step's rows
  StepGraphs graphs;
  std::vector<Queued> queued;
  std::int64_t steps = 0;

  State(const Context& c, Model& model, const Dataset& dataset, const LearnerOptions& o);

  /// Queues one step; `update` false: the gradient alone. A step with an objective of its own runs at once.
  void enqueue(StepRows rows, double lr, bool update, const ObjectiveFunction* objective);
  /// Waits for the queued steps. The last result may be that of a step that diverged; those after it did
  /// nothing.
  std::vector<StepResult> collect();

  TouchedElements touched_elements() const;

 private:
  /// An objective that the host evaluates, and what it is told of the batch.
  struct HostObjective {
    const ObjectiveFunction& function;
    const std::int64_t* rows;
    float scale;
  };

  bool clips() const { return options.per_sample.clips(); }
  bool split() const { return micro < options.max_batch; }
  ArenaView arenas();
  BatchSum sparse_weight_sum();
  PassInput input_of(BatchSlices slices);
  DenseRows rows_after(const BatchSlices& slices) const;
  void find_ids(const EpochBatch& batch);
  void index_batch(std::int64_t count);
  void run_step(std::int64_t count, bool update, const HostObjective* objective);
  void micro_step(const PassInput& input, const HostObjective* objective);
  void fused_step(const PassInput& input);
  void fused_squared_norms(const PassInput& input);
  void forward_and_loss(const PassInput& input, const HostObjective* objective, bool scaled);
  void clipped_step(const PassInput& input, const HostObjective* objective);
  StepRows listed_where_needed(StepRows rows) const;
  double weight_of(const StepRows& rows) const;
  float scale_of(double weight_sum) const;
  void add_statistics(const Queued& step, StepResult& result) const;
  void own_objective(const HostObjective& objective, const PassInput& input, Matrix output, float scale);
  void copy_buffers(Buffer<float>& to, const Buffer<float>& from);
  void reset_burst();
  std::string diverged(const Queued& step, const StepRecord& record) const;
};

}  // namespace thalweg
