#include "kernels/linear/linear.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <utility>

#include "host/runtime/device_of.hpp"
#include "tests/kernels/linear_test_problem.hpp"

namespace thalweg::test {
namespace {

class LinearTest : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx(int threads = 2) const { return context_of(GetParam(), threads); }
  bool sums_in_double() const { return GetParam() == "reference"; }
};
class ExactLinearTest : public LinearTest {};
INSTANTIATE_TEST_SUITE_P(Devices, LinearTest, testing::ValuesIn(all_devices()),
                         [](const auto& info) { return test_name(info.param); });
INSTANTIATE_TEST_SUITE_P(Devices, ExactLinearTest, testing::ValuesIn(exact_devices()),
                         [](const auto& info) { return test_name(info.param); });

/// Every combination of sizes around the edges of tiles, panels, registers and chains.
std::vector<Shape> small_shapes() {
  std::vector<Shape> shapes;
  for (std::int64_t n : {0, 1, 2, 7, 9, 16, 17, 33, 65})
    for (std::int64_t i : {1, 3, 4, 15, 16, 17, 31, 33, 47})
      for (std::int64_t o : {1, 2, 6, 7, 8, 9, 13, 14, 15, 29}) shapes.push_back({n, i, o});
  return shapes;
}

const std::vector<Shape> kRealShapes = {
    {0, 5, 9},      {1, 1, 1},      {3, 1000, 2},   {257, 33, 8}, {32, 127, 9},  {127, 256, 3},
    {255, 257, 10}, {33, 31, 1000}, {1, 1000, 127}, {256, 3, 32}, {31, 255, 33}, {300, 40, 257},
    {2060, 3, 11},  {2060, 3, 2},   {45, 900, 29},  {75, 48, 70}, {75, 1024, 40}};

TEST_P(LinearTest, IntegersComeOutExactlyForEveryCombinationOfSmallSizes) {
  for (const Shape& s : small_shapes()) {
    const Problem p = integer_problem(s);
    expect_same_bits(run_forward(ctx(), p), plain_forward(p), "forward " + text(s));
    expect_same_bits(run_input_grad(ctx(), p), plain_input_grad(p), "input_grad " + text(s));
    const ParameterGrad got = run_parameter_grad(ctx(), p, 8), want = plain_parameter_grad(p, 8);
    expect_same_bits(got.weight, want.weight, "grad_weight " + text(s));
    expect_same_bits(got.bias, want.bias, "grad_bias " + text(s));
    if (HasFatalFailure()) return;
  }
}

TEST_P(ExactLinearTest, OutputsFollowTheDocumentedOrderBitForBit) {
  for (const Shape& s : kRealShapes) {
    const Problem p = real_problem(s);
    const Floats out = plain_forward(p), bare = plain_forward(p, false), grad_input = plain_input_grad(p);
    const ParameterGrad grad = plain_parameter_grad(p, 8);
    for (int threads : thread_counts(GetParam())) {
      expect_same_bits(run_forward(ctx(threads), p), out, "forward " + text(s));
      expect_same_bits(run_forward(ctx(threads), p, false), bare, "forward without bias " + text(s));
      expect_same_bits(run_input_grad(ctx(threads), p), grad_input, "input_grad " + text(s));
      const ParameterGrad got = run_parameter_grad(ctx(threads), p, 8);
      expect_same_bits(got.weight, grad.weight, "grad_weight " + text(s));
      expect_same_bits(got.bias, grad.bias, "grad_bias " + text(s));
    }
  }
}

TEST_P(ExactLinearTest, MicroBatchesAndSliceCountsKeepTheBits) {
  for (const Shape& s : {Shape{37, 33, 15}, Shape{64, 17, 1}, Shape{5, 40, 9}, Shape{9, 70, 80}}) {
    const Problem p = real_problem(s);
    for (int slices : {1, 2, 3, 5, 7, 8, 13, 64}) {
      const ParameterGrad want = plain_parameter_grad(p, slices);
      for (std::int64_t micro : {0, 1, 3, 8, 20, 1000}) {
        const ParameterGrad got = run_parameter_grad(ctx(), p, slices, micro);
        const std::string what =
            text(s) + ", slices " + std::to_string(slices) + ", micro-batch " + std::to_string(micro);
        expect_same_bits(got.weight, want.weight, "grad_weight " + what);
        expect_same_bits(got.bias, want.bias, "grad_bias " + what);
      }
    }
  }
}

/// Every product underflows to -0, and so does every chain, which an element of zeros behind the last one
/// would turn into +0. The tree over slices that all have rows keeps the sign.
TEST_P(ExactLinearTest, ChainsOfTinyNegativeProductsEndAtMinusZero) {
  for (const Shape& s : {Shape{45, 130, 3}, Shape{45, 33, 13}, Shape{37, 130, 45}, Shape{301, 45, 37}}) {
    for (const float sign : {1.0f, -1.0f}) {
      Problem p = real_problem(s);
      p.x.assign(p.x.size(), 1e-30f * sign);
      p.weight.assign(p.weight.size(), -1e-30f * sign);
      p.grad.assign(p.grad.size(), 1e-30f * sign);
      const auto zeros = [](std::int64_t size) { return Floats(at(size), -0.0f); };
      if (s.outputs > 8 || s.features >= 128)
        expect_same_bits(run_forward(ctx(), p, false), zeros(s.samples * s.outputs), "forward " + text(s));
      expect_same_bits(run_input_grad(ctx(), p), zeros(s.samples * s.features), "input_grad " + text(s));
      p.x.assign(p.x.size(), -1e-30f * sign);
      for (const std::int64_t micro : {0, 7})
        expect_same_bits(run_parameter_grad(ctx(), p, 8, micro).weight, zeros(s.features * s.outputs),
                         "grad_weight " + text(s));
    }
  }
}

/// |got - want| within gamma_{terms + 1} * sum of |terms|, want and the sum in double.
template <class Term>
void expect_sum_within(float got, std::int64_t terms, const Term& term, const char* what) {
  double want = 0.0, magnitude = 0.0;
  for (std::int64_t k = 0; k < terms; ++k) {
    want += term(k);
    magnitude += std::abs(term(k));
  }
  ASSERT_LE(std::abs(got - want), gamma_bound(terms + 1) * magnitude) << what << ": want " << want;
}

TEST_P(LinearTest, ResultsStayWithinTheErrorBoundOfDoubleSums) {
  for (const Shape& s : kRealShapes) {
    const Problem p = real_problem(s, 11);
    const auto [samples, features, outputs] = s;
    const Floats out = run_forward(ctx(), p), grad_input = run_input_grad(ctx(), p);
    const ParameterGrad grad = run_parameter_grad(ctx(), p, 8);
    for (std::int64_t n = 0; n < samples; ++n) {
      const float *x = p.x.data() + n * s.features, *g = p.grad.data() + n * s.outputs;
      for (std::int64_t o = 0; o < outputs; ++o) {
        const float* w = p.weight.data() + o * s.features;
        const auto term = [&](std::int64_t i) {
          return i < s.features ? double{x[i]} * w[i] : double{p.bias[at(o)]};
        };
        expect_sum_within(out[at(n * outputs + o)], features + 1, term, "forward");
      }
      for (std::int64_t i = 0; i < features; ++i) {
        const auto term = [&](std::int64_t o) { return double{g[o]} * p.weight[at(o * s.features + i)]; };
        expect_sum_within(grad_input[at(n * features + i)], outputs, term, "input_grad");
      }
    }
    for (std::int64_t o = 0; o < outputs; ++o) {
      const auto g = [&](std::int64_t n) { return double{p.grad[at(n * s.outputs + o)]}; };
      for (std::int64_t i = 0; i < features; ++i) {
        const auto term = [&](std::int64_t n) { return g(n) * p.x[at(n * s.features + i)]; };
        expect_sum_within(grad.weight[at(o * features + i)], samples, term, "grad_weight");
      }
      expect_sum_within(grad.bias[at(o)], samples, g, "grad_bias");
    }
  }
}

/// Rows of a data set, bytes or floats with a stride, picked by ids and perhaps scaled; and the problem that
/// has the same rows gathered and converted beforehand. With integers, no device rounds anything.
struct GatheredRows {
  static constexpr std::int64_t kDataRows = 50;
  std::int64_t stride;
  std::vector<std::int64_t> ids = {3, 49, 0, 7, 7, 12, 31, 48, 1, 2, 3, 20, 21, 22, 23, 24, 25, 26, 5};
  std::vector<std::uint8_t> bytes;
  Floats floats, scale, shift;
  Problem prepared;

  GatheredRows(Shape s, std::int64_t row_stride, bool scaled, bool integers)
      : stride(row_stride), prepared(integers ? integer_problem(s) : real_problem(s)) {
    for (std::int64_t n = std::ssize(ids); n < s.samples; ++n) ids.push_back((7 * n * n + n) % kDataRows);
    for (float v : random_integers(kDataRows * stride, 5, 120)) {
      bytes.push_back(static_cast<std::uint8_t>(v + 120.0f));
      floats.push_back(static_cast<float>(bytes.back()));
    }
    scale = integers ? random_integers(s.features, 6) : random_floats(s.features, 6);
    shift = integers ? random_integers(s.features, 7) : random_floats(s.features, 7);
    for (std::int64_t n = 0; n < s.samples; ++n) {
      for (std::int64_t i = 0; i < s.features; ++i) {
        const float v = floats[at(ids[at(n)] * stride + i)];
        prepared.x[at(n * s.features + i)] = scaled ? std::fma(v, scale[at(i)], shift[at(i)]) : v;
      }
    }
  }
};

TEST_P(LinearTest, GatheredConvertedAndScaledRowsEqualRowsPreparedBeforehand) {
  for (const Shape& s : {Shape{19, 57, 11}, Shape{19, 57, 3}, Shape{17, 57, 20}, Shape{8, 32, 9},
                         Shape{19, 1, 30}, Shape{19, 32, 16}, Shape{7, 57, 260}, Shape{7, 33, 400},
                         Shape{530, 101, 11}, Shape{530, 104, 70}, Shape{19, 104, 5}}) {
    // With 128 every row is aligned for wide loads, with 125 hardly any.
    for (const auto& [stride, scaled] : {std::pair{125, false}, {125, true}, {128, false}, {128, true}}) {
      const GatheredRows rows(s, stride, scaled, sums_in_double());
      const Problem& p = rows.prepared;
      const Floats want_out = plain_forward(p);
      const ParameterGrad want = plain_parameter_grad(p, 8);
      const Place place = stride % 16 == 0 ? Place::last : Place::odd;
      const Guarded<float> f(ctx(), rows.floats, place), scale(ctx(), rows.scale, place),
          shift(ctx(), rows.shift, place), weight(ctx(), p.weight, place), bias(ctx(), p.bias),
          grad(ctx(), p.grad, place);
      const Guarded<std::uint8_t> b(ctx(), rows.bytes, place);
      const Guarded<std::int64_t> ids(ctx(), rows.ids, place);
      for (const bool as_bytes : {false, true}) {
        const Guarded<float> out(ctx(), s.samples * s.outputs), weight_sum(ctx(), s.outputs * s.features);
        const DenseRows input{.data = as_bytes ? static_cast<const void*>(b.data()) : f.data(),
                              .dtype = as_bytes ? DType::u8 : DType::f32,
                              .rows = s.samples,
                              .cols = s.features,
                              .stride = rows.stride,
                              .ids = ids.data(),
                              .scale = scaled ? scale.data() : nullptr,
                              .shift = scaled ? shift.data() : nullptr};
        backend_of(ctx()).linear.forward(device_of(ctx()),
                                         {.input = input,
                                          .weight = weight.data(),
                                          .bias = bias.data(),
                                          .output = matrix(out.data(), s.samples, s.outputs)});
        backend_of(ctx()).linear.parameter_grad(
            device_of(ctx()), {.input = input,
                               .grad_output = matrix<const float>(grad.data(), s.samples, s.outputs),
                               .slices = whole_batch(s.samples),
                               .grad_weight = {.sum = weight_sum.data()}});
        expect_same_bits(out.download(), want_out, "forward " + text(s));
        expect_same_bits(weight_sum.download(), want.weight, "grad_weight " + text(s));
      }
    }
  }
}

/// The rows, `stride` apart, with NaN in the gaps; there is none behind the last one.
Floats spread(const Floats& rows, std::int64_t cols, std::int64_t stride) {
  const std::int64_t count = std::ssize(rows) / cols;
  Floats out(at((count - 1) * stride + cols), std::numeric_limits<float>::quiet_NaN());
  for (std::int64_t n = 0; n < count; ++n)
    for (std::int64_t c = 0; c < cols; ++c) out[at(n * stride + c)] = rows[at(n * cols + c)];
  return out;
}

// A slice is a whole piece of 32 rows.
TEST_P(LinearTest, GapsBetweenTheRowsOfStridedMatricesReachNoGradient) {
  for (const Shape& s : {Shape{256, 21, 33}, Shape{256, 70, 5}}) {
    const Problem p = integer_problem(s);
    const std::int64_t in_stride = (s.features + 7) / 8 * 8, out_stride = (s.outputs + 7) / 8 * 8;
    const Guarded<float> x(ctx(), spread(p.x, s.features, in_stride), Place::last),
        grad(ctx(), spread(p.grad, s.outputs, out_stride), Place::last);
    const Guarded<float> weight_sum(ctx(), s.outputs * s.features);
    backend_of(ctx()).linear.parameter_grad(
        device_of(ctx()), {.input = dense_rows({x.data(), s.samples, s.features, in_stride}),
                           .grad_output = {grad.data(), s.samples, s.outputs, out_stride},
                           .slices = whole_batch(s.samples),
                           .grad_weight = {.sum = weight_sum.data()}});
    expect_same_bits(weight_sum.download(), plain_parameter_grad(p, 8).weight, text(s));
  }
}

TEST_P(LinearTest, WritesNothingBetweenTheRowsOfStridedMatrices) {
  for (const Shape& s : {Shape{19, 21, 33}, Shape{19, 21, 5}}) {
    const Problem p = integer_problem(s);
    const std::int64_t gap = 3, out_stride = s.outputs + gap, in_stride = s.features + gap;
    const Guarded<float> x(ctx(), p.x), weight(ctx(), p.weight), bias(ctx(), p.bias);
    const Guarded<float> out(ctx(), s.samples * out_stride), grad_input(ctx(), s.samples * in_stride);
    backend_of(ctx()).linear.forward(
        device_of(ctx()), {.input = dense_rows(matrix<const float>(x.data(), s.samples, s.features)),
                           .weight = weight.data(),
                           .bias = bias.data(),
                           .output = {out.data(), s.samples, s.outputs, out_stride}});
    Problem q = p;
    q.grad = plain_forward(p);
    backend_of(ctx()).linear.input_grad(
        device_of(ctx()), {.grad_output = {out.data(), s.samples, s.outputs, out_stride},
                           .weight = weight.data(),
                           .grad_input = {grad_input.data(), s.samples, s.features, in_stride}});
    const auto expect_rows = [&](const Floats& got, const Floats& want, std::int64_t cols) {
      for (std::int64_t n = 0; n < s.samples; ++n) {
        for (std::int64_t c = 0; c < cols; ++c)
          ASSERT_EQ(got[at(n * (cols + gap) + c)], want[at(n * cols + c)]) << n << ", " << c;
        for (std::int64_t c = cols; c < cols + gap; ++c)
          ASSERT_TRUE(std::isnan(got[at(n * (cols + gap) + c)]));
      }
    };
    expect_rows(out.download(), q.grad, s.outputs);
    expect_rows(grad_input.download(), plain_input_grad(q), s.features);
  }
}

// Two rows, three features, five outputs.
TEST(LinearCost, CountsTheProductsAndEachMatrixOnce) {
  const Cost forward = linear_forward_cost(2, 3, 5);
  EXPECT_EQ(forward.flops, 60);
  EXPECT_EQ(forward.bytes_read, 4 * (6 + 15 + 5));
  EXPECT_EQ(forward.bytes_written, 4 * 10);
  const Cost input_grad = linear_input_grad_cost(2, 3, 5);
  EXPECT_EQ(input_grad.flops, 60);
  EXPECT_EQ(input_grad.bytes_read, 4 * (10 + 15));
  EXPECT_EQ(input_grad.bytes_written, 4 * 6);
  const Cost parameter_grad = linear_parameter_grad_cost(2, 3, 5);
  EXPECT_EQ(parameter_grad.flops, 60 + 10);
  EXPECT_EQ(parameter_grad.bytes_read, 4 * (6 + 10));
  EXPECT_EQ(parameter_grad.bytes_written, 4 * (15 + 5));
}

/// The sum of grad * output is linear in each weight, bias and input, so that a central difference of step
/// one is its derivative; with small integers it is exact.
TEST(LinearReferenceTest, GradientsAreCentralDifferencesOfForward) {
  const Context& ctx = context_of("reference");
  Problem p = integer_problem({5, 4, 3});
  const auto loss = [&] {
    const Floats out = run_forward(ctx, p);
    double sum = 0.0;
    for (std::size_t k = 0; k < out.size(); ++k) sum += double{out[k]} * p.grad[k];
    return sum;
  };
  const auto expect_derivative = [&](Floats& of, const Floats& grad, const char* what) {
    ASSERT_EQ(of.size(), grad.size());
    for (std::size_t k = 0; k < of.size(); ++k) {
      of[k] += 1.0f;
      const double above = loss();
      of[k] -= 2.0f;
      const double below = loss();
      of[k] += 1.0f;
      ASSERT_EQ(grad[k], (above - below) / 2.0) << what << " " << k;
    }
  };
  const ParameterGrad grad = run_parameter_grad(ctx, p, 8);
  expect_derivative(p.weight, grad.weight, "weight");
  expect_derivative(p.bias, grad.bias, "bias");
  expect_derivative(p.x, run_input_grad(ctx, p), "input");
}

TEST(LinearReferenceTest, MicroBatchesOfIntegersGiveTheWholeBatch) {
  const Context& ctx = context_of("reference");
  const Problem p = integer_problem({37, 5, 3});
  const ParameterGrad want = plain_parameter_grad(p, 8);
  for (std::int64_t micro : {1, 3, 20}) {
    const ParameterGrad got = run_parameter_grad(ctx, p, 8, micro);
    expect_same_bits(got.weight, want.weight, "grad_weight");
    expect_same_bits(got.bias, want.bias, "grad_bias");
  }
}

}  // namespace
}  // namespace thalweg::test
