#include "host/step/staged_inputs.hpp"

#include <cstring>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"

namespace thalweg {

StagedInputs::StagedInputs(const Context& ctx, std::int64_t max_batch, std::int64_t slots)
    : ctx_(ctx),
      slot_bytes_(kIdsAt + (max_batch * std::int64_t{sizeof(std::int64_t)} + 255) / 256 * 256),
      staging_(ctx, slot_bytes_ * slots),
      device_(ctx, slot_bytes_) {}

void StagedInputs::upload(std::int64_t slot, const StepInputs& inputs, const StepRows& rows) {
  unsigned char* const to = staging_.data() + slot * slot_bytes_;
  std::memcpy(to, &inputs, sizeof inputs);
  std::int64_t bytes = kIdsAt;
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&rows); list != nullptr && !list->empty()) {
    std::memcpy(to + kIdsAt, list->data(), list->size() * sizeof(std::int64_t));
    bytes += std::ssize(*list) * std::int64_t{sizeof(std::int64_t)};
  }
  backend_of(ctx_).memory.upload(device_of(ctx_), device_.data(), to, bytes);
}

}  // namespace thalweg
