#include "host/step/burst.hpp"

#include <string>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

Burst::Burst(const Context& ctx, std::int64_t limit, std::int64_t max_batch, Buffer<float>& statistics)
    : ctx_(ctx),
      limit_(limit),
      statistics_(statistics),
      statistics_before_(ctx, statistics.size()),
      losses_(ctx, max_batch),
      state_(ctx, 1),
      records_(ctx, limit) {
  reset();
}

void Burst::require_room() const {
  if (length() < limit_) return;
  throw UsageError("collect has to be called after " + std::to_string(limit_) +
                   " steps (Learner::burst_limit)");
}

void Burst::begin_step() { statistics_before_.copy(ctx_, statistics_); }
void Burst::restore_statistics() { statistics_.copy(ctx_, statistics_before_); }

void Burst::record(std::int64_t count, const GradientNormArgs& norm) {
  backend_of(ctx_).update.record(device_of(ctx_), norm,
                                 {.losses = losses_.data(),
                                  .count = count,
                                  .burst = state_.data(),
                                  .records = records_.data(),
                                  .statistics = statistics_.data(),
                                  .statistics_before = statistics_before_.data(),
                                  .statistics_size = statistics_before_.size()});
}

std::vector<float> Burst::host_losses(std::int64_t count) const {
  std::vector<float> losses(static_cast<std::size_t>(count));
  backend_of(ctx_).memory.download(device_of(ctx_), losses.data(), losses_.data(),
                                   count * std::int64_t{sizeof(float)});
  return losses;
}

void Burst::reset() {
  const BurstState fresh;
  state_.upload(ctx_, &fresh, 1);
}

}  // namespace thalweg
