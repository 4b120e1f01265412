#pragma once
// The data of a burst of steps on a device, and its results: by one launch, and by the separate ops.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include "host/data/order.hpp"
#include "host/runtime/device_of.hpp"
#include "host/step/optimizer_scalars.hpp"
#include "kernels/backend.hpp"
#include "kernels/linear_step/linear_burst.hpp"
#include "kernels/linear_step/linear_step.hpp"
#include "tests/kernels/linear_burst_case.hpp"

namespace thalweg::test {

/// Data, arenas and inputs of a case on a device.
class BurstRun {
 public:
  BurstRun(const Context& context, const BurstCase& burst)
      : ctx_(context),
        c_(burst),
        floats_(ctx_, random_floats(kRows * stride(), 1)),
        bytes_(ctx_, some_bytes()),
        scale_(ctx_, random_floats(c_.features, 2, 0.001f, 0.01f)),
        shift_(ctx_, random_floats(c_.features, 3)),
        target_(ctx_, targets()),
        weight_(ctx_, random_floats(kRows, 4, 0.5f, 2.0f)),
        rows_(ctx_, permuted_rows()),
        param_(ctx_, random_floats(arena(), 5, -0.05f, 0.05f)),
        average_(ctx_, random_floats(arena(), 6)),
        burst_(ctx_, std::vector<BurstState>(1)),
        records_(ctx_, std::vector<StepRecord>(c_.counts.size())) {
    for (int s = 0; s < state_count(c_.optimizer.name); ++s)
      states_.emplace_back(ctx_, std::vector<float>(static_cast<std::size_t>(arena()), 0.0f));
    fill_steps();
  }

  /// In launches of `length` steps.
  BurstResult in_bursts(std::int64_t length) const {
    const Guarded<BurstStepInputs> steps(ctx_, steps_);
    const Guarded<std::int64_t> ids(ctx_, ids_);
    LinearBurst burst = linear_burst();
    EXPECT_TRUE(backend_of(ctx_).linear_burst->takes(device_of(ctx_), burst.shape()));
    burst.ids = ids.data();
    for (std::int64_t first = 0; first < std::ssize(steps_); first += length) {
      burst.steps = steps.data() + first;
      burst.step_count = std::min(length, std::ssize(steps_) - first);
      backend_of(ctx_).linear_burst->run(device_of(ctx_), burst);
    }
    return result();
  }

  BurstResult by_separate_ops() const {
    for (const BurstStepInputs& step : steps_) take_step(step);
    return result();
  }

 private:
  static constexpr std::int64_t kRows = 331;

  std::int64_t stride() const { return c_.features + 3; }
  std::int64_t arena() const { return padded_size(c_.features) + kSegmentAlign; }

  std::vector<float> targets() const {
    std::vector<float> t = random_floats(kRows, 7);
    const bool classes = traits_of(c_.kind).classification;
    for (float& v : t) v = classes ? (v > 0.0f ? 1.0f : 0.0f) : std::abs(v);
    if (c_.bad_row >= 0) t[static_cast<std::size_t>(c_.bad_row)] = std::numeric_limits<float>::infinity();
    return t;
  }
  std::vector<std::uint8_t> some_bytes() const {
    std::vector<std::uint8_t> values;
    for (float v : random_integers(kRows * stride(), 8, 127))
      values.push_back(static_cast<std::uint8_t>(v + 127.0f));
    return values;
  }
  static std::vector<std::int64_t> permuted_rows() {
    std::vector<std::int64_t> rows;
    for (std::int64_t row = 0; row < kRows; ++row) rows.push_back(row * 7 % kRows);
    return rows;
  }

  void fill_steps() {
    const auto groups = parameter_groups(c_.optimizer);
    std::int64_t number = 0, first = 0;
    for (const std::int64_t count : c_.counts) {
      const double lr = 0.05 / static_cast<double>(++number);
      BurstStepInputs step{
          .scalars = {update_scalars(c_.optimizer, lr, number, groups), 1.0f / static_cast<float>(count)},
          .count = count,
          .with_rows = whole_batch(count, c_.slices).with_rows(),
          .place = {EpochOrder(kRows, 9, static_cast<std::uint64_t>(number / 3), true).network(), first}};
      if (c_.listed_every > 0 && number % c_.listed_every == 0) {
        step.listed = std::ssize(ids_);
        for (std::int64_t n = 0; n < count; ++n) ids_.push_back((n * 11 + number) % kRows);
      }
      steps_.push_back(step);
      first = (first + count) % (kRows - c_.max_batch);
    }
  }

  DenseRows input(std::int64_t rows, const std::int64_t* ids) const {
    return {.data = c_.as_bytes ? static_cast<const void*>(bytes_.data()) : floats_.data(),
            .dtype = c_.as_bytes ? DType::u8 : DType::f32,
            .rows = rows,
            .cols = c_.features,
            .stride = stride(),
            .ids = ids,
            .scale = c_.scaled ? scale_.data() : nullptr,
            .shift = c_.scaled ? shift_.data() : nullptr};
  }
  LossTargets loss_targets(const std::int64_t* ids, const float* scale) const {
    return {target_.data(), c_.weighted ? weight_.data() : nullptr, ids, scale};
  }
  LossSpec loss() const { return {c_.kind, c_.kind == LossKind::quantile ? 0.3f : 0.5f}; }
  bool averages() const { return c_.optimizer.average != Averaging::none; }
  std::vector<UpdateSegment> segments() const {
    const std::int64_t weights = padded_size(c_.features);
    std::vector<UpdateSegment> all{{0, weights, c_.features, kWeightGroup}};
    if (c_.bias) all.push_back({weights, kSegmentAlign, 1, kBiasAndNormGroup});
    return all;
  }

  LinearBurst linear_burst() const {
    LinearBurst burst{.input = input(kRows, nullptr),
                      .targets = loss_targets(nullptr, nullptr),
                      .loss = loss(),
                      .max_batch = c_.max_batch,
                      .slices = c_.slices,
                      .weight = segments().front(),
                      .rule = c_.optimizer.name,
                      .clip_norm = static_cast<float>(c_.optimizer.clip_norm),
                      .param = param_.data(),
                      .average = averages() ? average_.data() : nullptr,
                      .burst = burst_.data(),
                      .records = records_.data(),
                      .order_rows = c_.permutes_list ? rows_.data() : nullptr};
    if (c_.bias) burst.bias = segments().back();
    for (std::size_t s = 0; s < states_.size(); ++s) burst.state[s] = states_[s].data();
    return burst;
  }

  void take_step(const BurstStepInputs& step) const {
    const auto& [ops, device] = std::tie(backend_of(ctx_), device_of(ctx_));
    const Guarded<BurstStepInputs> there(ctx_, std::vector<BurstStepInputs>{step});
    const Guarded<std::int64_t> ids(ctx_, listed(step));
    const Guarded<float> losses(ctx_, step.count), slopes(ctx_, step.count), grad(ctx_, arena()),
        norm(ctx_, 2);
    const std::int64_t bias_at = padded_size(c_.features);
    if (step.listed < 0) {
      ops.order.batch(device, {.place = &there.data()->place,
                               .rows = c_.permutes_list ? rows_.data() : nullptr,
                               .count = step.count,
                               .ids = ids.data()});
    }
    ops.linear_step.dense(
        device, {.input = input(step.count, ids.data()),
                 .weight = param_.data(),
                 .bias = c_.bias ? param_.data() + bias_at : nullptr,
                 .rows = {loss(), loss_targets(ids.data(), &there.data()->scalars.loss_scale), losses.data(),
                          slopes.data()},
                 .slices = whole_batch(step.count, c_.slices),
                 .grad_weight = {grad.data()},
                 .grad_bias = {c_.bias ? grad.data() + bias_at : nullptr}});
    const std::vector<UpdateSegment> all = segments();
    const int count = static_cast<int>(all.size());
    const auto clip = static_cast<float>(c_.optimizer.clip_norm);
    ops.update.record(
        device,
        {.segments = all.data(),
         .segment_count = count,
         .grad = grad.data(),
         .clip_norm = clip,
         .out = norm.data()},
        {.losses = losses.data(), .count = step.count, .burst = burst_.data(), .records = records_.data()});
    UpdateArgs update{.rule = c_.optimizer.name,
                      .segments = all.data(),
                      .segment_count = count,
                      .scalars = &there.data()->scalars.update,
                      .grad_scale = clip > 0 ? norm.data() + 1 : nullptr,
                      .squared_norm = &burst_.data()->gate,
                      .param = param_.data(),
                      .grad = grad.data(),
                      .average = averages() ? average_.data() : nullptr};
    for (std::size_t s = 0; s < states_.size(); ++s) update.state[s] = states_[s].data();
    ops.update.step(device, update);
  }
  std::vector<std::int64_t> listed(const BurstStepInputs& step) const {
    if (step.listed < 0) return std::vector<std::int64_t>(static_cast<std::size_t>(step.count));
    return {ids_.begin() + step.listed, ids_.begin() + step.listed + step.count};
  }

  BurstResult result() const {
    BurstResult all{
        .arenas = {param_.download()}, .records = records_.download(), .state = burst_.download()[0]};
    for (const auto& state : states_) all.arenas.push_back(state.download());
    if (averages()) all.arenas.push_back(average_.download());
    return all;
  }

  const Context& ctx_;
  BurstCase c_;
  Guarded<float> floats_;
  Guarded<std::uint8_t> bytes_;
  Guarded<float> scale_, shift_, target_, weight_;
  Guarded<std::int64_t> rows_;
  Guarded<float> param_, average_;
  std::vector<Guarded<float>> states_;
  Guarded<BurstState> burst_;
  Guarded<StepRecord> records_;
  std::vector<BurstStepInputs> steps_;
  std::vector<std::int64_t> ids_;
};

}  // namespace thalweg::test
