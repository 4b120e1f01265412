#include "host/step/optimizer.hpp"

#include <algorithm>

#include "host/config/optimizer_rules.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

std::int32_t group_of(ParameterKind kind) {
  return kind == ParameterKind::weight ? kWeightGroup : kBiasAndNormGroup;  // mutant: norm-not-decayed
}

}  // namespace

Optimizer::Optimizer(const Context& ctx, const ParameterPlan& plan, const float* param,
                     const OptimizerConfig& config, std::int64_t sparse_weight)
    : config_(config),
      groups_(parameter_groups(config)),
      lazy_(sparse_weight >= 0 && config_rules::updates_lazily(config)) {
  config_rules::check_optimizer(config);
  plan_segments(plan, sparse_weight);
  const std::int64_t arena = plan.arena_size();
  for (int s = 0; s < state_count(config.name); ++s) {
    states_.emplace_back(ctx, arena);
    states_.back().zero(ctx);
  }
  if (config.average != Averaging::none) {
    average_ = Buffer<float>(ctx, arena);
    backend_of(ctx).memory.copy(device_of(ctx), average_.data(), param, arena * std::int64_t{sizeof(float)});
  }
  norm_ = Buffer<float>(ctx, 2);
}

void Optimizer::plan_segments(const ParameterPlan& plan, std::int64_t sparse_weight) {
  for (const auto& entry : plan.parameters()) {
    const UpdateSegment segment{entry.offset, padded_size(entry.size), entry.size, group_of(entry.spec.kind)};
    segments_.push_back(segment);
    (lazy_ && entry.offset == sparse_weight ? touched_ : whole_).push_back(segment);
  }
  own_ = whole_;
}

void Optimizer::update_only(std::int64_t begin, std::int64_t end) {
  own_.clear();
  for (const UpdateSegment& all : whole_) {
    const std::int64_t from = std::max(begin, all.offset), to = std::min(end, all.offset + all.size);
    const std::int64_t used = std::min(to, all.offset + all.used) - from;
    if (used > 0) own_.push_back({from, to - from, used, all.group});
  }
}

GradientNormArgs Optimizer::gradient_norm(const float* grad, const TouchedElements& touched) {
  return {.segments = whole_.data(),
          .segment_count = static_cast<int>(whole_.size()),
          .touched = lazy_ ? touched : TouchedElements{},
          .grad = grad,
          .clip_norm = static_cast<float>(config_.clip_norm),
          .out = norm_.data()};
}

void Optimizer::update(const Context& ctx, float* param, const float* grad, const TouchedElements& touched,
                       const UpdateScalars* scalars, const float* gate) {
  UpdateArgs args{.rule = config_.name,
                  .scalars = scalars,
                  .grad_scale = config_.clip_norm > 0 ? norm_.data() + 1 : nullptr,
                  .squared_norm = gate,
                  .param = param,
                  .grad = grad};
  for (std::size_t s = 0; s < states_.size(); ++s) args.state[s] = states_[s].data();
  args.average = average_.data();
  const auto step = [&](const std::vector<UpdateSegment>& segments, const TouchedElements& elements) {
    if (segments.empty()) return;
    args.segments = segments.data();
    args.segment_count = static_cast<int>(segments.size());
    args.touched = elements;
    backend_of(ctx).update.step(device_of(ctx), args);
  };
  step(touched_, touched);
  step(own_, {});
  if (constrains_segment(config_.constraint)) {
    backend_of(ctx).update.project(device_of(ctx), {.segments = segments_.data(),
                                                    .segment_count = static_cast<int>(segments_.size()),
                                                    .scalars = scalars,
                                                    .squared_norm = gate,
                                                    .param = param,
                                                    .average = average_.data()});
  }
}

}  // namespace thalweg
