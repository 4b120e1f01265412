#include "host/step/burst_launch.hpp"

#include <algorithm>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kIdBytes = sizeof(std::int64_t);

LinearBurst linear_burst(const StepParts& parts, const LearnerOptions& options, Optimizer& optimizer,
                         const Burst& burst) {
  LinearBurst linear{.input = parts.data.input(nullptr, parts.data.host().rows).dense(),
                     .targets = parts.data.targets(nullptr),
                     .loss = std::get<LossSpec>(parts.network.objective()),
                     .max_batch = options.max_batch,
                     .slices = options.reduction_slices,
                     .rule = options.optimizer.name,
                     .clip_norm = static_cast<float>(options.optimizer.clip_norm),
                     .param = parts.network.parameters().data(),
                     .average = optimizer.average().data(),
                     .burst = burst.state(),
                     .records = burst.records()};
  for (const UpdateSegment& segment : optimizer.segments())
    (segment.group == kWeightGroup ? linear.weight : linear.bias) = segment;
  std::ranges::transform(optimizer.states(), linear.state, [](const auto& state) { return state.data(); });
  return linear;
}

/// Whether the learner's steps are those of a LinearBurst. The others have more to do than its kernel knows:
/// sparse indices, features that come from a store, norms and noise of samples, parts of a batch, ranks,
/// projections of whole segments.
bool takes_linear_bursts(const StepParts& parts, const LearnerOptions& options, const Optimizer& optimizer) {
  const Network& network = parts.network;
  const Dataset& data = parts.data.host();
  return backend_of(parts.ctx).linear_burst != nullptr && takes_fused_step(network, options.per_sample) &&
         network.sparse_layer() == nullptr && data.store == nullptr && parts.per_sample == nullptr &&
         options.micro_batch >= options.max_batch && options.ranks == 1 && optimizer.updates_elements_alone();
}

}  // namespace

BurstLaunch::BurstLaunch(const Context& ctx, const LinearBurst& burst, std::int64_t limit)
    : ctx_(ctx),
      burst_(burst),
      ids_at_(limit * std::int64_t{sizeof(BurstStepInputs)}),
      staging_(ctx, ids_at_ + limit * burst.max_batch * kIdBytes),
      device_(ctx, ids_at_ + limit * burst.max_batch * kIdBytes) {}

void BurstLaunch::add(const StepInputs& inputs, const StepRows& rows) {
  const std::int64_t count = count_of(rows);
  BurstStepInputs step{.scalars = {inputs.scalars, inputs.loss_scale},
                       .count = count,
                       .with_rows = whole_batch(count, burst_.slices).with_rows(),
                       .place = inputs.place};
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&rows)) {
    step.listed = listed_;
    std::ranges::copy(*list, ids() + listed_);
    listed_ += count;
  }
  step_inputs()[added_++] = step;
}

/// From the first step that is not there yet to the last id: between them lies at most the room of a few
/// steps.
void BurstLaunch::upload() {
  const std::int64_t from = launched_ * std::int64_t{sizeof(BurstStepInputs)};
  const std::int64_t end =
      listed_ > 0 ? ids_at_ + listed_ * kIdBytes : added_ * std::int64_t{sizeof(BurstStepInputs)};
  backend_of(ctx_).memory.upload(device_of(ctx_), device_.data() + from, staging_.data() + from, end - from);
}

void BurstLaunch::run() {
  if (launched_ == added_) return;
  upload();
  LinearBurst burst = burst_;
  burst.steps = reinterpret_cast<const BurstStepInputs*>(device_.data()) + launched_;
  burst.step_count = added_ - launched_;
  burst.ids = reinterpret_cast<const std::int64_t*>(device_.data() + ids_at_);
  backend_of(ctx_).linear_burst->run(device_of(ctx_), burst);
  launched_ = added_;
}

std::unique_ptr<BurstLaunch> make_burst_launch(const StepParts& parts, const LearnerOptions& options,
                                               Optimizer& optimizer, const Burst& burst,
                                               const std::int64_t* order_rows) {
  if (!takes_linear_bursts(parts, options, optimizer)) return nullptr;
  LinearBurst linear = linear_burst(parts, options, optimizer, burst);
  linear.order_rows = order_rows;
  if (!backend_of(parts.ctx).linear_burst->takes(device_of(parts.ctx), linear.shape())) return nullptr;
  return std::make_unique<BurstLaunch>(parts.ctx, linear, burst.limit());
}

}  // namespace thalweg
