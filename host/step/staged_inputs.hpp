#pragma once
// What changes from step to step, and how it gets to the backend's memory: one copy a step.
#include <cstdint>

#include "host/runtime/memory.hpp"
#include "host/step/step_rows.hpp"
#include "kernels/order/order.hpp"
#include "kernels/update/update.hpp"

namespace thalweg {

/// In the order in which it lies in the backend's memory; the ids of the rows follow.
struct StepInputs {
  std::uint64_t step = 0;
  UpdateScalars scalars;
  float loss_scale = 1;
  float noise_deviation = 0;
  BatchPlace place;  ///< place of an epoch's batch, from which the device computes its ids
};

/// StepInputs and ids of each step of a burst in staging memory, and of the current step in the backend's.
class StagedInputs {
 public:
  /// `slots`: steps of a burst.
  StagedInputs(const Context& ctx, std::int64_t max_batch, std::int64_t slots);

  /// `rows`: their ids, or an epoch's batch, whose ids the step itself computes.
  void upload(std::int64_t slot, const StepInputs& inputs, const StepRows& rows);

  // In the backend's memory, of the step that was uploaded last.
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

}  // namespace thalweg
