#include "host/train/optimizer.hpp"

#include "host/config/optimizer_rules.hpp"
#include "kernels/common/backend.hpp"

namespace thalweg {
namespace {

std::int32_t group_of(ParameterKind kind) {
  return kind == ParameterKind::weight ? kWeightGroup : kBiasAndNormGroup;  // mutant: norm-not-decayed
}

std::int64_t padded(std::int64_t size) { return (size + kSegmentAlign - 1) / kSegmentAlign * kSegmentAlign; }

}  // namespace

Optimizer::Optimizer(const Context& ctx, const ParameterPlan& plan, const float* param,
                     const OptimizerConfig& config, bool sparse_input)
    : config_(config), groups_(parameter_groups(config)), lazy_(sparse_input && config.lazy != Tristate::no) {
  config_rules::check_optimizer(config);
  config_rules::check_average(config, lazy_);
  for (const auto& entry : plan.parameters()) {
    segments_.push_back({entry.offset, padded(entry.size), entry.size, group_of(entry.spec.kind), 0});
  }
  for (int s = 0; s < state_count(config.name); ++s) {
    states_.emplace_back(ctx, plan.arena_size());
    states_.back().zero(ctx);
  }
  if (config.average != Averaging::none) {
    average_ = Buffer<float>(ctx, plan.arena_size());
    ctx.backend().memory.copy(ctx, average_.data(), param, plan.arena_size() * std::int64_t{sizeof(float)});
  }
  norm_ = Buffer<float>(ctx, 2);
}

void Optimizer::gradient_norm(const Context& ctx, const float* grad, const TouchedElements& touched) {
  ctx.backend().update.gradient_norm(ctx, {.segments = segments_.data(),
                                           .segment_count = static_cast<int>(segments_.size()),
                                           .touched = lazy_ ? touched : TouchedElements{},
                                           .grad = grad,
                                           .clip_norm = static_cast<float>(config_.clip_norm),
                                           .out = norm_.data()});
}

UpdateArgs Optimizer::arguments(float* param, const float* grad, const UpdateScalars* scalars,
                                const float* gate) const {
  UpdateArgs args{.rule = config_.name,
                  .segments = segments_.data(),
                  .segment_count = static_cast<int>(segments_.size()),
                  .scalars = scalars,
                  .grad_scale = config_.clip_norm > 0 ? norm_.data() + 1 : nullptr,
                  .squared_norm = gate,
                  .param = param,
                  .grad = grad};
  for (std::size_t s = 0; s < states_.size(); ++s) args.state[s] = states_[s].data();
  args.average = average_.data();
  return args;
}

void Optimizer::update(const Context& ctx, float* param, const float* grad, const TouchedElements& touched,
                       const UpdateScalars* scalars, const float* gate) {
  UpdateArgs args = arguments(param, grad, scalars, gate);
  if (lazy_) {
    args.touched = touched;
    args.segment_count = 1;
    ctx.backend().update.step(ctx, args);
    args.touched = {};
    args.segments = segments_.data() + 1;
    args.segment_count = static_cast<int>(segments_.size()) - 1;
  }
  if (args.segment_count > 0) ctx.backend().update.step(ctx, args);
  if (constrains_segment(config_.constraint)) {
    ctx.backend().update.project(ctx, {.segments = segments_.data(),
                                       .segment_count = static_cast<int>(segments_.size()),
                                       .scalars = scalars,
                                       .squared_norm = gate,
                                       .param = param,
                                       .average = average_.data()});
  }
}

}  // namespace thalweg
