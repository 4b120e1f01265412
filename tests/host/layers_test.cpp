// The layers: that each finds its parts of the arenas and calls its op with them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "host/model/layer.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/batch_norm/batch_norm.hpp"
#include "kernels/dropout/dropout.hpp"
#include "kernels/layer_norm/layer_norm.hpp"
#include "tests/support/backends.hpp"

namespace thalweg {
namespace {

using test::Guarded;
using Floats = std::vector<float>;

class LayerTest : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx() const { return test::context_of(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Devices, LayerTest, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

TEST(ActivationLayer, TellsItsNeighboursWhatTheyMayOverwriteAndFuse) {
  for (const auto& [kind, name] : kNames<Activation>) {
    const auto layer = make_activation("f", 3, kind);
    EXPECT_EQ(layer->in_place(), !traits_of(kind).backward_needs_input) << name;
    EXPECT_TRUE(layer->gradient_in_place());
    EXPECT_TRUE(layer->activation().present);
    EXPECT_EQ(layer->activation().kind, kind);
  }
  EXPECT_TRUE(make_activation("f", 3, Activation::tanh)->in_place());
  EXPECT_FALSE(make_activation("f", 3, Activation::gelu)->in_place()) << "its slope needs the input";
}

TEST(BatchNormLayer, HasParametersAndSaysWhatItNeedsTheWholeBatchFor) {
  const auto layer = make_batch_norm("b", 5);
  EXPECT_TRUE(layer->has_parameters());
  EXPECT_EQ(layer->whole_batch_reason(), "batch norm takes its statistics over the whole batch");
  EXPECT_TRUE(layer->per_sample_refusal().has_value());
}

constexpr std::int64_t kRows = 10, kCols = 5;

/// A normalisation's parameters and a batch of kRows rows of kCols features.
struct Norm {
  Floats x = test::random_floats(kRows * kCols, 1, -1.0f, 2.0f),
         weight = test::random_floats(kCols, 2, 0.5f, 1.5f), bias = test::random_floats(kCols, 3),
         dy = test::random_floats(kRows * kCols, 4), running_mean = test::random_floats(kCols, 5),
         running_variance = test::random_floats(kCols, 6, 0.5f, 1.5f);
};

ConstMatrix rows_of(const Guarded<float>& values) { return matrix<const float>(values.data(), kRows, kCols); }
Matrix rows_to(const Guarded<float>& values) { return matrix(values.data(), kRows, kCols); }

struct BatchNormResult {
  Floats evaluated, output, running_mean, running_variance, grad_input, grad_weight, grad_bias;
};

/// What the op gives when it is called without a layer.
BatchNormResult batch_norm_of(const Context& ctx, const Norm& d) {
  const BatchNormOps& op = backend_of(ctx).batch_norm;
  const Guarded<float> x(ctx, d.x), weight(ctx, d.weight), bias(ctx, d.bias), dy(ctx, d.dy),
      running_mean(ctx, d.running_mean), running_variance(ctx, d.running_variance),
      evaluated(ctx, kRows * kCols), output(ctx, kRows * kCols), mean(ctx, kCols), rstd(ctx, kCols),
      grad_input(ctx, kRows * kCols), grad_weight(ctx, kCols), grad_bias(ctx, kCols);
  op.inference(device_of(ctx), {.input = rows_of(x),
                                .weight = weight.data(),
                                .bias = bias.data(),
                                .running_mean = running_mean.data(),
                                .running_variance = running_variance.data(),
                                .output = rows_to(evaluated)});
  op.forward(device_of(ctx), {.input = rows_of(x),
                              .weight = weight.data(),
                              .bias = bias.data(),
                              .output = rows_to(output),
                              .mean = mean.data(),
                              .rstd = rstd.data(),
                              .running_mean = running_mean.data(),
                              .running_variance = running_variance.data()});
  op.backward(device_of(ctx), {.grad_output = rows_of(dy),
                               .input = rows_of(x),
                               .weight = weight.data(),
                               .mean = mean.data(),
                               .rstd = rstd.data(),
                               .grad_input = rows_to(grad_input),
                               .grad_weight = grad_weight.data(),
                               .grad_bias = grad_bias.data()});
  return {evaluated.download(),  output.download(),      running_mean.download(), running_variance.download(),
          grad_input.download(), grad_weight.download(), grad_bias.download()};
}

/// An arena of NaN but for these parts.
Floats arena_of(std::int64_t size, const std::vector<std::pair<std::int64_t, Floats>>& parts) {
  Floats arena(static_cast<std::size_t>(size), std::nanf(""));
  for (const auto& [offset, values] : parts) std::copy(values.begin(), values.end(), arena.begin() + offset);
  return arena;
}

void expect_part(const Floats& arena, std::int64_t offset, const Floats& want, const std::string& what) {
  test::expect_same_bits({arena.begin() + offset, arena.begin() + offset + std::ssize(want)}, want, what);
}

TEST_P(LayerTest, BatchNormFindsItsPartsOfTheArenasInTrainingAndInEvaluation) {
  const Norm d;
  ParameterPlan plan;
  const auto before = make_batch_norm("a", 3), layer = make_batch_norm("b", kCols);
  before->declare(plan);
  layer->declare(plan);
  const std::int64_t weight_at = plan.parameters()[2].offset, bias_at = plan.parameters()[3].offset,
                     mean_at = plan.buffers()[2].offset, variance_at = plan.buffers()[3].offset;
  ASSERT_EQ(layer->kept_floats(kRows), 10);  // mean and rstd of 5 features
  const Guarded<float> param(ctx(), arena_of(plan.arena_size(), {{weight_at, d.weight}, {bias_at, d.bias}})),
      buffers(ctx(),
              arena_of(plan.buffer_size(), {{mean_at, d.running_mean}, {variance_at, d.running_variance}})),
      grad(ctx(), plan.arena_size()), kept(ctx(), 10), x(ctx(), d.x), dy(ctx(), d.dy),
      output(ctx(), kRows * kCols), grad_input(ctx(), kRows * kCols);
  BackwardCall call;
  call.arenas = {.param = param.data(), .grad = grad.data(), .buffers = buffers.data()};
  call.slices = whole_batch(kRows);
  call.input.rows = dense_rows(rows_of(x));
  call.output = rows_to(output);
  call.kept = kept.data();
  call.grad_output = rows_of(dy);
  call.grad_input = rows_to(grad_input);

  const BatchNormResult want = batch_norm_of(ctx(), d);
  call.training = false;
  layer->forward(ctx(), ForwardCall{call});
  test::expect_same_bits(output.download(), want.evaluated, "evaluation");
  call.training = true;
  layer->forward(ctx(), ForwardCall{call});
  layer->backward(ctx(), call);
  test::expect_same_bits(output.download(), want.output, "output");
  expect_part(buffers.download(), mean_at, want.running_mean, "running mean");
  expect_part(buffers.download(), variance_at, want.running_variance, "running variance");
  test::expect_same_bits(grad_input.download(), want.grad_input, "grad_input");
  expect_part(grad.download(), weight_at, want.grad_weight, "grad_weight");
  expect_part(grad.download(), bias_at, want.grad_bias, "grad_bias");
}

/// The sums over the batch go on in the call that follows; this one must not have touched them.
TEST_P(LayerTest, TheInputGradientOfALayerNormsMicroBatchLeavesTheSumsAlone) {
  const Norm d;
  ParameterPlan plan;
  const auto layer = make_layer_norm("b", kCols);
  layer->declare(plan);
  ASSERT_EQ(layer->kept_floats(kRows), 2 * kRows);  // mean and rstd of each row
  const std::int64_t weight_at = plan.parameters()[0].offset, bias_at = plan.parameters()[1].offset;
  const Guarded<float> param(ctx(), arena_of(plan.arena_size(), {{weight_at, d.weight}, {bias_at, d.bias}})),
      grad(ctx(), plan.arena_size()), partials(ctx(), 2 * plan.arena_size()), kept(ctx(), 2 * kRows),
      x(ctx(), d.x), dy(ctx(), d.dy), output(ctx(), kRows * kCols), grad_input(ctx(), kRows * kCols);
  BackwardCall call;
  call.arenas = {.param = param.data(),
                 .grad = grad.data(),
                 .partials = partials.data(),
                 .partial_stride = plan.arena_size()};
  call.slices = {.batch_rows = 4 * kRows, .first = kRows, .rows = kRows, .slices = 2};
  call.input.rows = dense_rows(rows_of(x));
  call.output = rows_to(output);
  call.kept = kept.data();
  call.grad_output = rows_of(dy);
  call.grad_input = rows_to(grad_input);
  layer->forward(ctx(), ForwardCall{call});
  layer->input_gradient(ctx(), call);

  const Guarded<float> want(ctx(), kRows * kCols), sums(ctx(), 2 * kCols);
  backend_of(ctx()).layer_norm.backward(device_of(ctx()), {.grad_output = rows_of(dy),
                                                           .input = rows_of(x),
                                                           .weight = param.data() + weight_at,
                                                           .mean = kept.data(),
                                                           .rstd = kept.data() + kRows,
                                                           .grad_input = rows_to(want),
                                                           .slices = whole_batch(kRows),
                                                           .grad_weight = {.sum = sums.data()},
                                                           .grad_bias = {.sum = sums.data() + kCols}});
  test::expect_same_bits(grad_input.download(), want.download(), "grad_input");
  for (const float partial : partials.download()) EXPECT_TRUE(std::isnan(partial));
  for (const float sum : grad.download()) EXPECT_TRUE(std::isnan(sum)) << "of one slice it is the chain";
}

TEST_P(LayerTest, DropoutDropsWithItsSeedAndNumberInTrainingAndCopiesOtherwise) {
  constexpr std::uint64_t kSeed = 42;
  constexpr std::uint32_t kLayer = 3;
  const Floats input = test::random_floats(kRows * kCols, 5);
  std::vector<std::int64_t> numbers(kRows);
  for (std::int64_t n = 0; n < kRows; ++n) numbers[static_cast<std::size_t>(n)] = kRows - n;
  const auto layer = make_dropout("d", kCols, 0.3, kSeed, kLayer);
  const Guarded<float> from(ctx(), input), forward(ctx(), kRows * kCols), backward(ctx(), kRows * kCols),
      dropped(ctx(), kRows * kCols);
  const Guarded<std::int64_t> ids(ctx(), numbers);
  const Guarded<std::uint64_t> step(ctx(), std::vector<std::uint64_t>{(std::uint64_t{1} << 33) + 17});
  DropoutArgs args = dropout_args(0.3, kSeed, kLayer);
  args.input = rows_of(from);
  args.output = rows_to(dropped);
  args.ids = ids.data();
  args.step = step.data();
  backend_of(ctx()).dropout.apply(device_of(ctx()), args);

  BackwardCall call;
  call.ids = ids.data();
  call.step = step.data();
  call.input.rows = dense_rows(rows_of(from));
  call.output = rows_to(forward);
  call.grad_output = rows_of(from);
  call.grad_input = rows_to(backward);
  for (const bool training : {true, false}) {
    call.training = training;
    layer->forward(ctx(), ForwardCall{call});
    layer->backward(ctx(), call);
    const Floats want = training ? dropped.download() : input;
    test::expect_same_bits(forward.download(), want, "forward");
    test::expect_same_bits(backward.download(), want, "backward");
  }
}

}  // namespace
}  // namespace thalweg
