// Forward product and parameter gradient.
#include "tests/kernels/sparse_linear_test_problem.hpp"

#include "host/runtime/device_of.hpp"

namespace thalweg::test {
namespace {

using Doubles = std::vector<double>;

INSTANTIATE_TEST_SUITE_P(Devices, SparseLinear, testing::ValuesIn(all_devices()),
                         [](const auto& param) { return test_name(param.param); });
INSTANTIATE_TEST_SUITE_P(Devices, ExactSparseLinear, testing::ValuesIn(exact_devices()),
                         [](const auto& param) { return test_name(param.param); });

Floats forward_of(const Context& ctx, const Problem& p, bool with_bias = true) {
  const OnDevice device(ctx, p);
  Guarded<float> output(ctx, p.rows() * p.outputs);
  device.ops().forward(device_of(ctx), {.input = device.input(0, p.rows()),
                                        .weight = device.weight.data(),
                                        .bias = with_bias ? device.bias.data() : nullptr,
                                        .output = matrix(output.data(), p.rows(), p.outputs)});
  return output.download();
}

void expect_nothing_written(const Guarded<float>& sums, const char* what) {
  for (const float sum : sums.download()) EXPECT_TRUE(std::isnan(sum)) << what << " before the last row";
}

/// Parameter gradient in calls of `micro_batch` rows. Elements of untouched features stay NaN. The index is
/// made anew before each call, because it takes the scratch memory in which nothing may wait for the next
/// one.
Gradient gradient_of(const Context& ctx, const Problem& p, std::int64_t micro_batch, int slices = 8) {
  const OnDevice device(ctx, p);
  const std::int64_t stride = device.touched().capacity * p.outputs;
  Guarded<float> weight(ctx, p.outputs * p.cols), bias(ctx, p.outputs);
  Guarded<float> weight_partials(ctx, slices * stride), bias_partials(ctx, slices * p.outputs);
  std::int64_t first = 0;
  do {
    const std::int64_t rows = std::min(micro_batch, p.rows() - first);
    device.index();
    device.ops().parameter_grad(
        device_of(ctx),
        {.input = device.input(first, rows),
         .touched = device.touched(),
         .grad_output = matrix<const float>(device.grad_output.data() + first * p.outputs, rows, p.outputs),
         .slices = {.batch_rows = p.rows(), .first = first, .rows = rows, .slices = slices},
         .grad_weight = {weight.data(), weight_partials.data(), stride},
         .grad_bias = {bias.data(), bias_partials.data(), p.outputs}});
    first += rows;
    if (first < p.rows()) expect_nothing_written(bias, "bias");
    if (first < p.rows()) expect_nothing_written(weight, "weight");
  } while (first < p.rows());
  weight_partials.download();
  bias_partials.download();
  return {weight.download(), bias.download()};
}

/// The documented orders, spelled out element by element.
float documented_output(const Problem& p, std::int64_t n, std::int64_t o) {
  const std::int64_t begin = p.offsets[p.ids[n]], end = p.offsets[p.ids[n] + 1];
  const float* weight = p.weight.data() + o * p.cols;
  float sum = 0;
  if (p.outputs <= 8) {
    float chain[128] = {};
    for (std::int64_t e = begin; e < end; ++e) {
      float& c = chain[(e - begin) % 128];
      c = std::fma(weight[p.columns[e]], p.values[e], c);
    }
    for (int stride = 64; stride > 0; stride /= 2)
      for (int c = 0; c < stride; ++c) chain[c] += chain[c + stride];
    sum = chain[0];
  } else {
    for (std::int64_t e = begin; e < end; ++e) sum = std::fma(weight[p.columns[e]], p.values[e], sum);
  }
  return sum + p.bias[o];
}

float documented_tree(Floats level) {
  while (level.size() > 1) {
    Floats next;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) next.push_back(level[i] + level[i + 1]);
    if (level.size() % 2 == 1) next.push_back(level.back());
    level = next;
  }
  return level[0];
}

Gradient documented_gradient(const Problem& p, int slices) {
  const std::int64_t weights = p.outputs * p.cols;
  std::vector<Floats> weight(weights, Floats(slices, 0.0f)), bias(p.outputs, Floats(slices, 0.0f));
  std::vector<char> touched(p.cols, 0);
  for (int s = 0; s < slices; ++s) {
    for (std::int64_t n = p.rows() * s / slices; n < p.rows() * (s + 1) / slices; ++n) {
      for (std::int64_t o = 0; o < p.outputs; ++o) {
        const float g = p.grad_output[n * p.outputs + o];
        bias[o][s] += g;
        for (std::int64_t e = p.offsets[p.ids[n]]; e < p.offsets[p.ids[n] + 1]; ++e) {
          float& chain = weight[o * p.cols + p.columns[e]][s];
          chain = std::fma(g, p.values[e], chain);
          touched[p.columns[e]] = 1;
        }
      }
    }
  }
  Gradient gradient{Floats(weights, std::nanf("")), Floats(p.outputs)};
  for (std::int64_t w = 0; w < weights; ++w)
    if (touched[w % p.cols]) gradient.weight[w] = documented_tree(weight[w]);
  for (std::int64_t o = 0; o < p.outputs; ++o) gradient.bias[o] = documented_tree(bias[o]);
  return gradient;
}

TEST_P(SparseLinear, ForwardIsTheDenseProductWithinItsBound) {
  for (const Shape& shape : kShapes) {
    const Problem p = make_problem(shape);
    Doubles want, bound;
    for (std::int64_t n = 0; n < p.rows(); ++n) {
      Doubles dense(p.cols, 0.0);
      const std::int64_t begin = p.offsets[p.ids[n]], end = p.offsets[p.ids[n] + 1];
      for (std::int64_t e = begin; e < end; ++e) dense[p.columns[e]] = p.values[e];
      for (std::int64_t o = 0; o < p.outputs; ++o) {
        double sum = p.bias[o], terms = std::abs(sum);
        for (std::int64_t i = 0; i < p.cols; ++i) {
          sum += dense[i] * p.weight[o * p.cols + i];
          terms += std::abs(dense[i] * p.weight[o * p.cols + i]);
        }
        want.push_back(sum);
        bound.push_back(gamma_bound(std::max<std::int64_t>(end - begin, 8) + 1) * terms);
      }
    }
    expect_within(forward_of(ctx(), p), want, bound, describe(shape));
  }
}

TEST_P(SparseLinear, GradientIsTheDenseOneWithinItsBound) {
  for (const Shape& shape : kShapes) {
    const Problem p = make_problem(shape);
    Doubles want(p.outputs * p.cols, std::nan("")), bound(want), bias(p.outputs), bias_bound(p.outputs);
    const double gamma = gamma_bound(p.rows() + 8);
    for (std::int64_t n = 0; n < p.rows(); ++n) {
      for (std::int64_t o = 0; o < p.outputs; ++o) {
        const double g = p.grad_output[n * p.outputs + o];
        bias[o] += g;
        bias_bound[o] += gamma * std::abs(g);
        for (std::int64_t e = p.offsets[p.ids[n]]; e < p.offsets[p.ids[n] + 1]; ++e) {
          const std::int64_t w = o * p.cols + p.columns[e];
          if (std::isnan(want[w])) want[w] = bound[w] = 0;
          want[w] += g * p.values[e];
          bound[w] += gamma * std::abs(g * p.values[e]);
        }
      }
    }
    const Gradient got = gradient_of(ctx(), p, p.rows());
    expect_within(got.weight, want, bound, describe(shape) + " weight");
    expect_within(got.bias, bias, bias_bound, describe(shape) + " bias");
  }
}

TEST_P(SparseLinear, IntegersAreExactOnEveryDevice) {
  for (Shape shape : kShapes) {
    shape.integers = true;
    const Problem p = make_problem(shape);
    Floats want;
    for (std::int64_t n = 0; n < p.rows(); ++n)
      for (std::int64_t o = 0; o < p.outputs; ++o) want.push_back(documented_output(p, n, o));
    EXPECT_EQ(forward_of(ctx(), p), want) << describe(shape);
    const Gradient got = gradient_of(ctx(), p, std::max<std::int64_t>(1, p.rows() / 2));
    const Gradient wanted = documented_gradient(p, 8);
    EXPECT_EQ(got.bias, wanted.bias) << describe(shape);
    for (std::size_t i = 0; i < got.weight.size(); ++i)
      ASSERT_TRUE(got.weight[i] == wanted.weight[i] ||
                  (std::isnan(got.weight[i]) && std::isnan(wanted.weight[i])))
          << describe(shape) << ", element " << i;
  }
}

TEST_P(SparseLinear, ForwardWithoutBiasOfAnEmptyRowIsZero) {
  for (const std::int64_t outputs : {1, 9}) {
    Problem p{.cols = 4, .outputs = outputs};
    p.add_row({});
    p.ids = {0};
    p.weight = random_floats(4 * outputs, 1);
    p.bias = random_floats(outputs, 2);
    EXPECT_EQ(forward_of(ctx(), p, false), Floats(outputs, 0.0f));
    EXPECT_EQ(forward_of(ctx(), p, true), p.bias);
  }
}

TEST_P(ExactSparseLinear, ForwardFollowsTheDocumentedOrder) {
  for (const Shape& shape : kShapes) {
    const Problem p = make_problem(shape);
    Floats want;
    for (std::int64_t n = 0; n < p.rows(); ++n)
      for (std::int64_t o = 0; o < p.outputs; ++o) want.push_back(documented_output(p, n, o));
    for (const int threads : thread_counts(GetParam()))
      expect_same_bits(forward_of(ctx(threads), p), want, describe(shape));
  }
}

TEST_P(ExactSparseLinear, ChainThatUnderflowedToMinusZeroKeepsItsSign) {
  Problem p{.cols = 200};
  std::set<std::int32_t> features;
  for (std::int32_t i = 0; i < 130; ++i) features.insert(i);
  p.add_row(features);
  p.ids = {0};
  p.weight.assign(200, -1e-30f);
  p.values.assign(130, 1e-30f);
  p.bias = {-0.0f};
  expect_same_bits(forward_of(ctx(), p), {documented_output(p, 0, 0)}, "tiny negative products");
  EXPECT_TRUE(std::signbit(documented_output(p, 0, 0)));
}

TEST_P(ExactSparseLinear, GradientFollowsTheDocumentedOrderForEverySplitAndThreadCount) {
  for (const Shape& shape : kShapes) {
    const Problem p = make_problem(shape);
    for (const int slices : {1, 3, 8}) {
      const Gradient want = documented_gradient(p, slices);
      for (const int threads : thread_counts(GetParam())) {
        for (const std::int64_t micro_batch :
             {std::int64_t{1}, std::int64_t{3}, (p.rows() + 1) / 2, p.rows()}) {
          if (too_many_calls(p, micro_batch)) continue;
          const std::int64_t rows = std::max<std::int64_t>(micro_batch, 1);
          expect_same_gradient(gradient_of(ctx(threads), p, rows, slices), want,
                               describe(shape) + ", slices " + std::to_string(slices) + ", micro-batch " +
                                   std::to_string(rows));
        }
      }
    }
  }
}

// Two rows with six entries, three outputs: column, value and three weights for each entry.
TEST(SparseLinearCost, CountsEachEntryForEachOutput) {
  const Cost cost = sparse_linear_forward_cost(2, 6, 3);
  EXPECT_EQ(cost.flops, 36);
  EXPECT_EQ(cost.bytes_read, 6 * (4 + 4 + 12) + 8 * 2);
  EXPECT_EQ(cost.bytes_written, 4 * 2 * 3);
}

}  // namespace
}  // namespace thalweg::test
