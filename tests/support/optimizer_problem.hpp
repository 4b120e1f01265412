#pragma once
// A few parameters and their optimizer, driven as a run drives them: settings to scalars, one op call per
// step.
#include <vector>

#include "host/runtime/backends.hpp"
#include "host/runtime/device_of.hpp"
#include "host/step/optimizer_scalars.hpp"
#include "kernels/backend.hpp"
#include "kernels/update/update.hpp"
#include "tests/support/backends.hpp"

namespace thalweg::test {

class SmallOptimizer {
 public:
  SmallOptimizer(const Context& ctx, const OptimizerConfig& config, std::vector<float> start)
      : ctx_(ctx), config_(config), rule_(config.name), param_(std::move(start)) {
    for (std::vector<float>& state : state_) state.assign(param_.size(), 0.0f);
  }

  const std::vector<float>& param() const { return param_; }
  const std::vector<float>& state(int k) const { return state_[k]; }

  /// One step with the gradient at param().
  void step(const std::vector<float>& grad) {
    const auto n = static_cast<std::int64_t>(param_.size());
    const UpdateSegment segment{.offset = 0, .size = kSegmentAlign, .used = n, .group = kWeightGroup};
    const UpdateScalars scalars = update_scalars(config_, config_.lr, ++steps_, parameter_groups(config_));
    const Guarded<float> param(ctx_, param_), gradient(ctx_, grad);
    const Guarded<std::uint8_t> device_scalars(ctx_, bytes_of(scalars));
    std::vector<Guarded<float>> state;
    for (int k = 0; k < state_count(rule_); ++k) state.emplace_back(ctx_, state_[k]);
    UpdateArgs args{.rule = rule_, .segments = &segment, .segment_count = 1};
    args.scalars = reinterpret_cast<const UpdateScalars*>(device_scalars.data());
    args.param = param.data();
    args.grad = gradient.data();
    for (int k = 0; k < state_count(rule_); ++k) args.state[k] = state[k].data();
    backend_of(ctx_).update.step(device_of(ctx_), args);
    param_ = param.download();
    for (int k = 0; k < state_count(rule_); ++k) state_[k] = state[k].download();
  }

  template <class T>
  static std::vector<std::uint8_t> bytes_of(const T& value) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(&value);
    return {first, first + sizeof value};
  }

 private:
  const Context& ctx_;
  OptimizerConfig config_;
  Rule rule_;
  std::int64_t steps_ = 0;
  std::vector<float> param_;
  std::vector<float> state_[kMaxStates];
};

}  // namespace thalweg::test
