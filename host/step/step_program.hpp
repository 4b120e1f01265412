#pragma once
// A step program brings one micro-batch from its rows to the gradient: forward, loss, backward.
#include <memory>

#include "host/data/device_dataset.hpp"
#include "host/model/network.hpp"
#include "host/step/host_objective.hpp"
#include "host/step/per_sample_step.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

struct MicroBatch {
  PassInput input;
  std::int64_t first = 0;  ///< position in the batch of the first row; that in the slices is of their part
  ArenaView arenas;
  const float* scale = nullptr;  ///< of the loss, [1] in the backend's memory
  float* losses = nullptr;       ///< [rows] out
  DenseRows upcoming;            ///< rows of the call that is likely to follow; none: not known
};

/// What a program works with. All of it outlives the program.
struct StepParts {
  const Context& ctx;
  Network& network;
  const DeviceDataset& data;
  PerSampleStep* per_sample;  ///< null: nothing is asked of single samples
};

class StepProgram {
 public:
  StepProgram() = default;
  virtual ~StepProgram() = default;
  StepProgram(const StepProgram&) = delete;
  StepProgram& operator=(const StepProgram&) = delete;

  /// Leaves the losses, the gradient in the arenas and, where PerSampleStep is there, norms of the samples.
  virtual void run(const MicroBatch& batch) = 0;
};

/// The program of any network, which also takes an objective of the host's.
class LayeredStep : public StepProgram {
 public:
  LayeredStep(const StepParts& parts, std::int64_t max_rows);

  void run(const MicroBatch& batch) override { run(batch, nullptr); }
  virtual void run(const MicroBatch& batch, const HostObjective* objective);
  /// The forward half alone: what the objective writes of the rows.
  ObjectiveResult ask(const MicroBatch& batch, const HostObjective& objective);

 protected:
  LayeredStep(const StepParts& parts, std::int64_t max_rows, PassUse use);
  /// `scale`: that of the gradient; null: 1.
  void forward_and_loss(const MicroBatch& batch, const float* scale, const HostObjective* objective);

  StepParts parts_;
  Pass pass_;

 private:
  ObjectiveResult call(const MicroBatch& batch, const HostObjective& objective, Matrix output) const;
  void evaluate_on_host(const MicroBatch& batch, const HostObjective& objective, Matrix output);
};

/// A LayeredStep, clipping where per-sample options ask for it.
std::unique_ptr<LayeredStep> make_layered_step(const StepParts& parts, std::int64_t max_rows);

/// Whether the model's own loss takes the fused program: a linear model with one output, without clipping.
inline bool takes_fused_step(const Network& network, const PerSampleOptions& options) {
  return network.is_single_output_linear() && !options.clips();
}

/// The fused program, which reads each row once.
std::unique_ptr<StepProgram> make_fused_step(const StepParts& parts, std::int64_t max_batch);

}  // namespace thalweg
