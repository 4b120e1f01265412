#pragma once
// The memory and the work of a learner: one batch through the model, its record and its update.
#include <memory>
#include <optional>
#include <vector>

#include "host/data/device_dataset.hpp"
#include "host/data/fit_to_schema.hpp"
#include "host/model/network.hpp"
#include "host/runtime/step_graphs.hpp"
#include "host/step/batch_ids.hpp"
#include "host/step/burst.hpp"
#include "host/step/optimizer.hpp"
#include "host/step/per_sample_step.hpp"
#include "host/step/sparse_batch.hpp"
#include "host/step/step_program.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

/// The gradient arena, and the partial sums that outlive a micro-batch.
struct GradientArenas {
  Buffer<float> sum, partials;
};

struct Learner::State {
  Context ctx;
  Network& network;
  FittedRows fitted;
  DeviceDataset data;
  LearnerOptions options;  ///< with the rows of a micro-batch that were chosen
  GradientArenas gradient;
  Optimizer optimizer;
  StagedInputs inputs;
  BatchIds ids;
  Burst burst;
  std::optional<SparseBatch> sparse;
  std::optional<PerSampleStep> per_sample;
  std::unique_ptr<LayeredStep> layered;
  std::unique_ptr<StepProgram> fused;  ///< null: `layered` serves the model's own loss as well
  StepGraphs graphs;
  std::int64_t steps = 0;

  State(Model& model, const Dataset& dataset, const LearnerOptions& o);

  /// The learning rate of a step that is called with `lr`.
  double rate(std::optional<double> lr) const { return lr.value_or(options.optimizer.plain_lr()); }
  /// Queues one step; `update` false: the gradient alone. A step with an objective of its own runs at once.
  void enqueue(StepRows rows, double lr, bool update, const ObjectiveFunction* objective);
  /// Waits for the queued steps. The last result may be that of a step that diverged; those after it did
  /// nothing.
  std::vector<StepResult> collect();

 private:
  bool clips() const { return options.per_sample.clips(); }
  bool split() const { return options.micro_batch < options.max_batch; }
  void require_count(std::int64_t count) const;
  StepRows listed_where_needed(StepRows rows) const;
  double weight_of(const StepRows& rows) const;
  float scale_of(std::int64_t rows) const;
  void run(std::int64_t count, bool update, const HostObjective* objective);
  MicroBatch micro_batch(const BatchSlices& slices) const;
  DenseRows rows_after(const BatchSlices& slices) const;
  StepResult result_of(const QueuedStep& step, const StepRecord& record) const;
  std::string divergence(const QueuedStep& step, const StepRecord& record) const;
};

}  // namespace thalweg
