#include "host/runtime/lane.hpp"

#include "host/runtime/cuda_backend.hpp"
#include "host/runtime/device_of.hpp"

namespace thalweg {
namespace {

thread_local const Lane* innermost = nullptr;

/// Every device of a context is that of one of its lanes.
Lanes& lanes_of(const Context& ctx) { return static_cast<const LaneDevice&>(device_of(ctx)).lanes; }

}  // namespace

const Lane* Lane::find(const Lanes& lanes) noexcept {
  const Lane* lane = innermost;
  while (lane != nullptr && &lane->device_.lanes != &lanes) lane = lane->outer_;
  return lane;
}

const LaneDevice& Lane::device_in(const Lanes& lanes) noexcept {
  const Lane* const mine = find(lanes);
  return mine != nullptr ? mine->device_ : lanes.first();
}

/// The GPU that the calls of this thread are for; -1: any.
int Lane::selected_gpu() const noexcept {
  if (device_.gpu >= 0 || outer_ == nullptr) return device_.gpu;
  return outer_->selected_gpu();
}

Lane::Lane(const Context& ctx) : Lane(lanes_of(ctx)) {}

Lane::Lane(Lanes& lanes)
    : outer_(innermost), shared_(find(lanes)), device_(shared_ != nullptr ? shared_->device_ : lanes.take()) {
  if (device_.gpu >= 0) select_cuda_device(device_.gpu);
  innermost = this;
}

Lane::~Lane() {
  innermost = outer_;
  if (outer_ != nullptr && device_.gpu >= 0 && outer_->selected_gpu() >= 0)
    select_cuda_device(outer_->selected_gpu());
  // mutant: inner-gives-nothing-back
  if (shared_ == nullptr) device_.lanes.give_back(device_);
}

}  // namespace thalweg
