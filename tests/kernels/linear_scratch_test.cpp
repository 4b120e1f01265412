// The linear layer's scratch memory on the cpu: as much as it writes.
#include <gtest/gtest.h>

#include "host/runtime/backends.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/linear_step/linear_step.hpp"
#include "tests/kernels/linear_test_problem.hpp"
#include "tests/support/allocation_guards.hpp"

namespace thalweg::test {
namespace {

class LinearScratch : public testing::TestWithParam<std::string> {
 protected:
  /// Scratch memory only grows, so each call has a context, and with it scratch memory, of its own.
  template <class Call>
  void expect_room(const Call& call, const std::string& what) const {
    for (const int threads : {1, 2, 3}) {
      EXPECT_TRUE(keeps_to_its_memory([&] { call(Context({.device = GetParam(), .threads = threads})); }))
          << what << ", " << threads << " threads";
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Devices, LinearScratch, testing::ValuesIn(cpu_variants()),
                         [](const auto& info) { return test_name(info.param); });

/// Few outputs, so few that the weights are packed alone, and many; rows and weights that no tile divides.
const std::vector<Shape> kShapes = {{1, 1, 1},    {65, 257, 3},  {33, 100, 9},   {97, 131, 29},
                                    {70, 33, 31}, {130, 65, 33}, {259, 47, 131}, {2100, 19, 45}};

TEST_P(LinearScratch, HasRoomForWhatTheProductsPack) {
  for (const Shape& s : kShapes) {
    const Problem p = real_problem(s);
    expect_room([&](const Context& ctx) { run_forward(ctx, p); }, "forward " + text(s));
    expect_room([&](const Context& ctx) { run_input_grad(ctx, p); }, "input_grad " + text(s));
    expect_room([&](const Context& ctx) { run_parameter_grad(ctx, p, 8); }, "parameter_grad " + text(s));
  }
}

DenseRows byte_rows(const Guarded<std::uint8_t>& bytes, const Shape& s) {
  return {
      .data = bytes.data(), .dtype = DType::u8, .rows = s.samples, .cols = s.features, .stride = s.features};
}

TEST_P(LinearScratch, HasRoomForRowsThatAreConverted) {
  for (const Shape& s : {Shape{65, 257, 3}, Shape{65, 257, 1}, Shape{70, 131, 29}}) {
    const Problem p = real_problem(s);
    const std::vector<std::uint8_t> values(at(s.samples * s.features), 7);
    expect_room(
        [&](const Context& ctx) {
          const Guarded<std::uint8_t> bytes(ctx, values);
          const Guarded<float> weight(ctx, p.weight), grad(ctx, p.grad), out(ctx, s.samples * s.outputs),
              sum(ctx, s.features * s.outputs);
          backend_of(ctx).linear.forward(device_of(ctx),
                                         {.input = byte_rows(bytes, s),
                                          .weight = weight.data(),
                                          .output = matrix(out.data(), s.samples, s.outputs)});
          backend_of(ctx).linear.parameter_grad(
              device_of(ctx), {.input = byte_rows(bytes, s),
                               .grad_output = matrix<const float>(grad.data(), s.samples, s.outputs),
                               .slices = whole_batch(s.samples),
                               .grad_weight = {.sum = sum.data()}});
        },
        text(s));
  }
}

TEST_P(LinearScratch, HasRoomForTheSlicesOfAStep) {
  for (const std::int64_t features : {1, 16, 257}) {
    for (const int slices : {1, 8, 64}) {
      const Shape s{67, features, 1};
      const Problem p = real_problem(s);
      const std::vector<std::uint8_t> values(at(s.samples * features), 7);
      expect_room(
          [&](const Context& ctx) {
            const Guarded<std::uint8_t> bytes(ctx, values);
            const Guarded<float> weight(ctx, p.weight), bias(ctx, p.bias), target(ctx, p.grad),
                scale(ctx, Floats{1.0f}), losses(ctx, s.samples), slopes(ctx, s.samples), sum(ctx, features),
                bias_sum(ctx, 1);
            backend_of(ctx).linear_step.dense(
                device_of(ctx), {.input = byte_rows(bytes, s),
                                 .weight = weight.data(),
                                 .bias = bias.data(),
                                 .rows = {.loss = {LossKind::squared},
                                          .targets = {.target = target.data(), .scale = scale.data()},
                                          .losses = losses.data(),
                                          .grad_output = slopes.data()},
                                 .slices = whole_batch(s.samples, slices),
                                 .grad_weight = {.sum = sum.data()},
                                 .grad_bias = {.sum = bias_sum.data()}});
          },
          text(s) + ", slices " + std::to_string(slices));
    }
  }
}

}  // namespace
}  // namespace thalweg::test
