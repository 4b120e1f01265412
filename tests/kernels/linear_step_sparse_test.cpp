// The fused step of a linear model on sparse rows, against its ops one after the other.
#include "host/runtime/device_of.hpp"
#include "kernels/elementwise_loss/elementwise_loss.hpp"
#include "kernels/linear_step/linear_step.hpp"
#include "tests/kernels/sparse_linear_test_problem.hpp"
#include "tests/support/loss_kinds.hpp"

namespace thalweg::test {
namespace {

INSTANTIATE_TEST_SUITE_P(Devices, ExactSparseLinear, testing::ValuesIn(exact_devices()),
                         [](const auto& param) { return test_name(param.param); });

struct StepResult {
  Floats losses, grad_output;
  Gradient gradient;
};

/// What a step may do without.
struct With {
  bool bias = true, ids = true, weights = true;
};

/// A step in calls of `micro_batch` rows, fused or as the three ops one after the other.
StepResult step_of(const Context& ctx, const Problem& p, LossSpec loss, bool fused, std::int64_t micro_batch,
                   With with = {}) {
  const OnDevice device(ctx, p);
  const auto data_rows = static_cast<std::int64_t>(p.offsets.size()) - 1, stride = device.touched().capacity;
  Floats labels = random_integers(data_rows, 77, 1);
  for (float& y : labels) y = std::abs(y);
  Guarded<float> target(ctx, labels), sample_weight(ctx, random_floats(data_rows, 78, 0.5f, 2.0f)),
      scale(ctx, Floats{0.125f});
  Guarded<float> losses(ctx, p.rows()), grad_output(ctx, p.rows()), output(ctx, p.rows());
  Guarded<float> weight(ctx, p.cols), bias(ctx, 1), weight_partials(ctx, 8 * stride), bias_partials(ctx, 8);
  std::int64_t first = 0;
  do {
    const std::int64_t rows = std::min(micro_batch, p.rows() - first);
    const bool whole = rows == p.rows();
    SparseLinearStep args{
        .input = device.input(first, rows),
        .touched = device.touched(),
        .weight = device.weight.data(),
        .bias = with.bias ? device.bias.data() : nullptr,
        .rows = {.loss = loss,
                 .targets = {.target = target.data() + (with.ids ? 0 : first),
                             .weight = with.weights ? sample_weight.data() + (with.ids ? 0 : first) : nullptr,
                             .ids = with.ids ? device.ids.data() + first : nullptr,
                             .scale = scale.data()},
                 .losses = losses.data() + first,
                 .grad_output = grad_output.data() + first},
        .slices = {.batch_rows = p.rows(), .first = first, .rows = rows},
        .grad_weight = {weight.data(), whole ? nullptr : weight_partials.data(), stride},
        .grad_bias =
            with.bias ? BatchSum{bias.data(), whole ? nullptr : bias_partials.data(), 1} : BatchSum{}};
    device.index();  // takes the scratch memory, in which nothing may wait for the next call
    if (fused) {
      backend_of(ctx).linear_step.sparse(device_of(ctx), args);
    } else {
      const Matrix z = matrix(output.data() + first, rows, 1), g = matrix(args.rows.grad_output, rows, 1);
      device.ops().forward(device_of(ctx),
                           {.input = args.input, .weight = args.weight, .bias = args.bias, .output = z});
      backend_of(ctx).elementwise_loss.evaluate(device_of(ctx), {.loss = loss,
                                                                 .output = z,
                                                                 .targets = args.rows.targets,
                                                                 .losses = args.rows.losses,
                                                                 .grad_output = g});
      device.ops().parameter_grad(device_of(ctx), {.input = args.input,
                                                   .touched = args.touched,
                                                   .grad_output = g,
                                                   .slices = args.slices,
                                                   .grad_weight = args.grad_weight,
                                                   .grad_bias = args.grad_bias});
    }
    first += rows;
    for (const float sum : weight.download())
      EXPECT_TRUE(first >= p.rows() || std::isnan(sum)) << "written before the last row";
  } while (first < p.rows());
  return {losses.download(), grad_output.download(), {weight.download(), bias.download()}};
}

std::vector<Problem> one_output_problems() {
  std::vector<Problem> problems;
  for (const Shape& shape : kShapes)
    if (shape.outputs == 1) problems.push_back(make_problem(shape));
  return problems;
}

TEST_P(ExactSparseLinear, StepHasTheBitsOfItsOpsForEverySplitAndThreadCount) {
  for (const Problem& p : one_output_problems()) {
    for (const auto& [kind, named] : test::elementwise_losses()) {
      const LossSpec loss{kind, 0.4f};
      const StepResult want = step_of(ctx(1), p, loss, false, std::max<std::int64_t>(1, p.rows()));
      for (const std::int64_t micro_batch : {p.rows(), (p.rows() + 1) / 2, std::int64_t{3}}) {
        if (too_many_calls(p, micro_batch)) continue;
        const StepResult got = step_of(ctx(), p, loss, true, std::max<std::int64_t>(1, micro_batch));
        const std::string what = std::string(name_of(named)) + ", rows " + std::to_string(p.rows()) +
                                 ", micro-batch " + std::to_string(micro_batch);
        expect_same_bits(got.losses, want.losses, what + ", losses");
        expect_same_bits(got.grad_output, want.grad_output, what + ", grad_output");
        expect_same_gradient(got.gradient, want.gradient, what);
      }
    }
  }
}

TEST_P(ExactSparseLinear, StepDoesWithoutABiasWithoutIdsAndWithoutWeights) {
  const Problem p = make_problem({31, 65, 1, 20});
  for (const With with : {With{.bias = false}, With{.ids = false}, With{.weights = false}}) {
    for (const std::int64_t micro_batch : {std::int64_t{31}, std::int64_t{12}}) {
      const StepResult want = step_of(ctx(1), p, {LossKind::logistic}, false, micro_batch, with);
      const StepResult got = step_of(ctx(), p, {LossKind::logistic}, true, micro_batch, with);
      expect_same_bits(got.losses, want.losses, "losses");
      expect_same_bits(got.grad_output, want.grad_output, "grad_output");
      expect_same_gradient({got.gradient.weight, {}}, {want.gradient.weight, {}}, "gradient");
      if (with.bias) expect_same_bits(got.gradient.bias, want.gradient.bias, "bias");
    }
  }
}

TEST_P(ExactSparseLinear, StepHasTheBitsOfEveryOtherDevice) {
  const Context& first = context_of(exact_devices().front());
  for (const Problem& p : one_output_problems()) {
    const std::int64_t rows = std::max<std::int64_t>(1, p.rows());
    const StepResult want = step_of(first, p, {LossKind::logistic}, true, rows);
    const StepResult got = step_of(ctx(), p, {LossKind::logistic}, true, rows);
    expect_same_bits(got.losses, want.losses, "losses");
    expect_same_gradient(got.gradient, want.gradient, "gradient");
  }
}

TEST(SparseLinearReference, StepGradientIsTheCentralDifferenceOfTheLoss) {
  const Context& ctx = context_of("reference");
  Problem p = make_problem({40, 30, 1, 5});
  const auto total = [&] {
    double sum = 0;
    for (const float loss : step_of(ctx, p, {LossKind::logistic}, true, p.rows()).losses) sum += 0.125 * loss;
    return sum;
  };
  const Gradient gradient = step_of(ctx, p, {LossKind::logistic}, true, p.rows()).gradient;
  for (std::int64_t i = 0; i < p.cols; ++i) {
    if (std::isnan(gradient.weight[i])) continue;
    const float at = p.weight[i], h = 0x1p-6f;
    p.weight[i] = at + h;
    const double above = total();
    p.weight[i] = at - h;
    const double below = total();
    p.weight[i] = at;
    // 40 losses of about 1 rounded to float (2^-24 each, times scale and weight, over 2h) stay below 1e-4;
    // the third derivative of the logistic loss is at most 0.1, so truncation is below 40 * 2 * 0.125 * 0.1
    // h^2 / 6.
    EXPECT_NEAR(gradient.weight[i], (above - below) / (2.0 * h), 3e-4) << "weight " << i;
  }
}

// Two rows with six entries of five features: 24 flops; 20 bytes an entry, 20 a row and 4 a feature are read,
// 4 an entry, 4 a feature and 8 a row are written.
TEST(SparseLinearStepCost, CountsBothPassesOverTheEntries) {
  const Cost cost = sparse_linear_step_cost(2, 6, 5);
  EXPECT_EQ(cost.flops, 24);
  EXPECT_EQ(cost.bytes_read, 120 + 40 + 20);
  EXPECT_EQ(cost.bytes_written, 24 + 20 + 16);
}

// Two rows of five features: both products, the weights, a target and a loss and a gradient for each row.
TEST(DenseLinearStepCost, ReadsEachRowOnce) {
  const Cost step = dense_linear_step_cost(2, 5);
  EXPECT_EQ(step.flops, 2 * 20);
  EXPECT_EQ(step.bytes_read, 4 * (10 + 5 + 4));
  EXPECT_EQ(step.bytes_written, 4 * (5 + 4));
}

}  // namespace
}  // namespace thalweg::test
