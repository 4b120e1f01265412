// Fast numerics of the linear layer on cuda: within derived bounds of double sums, the same from run to run,
// and exact wherever the exact kernels are kept.
#include <gtest/gtest.h>

#include "host/runtime/cuda_backend.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/linear/linear.hpp"
#include "tests/kernels/linear_test_problem.hpp"

namespace thalweg::test {
namespace {

class FastLinear : public testing::Test {
 protected:
  void SetUp() override {
    if (std::string reason; !cuda_usable(reason)) GTEST_SKIP() << reason;
    ctx_ = std::make_unique<Context>(ContextOptions{.device = "cuda", .numerics = Numerics::fast});
  }
  const Context& ctx() const { return *ctx_; }

 private:
  std::unique_ptr<Context> ctx_;
};

/// Shapes of which every product goes to the library: more than eight features and outputs.
const std::vector<Shape> kFastShapes = {{1, 9, 9},     {2, 31, 10},   {3, 32, 33},    {31, 33, 32},
                                        {33, 127, 31}, {127, 64, 12}, {255, 257, 10}, {32, 1000, 9},
                                        {33, 31, 257}, {257, 16, 16}};

/// A product of two inputs cut to 11 significant bits (TF32; tensor cores may drop the others instead of
/// rounding, so that each input is off by up to 2^-10), in sums whose additions may drop bits below 2^-23 of
/// the largest term, of which a block adds its terms and the sum so far (Fasi, Higham, Mikaitis and Pranesh
/// 2021): at most 2 terms 2^-23 of the sum of magnitudes.
double fast_bound(std::int64_t terms) {
  const double ku = static_cast<double>(terms + 2) * 0x1p-22;
  return (1 + 0x1p-10) * (1 + 0x1p-10) * (1 + ku / (1 - ku)) - 1;
}

template <class Term>
void expect_fast_sum(float got, std::int64_t terms, const Term& term, const std::string& what) {
  double want = 0.0, magnitude = 0.0;
  for (std::int64_t k = 0; k < terms; ++k) {
    want += term(k);
    magnitude += std::abs(term(k));
  }
  ASSERT_LE(std::abs(got - want), fast_bound(terms) * magnitude) << what << ": want " << want;
}

void expect_forward(const Floats& out, const Problem& p, bool bias) {
  const auto [samples, features, outputs] = p.shape;
  for (std::int64_t n = 0; n < samples; ++n) {
    for (std::int64_t o = 0; o < outputs; ++o) {
      const float *x = p.x.data() + n * p.shape.features, *w = p.weight.data() + o * p.shape.features;
      const auto term = [&, o = o](std::int64_t i) {
        return i < p.shape.features ? double{x[i]} * w[i] : double{p.bias[at(o)]};
      };
      expect_fast_sum(out[at(n * outputs + o)], features + (bias ? 1 : 0), term, "forward " + text(p.shape));
    }
  }
}

void expect_grad_weight(const Floats& grad, const Problem& p) {
  const Shape s = p.shape;
  for (std::int64_t o = 0; o < s.outputs; ++o) {
    for (std::int64_t i = 0; i < s.features; ++i) {
      const auto term = [&](std::int64_t n) {
        return double{p.grad[at(n * s.outputs + o)]} * p.x[at(n * s.features + i)];
      };
      expect_fast_sum(grad[at(o * s.features + i)], s.samples, term, "grad_weight " + text(s));
    }
  }
}

TEST_F(FastLinear, ProductsStayWithinTheirErrorBound) {
  for (const Shape& s : kFastShapes) {
    const Problem p = real_problem(s, 11);
    expect_forward(run_forward(ctx(), p), p, true);
    expect_forward(run_forward(ctx(), p, false), p, false);
    expect_grad_weight(run_parameter_grad(ctx(), p, 8).weight, p);
    const Floats grad_input = run_input_grad(ctx(), p);
    for (std::int64_t n = 0; n < s.samples; ++n) {
      for (std::int64_t i = 0; i < s.features; ++i) {
        const auto term = [&](std::int64_t o) {
          return double{p.grad[at(n * s.outputs + o)]} * p.weight[at(o * s.features + i)];
        };
        expect_fast_sum(grad_input[at(n * s.features + i)], s.outputs, term, "input_grad " + text(s));
      }
    }
    if (HasFatalFailure()) return;
  }
}

TEST_F(FastLinear, SmallIntegersComeOutExactlyAndTheBiasGradientKeepsItsBits) {
  for (const Shape& s : kFastShapes) {
    const Problem p = integer_problem(s);
    expect_same_bits(run_forward(ctx(), p), plain_forward(p), "forward " + text(s));
    expect_same_bits(run_input_grad(ctx(), p), plain_input_grad(p), "input_grad " + text(s));
    expect_same_bits(run_parameter_grad(ctx(), p, 8).weight, plain_parameter_grad(p, 8).weight,
                     "grad_weight " + text(s));
    const Problem q = real_problem(s);
    expect_same_bits(run_parameter_grad(ctx(), q, 8).bias, plain_parameter_grad(q, 8).bias,
                     "grad_bias " + text(s));
  }
}

TEST_F(FastLinear, IsTheSameFromRunToRunAndFromContextToContext) {
  const Context other({.device = "cuda", .numerics = Numerics::fast});
  for (const Shape& s : {Shape{33, 127, 31}, Shape{127, 64, 12}}) {
    const Problem p = real_problem(s);
    for (const Context* again : {&ctx(), &other}) {
      expect_same_bits(run_forward(*again, p), run_forward(ctx(), p), "forward");
      expect_same_bits(run_input_grad(*again, p), run_input_grad(ctx(), p), "input_grad");
      expect_same_bits(run_parameter_grad(*again, p, 8).weight, run_parameter_grad(ctx(), p, 8).weight,
                       "grad_weight");
    }
  }
}

TEST_F(FastLinear, TakesTensorCoresWhereTheyAreThere) {
  if (cuda_devices().at(0).compute_major < 8) GTEST_SKIP() << "TF32 begins with compute capability 8.0";
  const Problem p = real_problem({33, 127, 31});
  EXPECT_NE(run_forward(ctx(), p), plain_forward(p));
  EXPECT_NE(run_input_grad(ctx(), p), plain_input_grad(p));
  EXPECT_NE(run_parameter_grad(ctx(), p, 8).weight, plain_parameter_grad(p, 8).weight);
}

TEST_F(FastLinear, FewOutputsFewFeaturesAndMicroBatchesKeepTheExactBits) {
  for (const Shape& s : {Shape{33, 127, 8}, Shape{33, 8, 31}, Shape{0, 127, 31}}) {
    const Problem p = real_problem(s);
    expect_same_bits(run_forward(ctx(), p), plain_forward(p), "forward " + text(s));
    expect_same_bits(run_input_grad(ctx(), p), plain_input_grad(p), "input_grad " + text(s));
    const ParameterGrad got = run_parameter_grad(ctx(), p, 8), want = plain_parameter_grad(p, 8);
    expect_same_bits(got.weight, want.weight, "grad_weight " + text(s));
    expect_same_bits(got.bias, want.bias, "grad_bias " + text(s));
  }
  const Problem p = real_problem({33, 40, 12});
  const ParameterGrad got = run_parameter_grad(ctx(), p, 8, 10), want = plain_parameter_grad(p, 8);
  expect_same_bits(got.weight, want.weight, "grad_weight in micro-batches");
  expect_same_bits(got.bias, want.bias, "grad_bias in micro-batches");
}

/// Rows of a wider data set, bytes or floats, picked by ids and perhaps scaled.
struct PickedRows {
  static constexpr std::int64_t kDataRows = 40, kStride = 61;
  std::vector<std::int64_t> ids = {3, 39, 0, 7, 7, 12, 31};
  std::vector<std::uint8_t> bytes;
  Floats floats, scale, shift;

  explicit PickedRows(std::int64_t features)
      : scale(random_floats(features, 6, 0.5f, 2.0f)), shift(random_floats(features, 7)) {
    for (const float v : random_integers(kDataRows * kStride, 5, 100)) {
      bytes.push_back(static_cast<std::uint8_t>(v + 100.0f));
      floats.push_back(static_cast<float>(bytes.back()));
    }
  }
  Problem prepared(Shape s, bool by_ids, bool scaled) const {
    Problem p = real_problem(s);
    for (std::int64_t n = 0; n < s.samples; ++n) {
      for (std::int64_t i = 0; i < s.features; ++i) {
        const float v = floats[at((by_ids ? ids[at(n)] : n) * kStride + i)];
        p.x[at(n * s.features + i)] = scaled ? std::fma(v, scale[at(i)], shift[at(i)]) : v;
      }
    }
    return p;
  }
};

TEST_F(FastLinear, ReadsGatheredConvertedScaledAndStridedRows) {
  const Shape s{7, 57, 11};
  const PickedRows rows(s.features);
  const Guarded<float> floats(ctx(), rows.floats), scale(ctx(), rows.scale), shift(ctx(), rows.shift);
  const Guarded<std::uint8_t> bytes(ctx(), rows.bytes);
  const Guarded<std::int64_t> ids(ctx(), rows.ids);
  for (const bool as_bytes : {false, true}) {
    for (const bool by_ids : {false, true}) {
      for (const bool scaled : {false, true}) {
        const Problem p = rows.prepared(s, by_ids, scaled);
        const Guarded<float> weight(ctx(), p.weight), bias(ctx(), p.bias), grad(ctx(), p.grad);
        const Guarded<float> out(ctx(), s.samples * s.outputs), weight_sum(ctx(), s.outputs * s.features);
        const DenseRows input{.data = as_bytes ? static_cast<const void*>(bytes.data()) : floats.data(),
                              .dtype = as_bytes ? DType::u8 : DType::f32,
                              .rows = s.samples,
                              .cols = s.features,
                              .stride = PickedRows::kStride,
                              .ids = by_ids ? ids.data() : nullptr,
                              .scale = scaled ? scale.data() : nullptr,
                              .shift = scaled ? shift.data() : nullptr};
        const LinearOps& ops = backend_of(ctx()).linear;
        ops.forward(device_of(ctx()), {.input = input,
                                       .weight = weight.data(),
                                       .bias = bias.data(),
                                       .output = matrix(out.data(), s.samples, s.outputs)});
        ops.parameter_grad(device_of(ctx()),
                           {.input = input,
                            .grad_output = matrix<const float>(grad.data(), s.samples, s.outputs),
                            .slices = whole_batch(s.samples),
                            .grad_weight = {.sum = weight_sum.data()}});
        expect_forward(out.download(), p, true);
        expect_grad_weight(weight_sum.download(), p);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_F(FastLinear, WritesNothingBetweenTheRowsOfStridedMatrices) {
  const Problem p = integer_problem({19, 21, 33});
  const Shape s = p.shape;
  const std::int64_t gap = 3, stride = s.outputs + gap;
  const Guarded<float> x(ctx(), p.x), weight(ctx(), p.weight), bias(ctx(), p.bias);
  const Guarded<float> out(ctx(), s.samples * stride);
  backend_of(ctx()).linear.forward(device_of(ctx()),
                                   {.input = dense_rows(matrix<const float>(x.data(), s.samples, s.features)),
                                    .weight = weight.data(),
                                    .bias = bias.data(),
                                    .output = {out.data(), s.samples, s.outputs, stride}});
  const Floats got = out.download(), want = plain_forward(p);
  for (std::int64_t n = 0; n < s.samples; ++n) {
    for (std::int64_t o = 0; o < s.outputs; ++o)
      ASSERT_EQ(got[at(n * stride + o)], want[at(n * s.outputs + o)]) << n << ", " << o;
    for (std::int64_t o = s.outputs; o < stride; ++o) ASSERT_TRUE(std::isnan(got[at(n * stride + o)]));
  }
}

TEST(FastLinearOnCpu, MeansExact) {
  const Context fast({.device = "cpu", .numerics = Numerics::fast, .threads = 2});
  const Problem p = real_problem({33, 127, 31});
  expect_same_bits(run_forward(fast, p), plain_forward(p), "forward");
}

}  // namespace
}  // namespace thalweg::test
