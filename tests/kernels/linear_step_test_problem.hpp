#pragma once
// A case of the fused step on dense rows, its data on a device, and its results: by the step, and by the ops
// that it fuses.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "host/runtime/device_of.hpp"
#include "kernels/elementwise_loss/elementwise_loss.hpp"
#include "kernels/linear_step/linear_step.hpp"
#include "tests/kernels/linear_test_problem.hpp"
#include "tests/support/loss_kinds.hpp"

namespace thalweg::test {

struct StepResult {
  Floats losses, grad_output, weight, bias;
};

inline void expect_same(const StepResult& got, const StepResult& want, const std::string& what) {
  expect_same_bits(got.losses, want.losses, "losses, " + what);
  expect_same_bits(got.grad_output, want.grad_output, "grad_output, " + what);
  expect_same_bits(got.weight, want.weight, "grad_weight, " + what);
  expect_same_bits(got.bias, want.bias, "grad_bias, " + what);
}

struct StepCase {
  std::int64_t samples, features;
  LossKind kind = LossKind::logistic;
  int slices = 8;
  std::int64_t micro = 0;  ///< rows of a micro-batch; 0: the whole batch
  bool as_bytes = false, scaled = false, gathered = false, weighted = false, bias = true;
  std::int64_t upcoming = 0;  ///< rows that each call is told of
};

inline std::string text(const StepCase& c) {
  return "N " + std::to_string(c.samples) + ", I " + std::to_string(c.features) + ", loss " +
         std::to_string(static_cast<int>(c.kind)) + ", slices " + std::to_string(c.slices) +
         ", micro-batch " + std::to_string(c.micro) + (c.as_bytes ? ", u8" : ", f32") +
         (c.scaled ? ", scaled" : "") + (c.gathered ? ", gathered" : "") + (c.weighted ? ", weighted" : "") +
         (c.bias ? ", bias" : "");
}

/// Data and outputs of a case on a device. The data set has a few rows more than the batch.
struct StepRun {
  const Context& ctx;
  StepCase c;
  std::int64_t data_rows, stride;
  Guarded<float> floats, scale, shift, weight, bias, target, loss_scale, sample_weight;
  Guarded<std::uint8_t> bytes;
  Guarded<std::int64_t> ids;
  Guarded<float> losses, grad_output, weight_sum, bias_sum, weight_partials, bias_partials;

  StepRun(const Context& context, const StepCase& step)
      : ctx(context),
        c(step),
        data_rows(c.samples + 5),
        stride(c.features + 3),
        floats(ctx, random_floats(data_rows * stride, 1)),
        scale(ctx, random_floats(c.features, 2, 0.001f, 0.01f)),
        shift(ctx, random_floats(c.features, 3)),
        weight(ctx, random_floats(c.features, 4, -0.05f, 0.05f)),
        bias(ctx, random_floats(1, 5)),
        target(ctx, targets()),
        loss_scale(ctx, Floats{1.0f / static_cast<float>(std::max<std::int64_t>(c.samples, 1))}),
        sample_weight(ctx, random_floats(data_rows, 6, 0.5f, 2.0f)),
        bytes(ctx, some_bytes()),
        ids(ctx, some_ids()),
        losses(ctx, c.samples),
        grad_output(ctx, c.samples),
        weight_sum(ctx, c.features),
        bias_sum(ctx, 1),
        weight_partials(ctx, c.micro > 0 ? c.slices * c.features : 0),
        bias_partials(ctx, c.micro > 0 ? c.slices : 0) {}

  Floats targets() const {
    Floats t = random_floats(data_rows, 7);
    const bool classes = traits_of(c.kind).classification;
    for (float& v : t) v = classes ? (v > 0.0f ? 1.0f : 0.0f) : std::abs(v);
    return t;
  }
  std::vector<std::uint8_t> some_bytes() const {
    std::vector<std::uint8_t> values;
    for (float v : random_integers(data_rows * stride, 8, 127))
      values.push_back(static_cast<std::uint8_t>(v + 127.0f));
    return values;
  }
  std::vector<std::int64_t> some_ids() const {
    std::vector<std::int64_t> picked;
    for (std::int64_t n = 0; n < c.samples; ++n) picked.push_back((n * 7 + 2) % data_rows);
    return picked;
  }

  DenseRows input(std::int64_t first, std::int64_t rows) const {
    const std::int64_t from = c.gathered ? 0 : first * stride;
    return {.data = c.as_bytes ? static_cast<const void*>(bytes.data() + from) : floats.data() + from,
            .dtype = c.as_bytes ? DType::u8 : DType::f32,
            .rows = rows,
            .cols = c.features,
            .stride = stride,
            .ids = c.gathered ? ids.data() + first : nullptr,
            .scale = c.scaled ? scale.data() : nullptr,
            .shift = c.scaled ? shift.data() : nullptr};
  }
  LossTargets loss_targets(std::int64_t first) const {
    const std::int64_t from = c.gathered ? 0 : first;
    return {.target = target.data() + from,
            .weight = c.weighted ? sample_weight.data() + from : nullptr,
            .ids = c.gathered ? ids.data() + first : nullptr,
            .scale = loss_scale.data()};
  }
  BatchSum weight_to() const {
    return {weight_sum.data(), c.micro > 0 ? weight_partials.data() : nullptr, c.features};
  }
  BatchSum bias_to() const {
    return {c.bias ? bias_sum.data() : nullptr, c.micro > 0 ? bias_partials.data() : nullptr, 1};
  }
  LossSpec loss() const { return {c.kind, c.kind == LossKind::quantile ? 0.3f : 0.5f}; }
  StepResult result() const {
    return {losses.download(), grad_output.download(), weight_sum.download(),
            c.bias ? bias_sum.download() : Floats{}};
  }
};

/// Rows [first, first + rows) of the batch.
inline void take_rows(const StepRun& r, std::int64_t first, std::int64_t rows) {
  backend_of(r.ctx).linear_step.dense(device_of(r.ctx),
                                      {.input = r.input(first, rows),
                                       .weight = r.weight.data(),
                                       .bias = r.c.bias ? r.bias.data() : nullptr,
                                       .rows = {.loss = r.loss(),
                                                .targets = r.loss_targets(first),
                                                .losses = r.losses.data() + first,
                                                .grad_output = r.grad_output.data() + first},
                                       .slices = {r.c.samples, first, rows, r.c.slices},
                                       .grad_weight = r.weight_to(),
                                       .grad_bias = r.bias_to(),
                                       .upcoming = r.input(0, r.c.upcoming)});
}

inline StepResult fused(const Context& ctx, const StepCase& c) {
  const StepRun r(ctx, c);
  const std::int64_t step = c.micro > 0 ? c.micro : std::max<std::int64_t>(c.samples, 1);
  for (std::int64_t first = 0; first == 0 || first < c.samples; first += step)
    take_rows(r, first, std::min(step, c.samples - first));
  return r.result();
}

/// Forward, loss and parameter gradient as three calls over the whole batch.
inline StepResult separate(const Context& ctx, StepCase c) {
  c.micro = 0;
  const StepRun r(ctx, c);
  const Guarded<float> output(ctx, c.samples);
  const Matrix slopes = matrix(r.grad_output.data(), c.samples, 1);
  backend_of(ctx).linear.forward(device_of(ctx), {.input = r.input(0, c.samples),
                                                  .weight = r.weight.data(),
                                                  .bias = c.bias ? r.bias.data() : nullptr,
                                                  .output = matrix(output.data(), c.samples, 1)});
  backend_of(ctx).elementwise_loss.evaluate(device_of(ctx),
                                            {.loss = r.loss(),
                                             .output = matrix<const float>(output.data(), c.samples, 1),
                                             .targets = r.loss_targets(0),
                                             .losses = r.losses.data(),
                                             .grad_output = slopes});
  backend_of(ctx).linear.parameter_grad(device_of(ctx), {.input = r.input(0, c.samples),
                                                         .grad_output = slopes,
                                                         .slices = whole_batch(c.samples, c.slices),
                                                         .grad_weight = r.weight_to(),
                                                         .grad_bias = r.bias_to()});
  return r.result();
}

}  // namespace thalweg::test
