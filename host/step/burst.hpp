#pragma once
// The results of queued steps, in the backend's memory until the host reads them.
#include <vector>

#include "host/runtime/memory.hpp"
#include "host/step/step_rows.hpp"
#include "kernels/update/update.hpp"

namespace thalweg {

/// A step that has been queued, and what its record does not tell.
struct QueuedStep {
  StepRows rows;
  double weight_sum;
};

/// A step that is not finite halts those after it: they change nothing, and running statistics are put back.
class Burst {
 public:
  /// `limit`: steps that may wait for the host. `statistics`: the network's buffers.
  Burst(const Context& ctx, std::int64_t limit, std::int64_t max_batch, Buffer<float>& statistics);

  std::int64_t limit() const { return limit_; }
  std::int64_t length() const { return std::ssize(queued_); }
  /// Throws UsageError when as many steps wait as may.
  void require_room() const;
  void add(QueuedStep step) { queued_.push_back(std::move(step)); }

  /// Before the forward pass of a step: keeps the running statistics.
  void begin_step();
  /// Puts back what begin_step kept.
  void restore_statistics();
  /// When the gradient of a step of `count` rows is there: finds its norm and writes its record.
  void record(std::int64_t count, const GradientNormArgs& norm);
  /// [1] finite while updates may take place.
  const float* gate() const { return &state_.data()->gate; }
  // In the backend's memory.
  BurstState* state() const { return state_.data(); }
  StepRecord* records() const { return records_.data(); }
  /// [max_batch] of the step's rows.
  float* losses() const { return losses_.data(); }
  std::vector<float> host_losses(std::int64_t count) const;

  /// Waits for the steps; visit(step, its record) says whether the next one counts. Then the burst is empty.
  template <class Visit>
  void collect(const Visit& visit) {
    if (queued_.empty()) return;
    const std::vector<StepRecord> written = records_.download(ctx_);
    for (std::size_t i = 0; i < queued_.size() && visit(queued_[i], written[i]); ++i) {
    }
    queued_.clear();
    reset();
  }

 private:
  void reset();

  const Context& ctx_;
  std::int64_t limit_;
  Buffer<float>& statistics_;
  Buffer<float> statistics_before_, losses_;
  Buffer<BurstState> state_;
  Buffer<StepRecord> records_;
  std::vector<QueuedStep> queued_;
};

}  // namespace thalweg
