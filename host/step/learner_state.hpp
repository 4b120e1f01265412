#pragma once
// The memory and the work of a learner: one batch through the model, its record and its update.
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "host/model/network.hpp"
#include "host/ranks/rank_sum.hpp"
#include "host/runtime/step_graphs.hpp"
#include "host/step/batch_ids.hpp"
#include "host/step/burst.hpp"
#include "host/step/burst_launch.hpp"
#include "host/step/learner_data.hpp"
#include "host/step/live_network.hpp"
#include "host/step/optimizer.hpp"
#include "host/step/per_sample_step.hpp"
#include "host/step/sparse_batch.hpp"
#include "host/step/step_programs.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

/// The gradient arena, and the partial sums that outlive a micro-batch.
struct GradientArenas {
  Buffer<float> sum, partials;
};

struct RankOrder;

struct Learner::State {
  Context ctx;
  LiveNetwork network;
  LearnerData data;
  LearnerOptions options;  ///< with the rows of a micro-batch that were chosen
  GradientArenas gradient;
  Optimizer optimizer;
  StagedInputs inputs;
  BatchIds ids;
  Burst burst;
  std::optional<SparseBatch> sparse;
  std::optional<PerSampleStep> per_sample;
  std::optional<StepPrograms> programs;  ///< always there: made last, from the others
  StepGraphs graphs;
  std::unique_ptr<BurstLaunch> launch;  ///< null: each step runs as it is queued
  struct Ranks;
  std::unique_ptr<Ranks> ranks;         ///< null: this learner takes its steps alone
  std::atomic<std::int64_t> steps = 0;  ///< also read while a step is taken
  bool states_need_steps = false;       ///< states were set that some steps have made

  /// `rank`: null, or the end of a rank that follows another learner.
  State(Model& model, const Dataset& dataset, const LearnerOptions& o, Communicator* rank = nullptr);
  ~State();

  /// The learning rate of a step that is called with `lr`.
  double rate(std::optional<double> lr) const { return lr.value_or(options.optimizer.plain_lr()); }
  /// Throws unless model and data are where they were, and the model's own loss can be evaluated on the rows.
  void require_rows(const std::vector<std::int64_t>& rows) const;
  /// Queues one step; `update` false: the gradient alone. A step with an objective of its own runs at once.
  void enqueue(StepRows rows, double lr, bool update, const ObjectiveFunction* objective);
  /// Learner::value_and_gradient; `objective` null: the model's own loss.
  StepResult gradient_alone(const std::vector<std::int64_t>& rows, std::vector<NamedTensor>& gradients,
                            const ObjectiveFunction* objective);
  void set_data(const Dataset& dataset);
  /// Throws UsageError, naming the call, while steps are queued.
  void require_collected(const std::string& call) const;
  /// Runs the steps that wait for a common launch.
  void run_queued();
  /// Waits for the queued steps. The last result may be that of a step that diverged; those after it did
  /// nothing.
  std::vector<StepResult> collect();
  void set_states(const std::vector<NamedTensor>& states);
  /// Before the states are read: those of all queued steps, brought together where ranks have a piece each.
  void find_states();

 private:
  bool clips() const { return options.per_sample.clips(); }
  bool split() const { return options.micro_batch < options.max_batch; }
  /// Slices of a batch whose sums outlive a micro-batch.
  std::int64_t kept_slices() const { return split() ? options.reduction_slices : 0; }
  void require_step(const StepRows& rows, double lr, bool update, const ObjectiveFunction* objective) const;
  void require_count(std::int64_t count) const;
  double weight_of(const StepRows& rows) const;
  float scale_of(std::int64_t rows) const;
  void take(StepRows rows, double lr, bool update, const ObjectiveFunction* objective);
  void place_bursts();
  void run_now(const StepRows& rows, float scale, bool update, const ObjectiveFunction* objective);
  void run(std::int64_t count, bool update, const HostObjective* objective);
  void sum_gradient(std::int64_t count, const HostObjective* objective);
  void sum_part(const BatchPart& part, float* grad, const HostObjective* objective);
  void finish_gradient(std::int64_t count, const TouchedElements& touched);
  StepParts parts() { return {ctx, *network, data.placed(), per_sample ? &*per_sample : nullptr}; }
  Input input_of(std::int64_t first, std::int64_t count) const;
  MicroBatch micro_batch(const BatchPart& part, const BatchSlices& slices, float* grad) const;
  DenseRows rows_after(const BatchPart& part, std::int64_t done) const;
  std::unique_ptr<RankSum> make_rank_sum(Communicator& end) const;
  std::unique_ptr<Ranks> make_ranks(Model& model, Communicator* rank);
  void take_with_ranks(const StepRows& rows, double lr, bool update);
  /// On all ranks: gives those what rank 0 has that is new.
  void synchronise(const RankOrder& order);
  std::vector<float*> state_arenas();
  /// On all ranks: each gets the states that the others have.
  void gather_states();
  StepResult result_of(const QueuedStep& step, const StepRecord& record) const;
  std::string divergence(const QueuedStep& step, const StepRecord& record) const;
};

}  // namespace thalweg
