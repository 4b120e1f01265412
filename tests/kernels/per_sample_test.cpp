// Per-sample norms, clip factors, gradients and noise: every device against the formulas in double, the exact
// ones against each other bit for bit.
#include "kernels/per_sample/per_sample.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/base/chains.hpp"
#include "kernels/per_sample/noise_math.hpp"
#include "tests/support/backends.hpp"

namespace thalweg {
namespace {

using test::gamma_bound;
using test::Guarded;
using Floats = std::vector<float>;
using Doubles = std::vector<double>;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }
/// Roundings of a sum along a row: the square, its chain, the tree.
std::int64_t row_roundings(std::int64_t count) { return count / kChains + 2 + 7; }

class PerSampleTest : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx() const { return test::context_of(GetParam()); }
  const PerSampleOps& ops() const { return backend_of(ctx()).per_sample; }
};
INSTANTIATE_TEST_SUITE_P(Devices, PerSampleTest, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

Floats run_row_squares(const Context& ctx, const Floats& x, std::int64_t rows, std::int64_t cols) {
  const Guarded<float> input(ctx, x), squares(ctx, rows);
  backend_of(ctx).per_sample.dense_row_squares(
      device_of(ctx),
      {.input = dense_rows(matrix<const float>(input.data(), rows, cols)), .squares = squares.data()});
  return squares.download();
}

TEST_P(PerSampleTest, SquaresOfRowsAreWithinTheirErrorBound) {
  for (const std::int64_t cols : test::kNastySizes) {
    for (const std::int64_t rows : {0, 1, 33}) {
      const Floats x = test::random_floats(rows * cols, 3);
      Doubles want, bound;
      for (std::int64_t n = 0; n < rows; ++n) {
        double sum = 0;
        for (std::int64_t j = 0; j < cols; ++j) sum += std::pow(double{x[at(n * cols + j)]}, 2);
        want.push_back(sum), bound.push_back(gamma_bound(row_roundings(cols)) * sum);
      }
      test::expect_within(run_row_squares(ctx(), x, rows, cols), want, bound, std::to_string(cols));
    }
  }
}

TEST_P(PerSampleTest, SquaresOfBytesAreOfTheFeaturesAsTheModelReadsThem) {
  const std::int64_t rows = 3, cols = 200;
  std::vector<std::uint8_t> raw;
  for (std::int64_t i = 0; i < rows * cols; ++i) raw.push_back(static_cast<std::uint8_t>(i * 37 % 256));
  const Floats scales = test::random_floats(cols, 1, 0.001f, 0.01f), shifts = test::random_floats(cols, 2);
  const std::vector<std::int64_t> order{2, 0};
  const Guarded<std::uint8_t> data(ctx(), raw);
  const Guarded<float> scale(ctx(), scales), shift(ctx(), shifts), squares(ctx(), 2), plain(ctx(), 2);
  const Guarded<std::int64_t> ids(ctx(), order);
  DenseRows x{.data = data.data(), .dtype = DType::u8, .rows = 2, .cols = cols, .stride = cols};
  x.ids = ids.data();
  ops().dense_row_squares(device_of(ctx()), {.input = x, .squares = plain.data()});
  x.scale = scale.data(), x.shift = shift.data();
  ops().dense_row_squares(device_of(ctx()), {.input = x, .squares = squares.data()});
  Doubles want, bound, plain_want;
  for (const std::int64_t id : order) {
    double sum = 0, plain_sum = 0, error = 0;
    for (std::int64_t j = 0; j < cols; ++j) {
      const double value = raw[at(id * cols + j)];
      const double read = value * scales[at(j)] + shifts[at(j)];
      sum += read * read, plain_sum += value * value, error += 3 * std::abs(read) * 0x1p-24 * std::abs(read);
    }
    want.push_back(sum), plain_want.push_back(plain_sum);
    bound.push_back(gamma_bound(row_roundings(cols)) * sum + error);
  }
  test::expect_within(squares.download(), want, bound, "scaled");
  test::expect_within(plain.download(), plain_want, {0, 0}, "bytes: sums below 2^24 are exact");
}

TEST_P(PerSampleTest, SquaresOfFloatsAreOfTheFeaturesAsTheModelReadsThem) {
  // rows 2 and 0 of three, whose third element is not a feature: (2 * 7 + 1, 3 * 8 - 1) and (2 * 1 + 1, 3 * 2
  // - 1)
  const Guarded<float> data(ctx(), Floats{1, 2, 100, 4, 5, 100, 7, 8, 100}), squares(ctx(), 2);
  const Guarded<float> scale(ctx(), Floats{2, 3}), shift(ctx(), Floats{1, -1});
  const Guarded<std::int64_t> ids(ctx(), std::vector<std::int64_t>{2, 0});
  ops().dense_row_squares(device_of(ctx()), {.input = {.data = data.data(),
                                                       .rows = 2,
                                                       .cols = 2,
                                                       .stride = 3,
                                                       .ids = ids.data(),
                                                       .scale = scale.data(),
                                                       .shift = shift.data()},
                                             .squares = squares.data()});
  test::expect_same_bits(squares.download(), {15 * 15 + 23 * 23, 9 + 25}, "squares");
}

TEST_P(PerSampleTest, SquaresOfSparseRowsAreThoseOfTheirValues) {
  const std::vector<std::int64_t> offsets{0, 3, 3, 303};
  const Floats values = test::random_floats(303, 5);
  const Guarded<std::int64_t> begin(ctx(), offsets);
  const Guarded<float> entries(ctx(), values), squares(ctx(), 3);
  const Guarded<std::int32_t> columns(ctx(), std::vector<std::int32_t>(303, 0));
  ops().sparse_row_squares(device_of(ctx()), {.input = {.offsets = begin.data(),
                                                        .columns = columns.data(),
                                                        .values = entries.data(),
                                                        .rows = 3,
                                                        .cols = 1000},
                                              .squares = squares.data()});
  Doubles want, bound;
  for (std::size_t n = 0; n < 3; ++n) {
    double sum = 0;
    for (std::int64_t e = offsets[n]; e < offsets[n + 1]; ++e) sum += std::pow(double{values[at(e)]}, 2);
    want.push_back(sum), bound.push_back(gamma_bound(row_roundings(300)) * sum);
  }
  test::expect_within(squares.download(), want, bound, "sparse rows");
}

/// A linear layer's rows, output gradients, and its per-sample gradients [N, O * I + O] in double.
struct LinearRows {
  std::int64_t rows, in, out;
  Floats x, grad;
  LinearRows(std::int64_t n, std::int64_t i, std::int64_t o)
      : rows(n), in(i), out(o), x(test::random_floats(n * i, 1)), grad(test::random_floats(n * o, 2)) {}

  double squared_norm(std::int64_t n, bool bias) const {
    double sum = 0;
    for (std::int64_t o = 0; o < out; ++o) {
      const double g = grad[at(n * out + o)];
      for (std::int64_t i = 0; i < in; ++i) sum += std::pow(g * x[at(n * in + i)], 2);
      if (bias) sum += g * g;
    }
    return sum;
  }
};

enum class Squares { known, of_input };

Floats run_squared_norms(const Context& ctx, const LinearRows& r, bool bias, Squares input) {
  const Guarded<float> grad(ctx, r.grad), x(ctx, r.x), norms(ctx, r.rows);
  LinearSquaredNorms call{.grad_output = matrix<const float>(grad.data(), r.rows, r.out),
                          .bias = bias,
                          .squared_norms = norms.data()};
  if (input == Squares::of_input) {
    call.input = matrix<const float>(x.data(), r.rows, r.in);
    backend_of(ctx).per_sample.linear_squared_norms(device_of(ctx), call);
    return norms.download();
  }
  const Guarded<float> squares(ctx, run_row_squares(ctx, r.x, r.rows, r.in));
  call.input_squares = squares.data();
  backend_of(ctx).per_sample.linear_squared_norms(device_of(ctx), call);
  return norms.download();
}

TEST_P(PerSampleTest, SquaredNormsOfALinearLayerAreThoseOfItsGradients) {
  for (const auto& [n, i, o] : {std::tuple{0, 3, 2}, {1, 1, 1}, {2, 33, 10}, {5, 257, 1}, {3, 1, 255}}) {
    const LinearRows rows(n, i, o);
    for (const bool bias : {false, true}) {
      Doubles want, bound;
      for (std::int64_t row = 0; row < n; ++row) {
        want.push_back(rows.squared_norm(row, bias));
        bound.push_back(gamma_bound(row_roundings(i) + row_roundings(o) + 2) * want.back());
      }
      test::expect_within(run_squared_norms(ctx(), rows, bias, Squares::known), want, bound, "known");
      test::expect_within(run_squared_norms(ctx(), rows, bias, Squares::of_input), want, bound, "of input");
    }
  }
}

TEST_P(PerSampleTest, KnownSquaresAreThoseOfTheRowsOfTheData) {
  const Guarded<float> grad(ctx(), Floats{1, 2, 3, 4}), squares(ctx(), Floats{10, 20, 30}), norms(ctx(), 2);
  const Guarded<std::int64_t> ids(ctx(), std::vector<std::int64_t>{2, 0});
  ops().linear_squared_norms(device_of(ctx()), {.grad_output = matrix<const float>(grad.data(), 2, 2),
                                                .input_squares = squares.data(),
                                                .ids = ids.data(),
                                                .squared_norms = norms.data()});
  test::expect_same_bits(norms.download(), {(1 + 4) * 31, (9 + 16) * 11}, "norms");
}

TEST_P(PerSampleTest, SquaredNormsOfALayerNormAreThoseOfItsGradients) {
  for (const std::int64_t cols : {1, 33, 257}) {
    const std::int64_t rows = 3;
    const Floats dy = test::random_floats(rows * cols, 1), x = test::random_floats(rows * cols, 2);
    const Floats means{0.25f, -0.5f, 0.0f}, rstds{1.5f, 2.0f, 0.5f};
    const Guarded<float> grad(ctx(), dy), input(ctx(), x), mean(ctx(), means), rstd(ctx(), rstds);
    const Guarded<float> norms(ctx(), rows), weight(ctx(), rows * cols), bias(ctx(), rows * cols);
    const auto grad_view = matrix<const float>(grad.data(), rows, cols);
    const auto input_view = matrix<const float>(input.data(), rows, cols);
    ops().layer_norm_squared_norms(device_of(ctx()), {.grad_output = grad_view,
                                                      .input = input_view,
                                                      .mean = mean.data(),
                                                      .rstd = rstd.data(),
                                                      .squared_norms = norms.data()});
    ops().layer_norm_gradients(device_of(ctx()), {.grad_output = grad_view,
                                                  .input = input_view,
                                                  .mean = mean.data(),
                                                  .rstd = rstd.data(),
                                                  .gradients = matrix(weight.data(), rows, cols),
                                                  .bias_gradients = matrix(bias.data(), rows, cols)});
    Doubles want, bound, gradient, gradient_bound;
    for (std::int64_t n = 0; n < rows; ++n) {
      double sum = 0, magnitude = 0;
      for (std::int64_t c = 0; c < cols; ++c) {
        const double g = dy[at(n * cols + c)], far = std::abs(x[at(n * cols + c)]) + std::abs(means[at(n)]);
        const double xhat = (double{x[at(n * cols + c)]} - means[at(n)]) * rstds[at(n)];
        sum += g * g * (xhat * xhat + 1), magnitude += g * g * (std::pow(far * rstds[at(n)], 2) + 1);
        gradient.push_back(g * xhat);
        gradient_bound.push_back(gamma_bound(3) * std::abs(g) * far * rstds[at(n)]);
      }
      want.push_back(sum), bound.push_back(gamma_bound(row_roundings(cols) + 7) * magnitude);
    }
    test::expect_within(norms.download(), want, bound, "norms");
    test::expect_within(weight.download(), gradient, gradient_bound, "gradients");
    test::expect_same_bits(bias.download(), dy, "bias gradients");
  }
}

struct Factors {
  Floats norms, factors;
};

Factors run_factors(const Context& ctx, ClipMode mode, const Floats& squares, std::int64_t layers,
                    float clip_norm, float scale) {
  const std::int64_t rows = static_cast<std::int64_t>(squares.size()) / layers;
  const Guarded<float> squared(ctx, squares), scale_there(ctx, Floats{scale}), norms(ctx, rows),
      factors(ctx, mode == ClipMode::per_layer ? layers * rows : rows);
  backend_of(ctx).per_sample.clip_factors(device_of(ctx), {.mode = mode,
                                                           .rows = rows,
                                                           .layers = layers,
                                                           .squared_norms = squared.data(),
                                                           .stride = rows,
                                                           .clip_norm = clip_norm,
                                                           .scale = scale_there.data(),
                                                           .norms = norms.data(),
                                                           .factors = factors.data()});
  return {norms.download(), factors.download()};
}

TEST_P(PerSampleTest, FlatClippingBoundsTheWholeNormAndLeavesSmallerOnesAlone) {
  const Factors got = run_factors(ctx(), ClipMode::flat, {9, 0, 0.09f, 16, 0, 0.16f}, 2, 2.0f, 0.5f);
  const double u = gamma_bound(4);
  test::expect_within(got.norms, {5, 0, 0.5}, {5 * u, 0, 2 * u}, "norms");
  test::expect_within(got.factors, {0.5 * 2 / (5 + 1e-6), 0.5, 0.5}, {u, 0, 0}, "factors");
}

TEST_P(PerSampleTest, PerLayerClippingBoundsEachLayer) {
  const Factors got = run_factors(ctx(), ClipMode::per_layer, {9, 1, 16, 25}, 2, 2.0f, 1.0f);
  const double u = gamma_bound(4);
  test::expect_within(got.factors, {2 / (3 + 1e-6), 1, 2 / (4 + 1e-6), 2 / (5 + 1e-6)}, {u, 0, u, u},
                      "factors");
}

TEST_P(PerSampleTest, ClippingOfTinyNormsHasTheMillionthOfPytorchInIt) {
  // clip_norm / (norm + 1e-6): 1 / 2 and 1 / 4
  for (const ClipMode mode : {ClipMode::flat, ClipMode::per_layer}) {
    const Factors got = run_factors(ctx(), mode, {1e-12f, 9e-12f}, 1, 1e-6f, 1.0f);
    test::expect_within(got.factors, {0.5, 0.25}, {gamma_bound(5), gamma_bound(5)}, "factors");
  }
}

TEST_P(PerSampleTest, FactorsOfAPartOfTheRowsReadEachLayerAtItsStride) {
  // two rows of three layers, each of which has room for four; what lies between is not read
  const float gap = std::nanf("");
  const Guarded<float> squared(ctx(), Floats{1, 4, gap, gap, 4, 16, gap, gap, 4, 16, gap, gap});
  const Guarded<float> norms(ctx(), 2), factors(ctx(), Floats(12, 7.0f));
  ClipFactors call{.mode = ClipMode::flat,
                   .rows = 2,
                   .layers = 3,
                   .squared_norms = squared.data(),
                   .stride = 4,
                   .clip_norm = 1.5f,
                   .norms = norms.data(),
                   .factors = factors.data()};
  const double u = gamma_bound(4);
  ops().clip_factors(device_of(ctx()), call);
  test::expect_same_bits(norms.download(), {3, 6}, "norms");
  Floats got = factors.download();
  test::expect_within({got[0], got[1]}, {1.5 / 3.000001, 1.5 / 6.000001}, {u, u}, "flat");
  EXPECT_EQ(Floats(got.begin() + 2, got.end()), Floats(10, 7.0f));
  call.mode = ClipMode::per_layer;
  ops().clip_factors(device_of(ctx()), call);
  got = factors.download();
  const double two = 1.5 / 2.000001, four = 1.5 / 4.000001;
  test::expect_within({got[0], got[1], got[4], got[5], got[8], got[9]}, {1, two, two, four, two, four},
                      {0, u, u, u, u, u}, "per layer");
  EXPECT_EQ(got[3], 7.0f);
  EXPECT_EQ(got[7], 7.0f);
}

TEST_P(PerSampleTest, EachOfManyRowsGetsItsFactor) {
  // norms 1, 2, ..., 1000 and a bound of 500: a factor of 1 as far as it, then 500 / n
  Floats squares;
  Doubles norms, factors, bound;
  for (int n = 1; n <= 1000; ++n) {
    squares.push_back(static_cast<float>(n * n));
    norms.push_back(n), factors.push_back(std::min(1.0, 500 / (n + 1e-6))), bound.push_back(gamma_bound(3));
  }
  const Factors got = run_factors(ctx(), ClipMode::flat, squares, 1, 500.0f, 1.0f);
  test::expect_within(got.norms, norms, Doubles(1000, 0.0), "norms");
  test::expect_within(got.factors, factors, bound, "factors");
}

TEST_P(PerSampleTest, AutomaticClippingNormalisesEverySample) {
  const Factors got = run_factors(ctx(), ClipMode::automatic, {9, 0}, 1, 2.0f, 1.0f);
  test::expect_within(got.factors, {2 / 3.01, 200}, {gamma_bound(5), 200 * gamma_bound(5)}, "factors");
}

TEST_P(PerSampleTest, WithoutABoundTheFactorIsTheScale) {
  const Factors got = run_factors(ctx(), ClipMode::flat, {9, 1e30f}, 1, 0.0f, 0.125f);
  test::expect_same_bits(got.factors, {0.125f, 0.125f}, "factors");
}

TEST_P(PerSampleTest, RowsAreScaledInPlace) {
  const Floats values{1, 2, 3, 4, 5, 6};
  const Guarded<float> rows(ctx(), values), factors(ctx(), Floats{0.5f, 2.0f});
  ops().scale_rows(device_of(ctx()), {.matrix = matrix(rows.data(), 2, 3), .factors = factors.data()});
  test::expect_same_bits(rows.download(), {0.5f, 1, 1.5f, 8, 10, 12}, "rows");
}

TEST_P(PerSampleTest, RowsOfNineAreScaledToTheLast) {
  Floats values, want;
  for (int i = 0; i < 18; ++i) {
    values.push_back(static_cast<float>(i));
    want.push_back(static_cast<float>(i < 9 ? 2 * i : 3 * i));
  }
  const Guarded<float> rows(ctx(), values), factors(ctx(), Floats{2, 3});
  ops().scale_rows(device_of(ctx()), {.matrix = matrix(rows.data(), 2, 9), .factors = factors.data()});
  test::expect_same_bits(rows.download(), want, "rows");
}

TEST_P(PerSampleTest, SquaresOfSparseRowsAreThoseOfTheRowsOfTheData) {
  const Guarded<std::int64_t> offsets(ctx(), std::vector<std::int64_t>{0, 2, 3, 5});
  const Guarded<std::int64_t> ids(ctx(), std::vector<std::int64_t>{2, 0});
  const Guarded<std::int32_t> columns(ctx(), std::vector<std::int32_t>{0, 1, 0, 1, 2});
  const Guarded<float> values(ctx(), Floats{1, 2, 3, 4, 5}), squares(ctx(), 2);
  ops().sparse_row_squares(device_of(ctx()), {.input = {.offsets = offsets.data(),
                                                        .columns = columns.data(),
                                                        .values = values.data(),
                                                        .rows = 2,
                                                        .cols = 3,
                                                        .ids = ids.data()},
                                              .squares = squares.data()});
  test::expect_same_bits(squares.download(), {16 + 25, 1 + 4}, "squares");
}

TEST_P(PerSampleTest, GradientsOfSamplesAreOuterProductsInTheirColumns) {
  const std::int64_t n = 3, in = 5, out = 2, stride = in * out + out + 3;
  const LinearRows r(n, in, out);
  const Guarded<float> x(ctx(), r.x), grad(ctx(), r.grad), all(ctx(), Floats(at(n * stride), 7.0f));
  ops().dense_gradients(device_of(ctx()), {.input = dense_rows(matrix<const float>(x.data(), n, in)),
                                           .grad_output = matrix<const float>(grad.data(), n, out),
                                           .gradients = {all.data(), n, in * out, stride},
                                           .bias_gradients = {all.data() + in * out, n, out, stride}});
  Floats want(at(n * stride), 7.0f);
  for (std::int64_t s = 0; s < n; ++s) {
    for (std::int64_t o = 0; o < out; ++o) {
      const float g = r.grad[at(s * out + o)];
      for (std::int64_t i = 0; i < in; ++i) want[at(s * stride + o * in + i)] = g * r.x[at(s * in + i)];
      want[at(s * stride + in * out + o)] = g;
    }
  }
  test::expect_same_bits(all.download(), want, "gradients");
}

TEST_P(PerSampleTest, GradientsOfSamplesWithoutABiasEndWhereTheirColumnsDo) {
  const Guarded<float> x(ctx(), Floats{1, 2, 3, 4}), grad(ctx(), Floats{5, 6}), all(ctx(), Floats(8, 7.0f));
  ops().dense_gradients(device_of(ctx()), {.input = dense_rows(matrix<const float>(x.data(), 2, 2)),
                                           .grad_output = matrix<const float>(grad.data(), 2, 1),
                                           .gradients = {all.data(), 2, 2, 4}});
  test::expect_same_bits(all.download(), {5, 10, 7, 7, 18, 24, 7, 7}, "gradients");
}

TEST_P(PerSampleTest, GradientsOfSparseSamplesAreZeroWhereTheRowHasNoEntry) {
  const Guarded<std::int64_t> offsets(ctx(), std::vector<std::int64_t>{0, 2, 2, 3});
  const Guarded<std::int32_t> columns(ctx(), std::vector<std::int32_t>{1, 3, 0});
  const Guarded<float> values(ctx(), Floats{2, 3, 4}), grad(ctx(), Floats{10, 20, 30, 40}), all(ctx(), 16);
  const Guarded<std::int64_t> ids(ctx(), std::vector<std::int64_t>{2, 0});
  ops().sparse_gradients(device_of(ctx()), {.input = {.offsets = offsets.data(),
                                                      .columns = columns.data(),
                                                      .values = values.data(),
                                                      .rows = 2,
                                                      .cols = 4,
                                                      .ids = ids.data()},
                                            .grad_output = matrix<const float>(grad.data(), 2, 2),
                                            .gradients = matrix(all.data(), 2, 8)});
  test::expect_same_bits(all.download(), {40, 0, 0, 0, 80, 0, 0, 0, 0, 60, 0, 90, 0, 80, 0, 120},
                         "gradients");
}

Floats noise(const Context& ctx, std::int64_t size, std::uint64_t step, std::uint32_t stream) {
  const Guarded<float> values(ctx, Floats(at(size), 0.0f)), deviation(ctx, Floats{1.0f});
  const Guarded<std::uint64_t> counter(ctx, std::vector<std::uint64_t>{step});
  backend_of(ctx).per_sample.add_noise(device_of(ctx), {.values = values.data(),
                                                        .size = size,
                                                        .deviation = deviation.data(),
                                                        .key = philox_key(7, RandomPurpose::noise),
                                                        .stream = stream,
                                                        .step = counter.data()});
  return values.download();
}

TEST_P(PerSampleTest, NoiseIsWithinAFewRoundingsOfTheReference) {
  const Floats want = noise(test::context_of("reference"), 20000, 3, 1);
  const Floats got = noise(ctx(), 20000, 3, 1);
  // The square of the radius r errs by about 2^-23 near u = 1 and by ulps elsewhere; the angle and the series
  // by about 1e-7 each.
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double r = std::hypot(want[i], want[i ^ 1]);
    ASSERT_NEAR(got[i], want[i], 4e-6 + std::min(4e-4, 1.5e-7 / r)) << i;
  }
}

TEST_P(PerSampleTest, NoiseHasTheMomentsAndTailsOfANormal) {
  const std::int64_t count = 200000;
  const Floats z = noise(ctx(), count, 1, 0);
  double sum = 0, squares = 0, fourth = 0, product = 0;
  std::int64_t beyond_two = 0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double x = z[i];
    sum += x, squares += x * x, fourth += x * x * x * x, beyond_two += std::abs(x) > 2;
    if (i > 0) product += x * z[i - 1];
  }
  const double n = static_cast<double>(count), five = 5 / std::sqrt(n);  // five standard errors
  EXPECT_NEAR(sum / n, 0, five);
  EXPECT_NEAR(squares / n, 1, five * std::sqrt(2.0));
  EXPECT_NEAR(fourth / n, 3, five * std::sqrt(96.0));
  EXPECT_NEAR(product / n, 0, five);
  EXPECT_NEAR(static_cast<double>(beyond_two) / n, 0.0455003, five * std::sqrt(0.0455 * 0.9545));
}

TEST_P(PerSampleTest, NoiseIsThatOfItsPage) {
  // docs/numerics.md, "Random numbers", and Box and Muller 1958, carried out in Python in double: seed 7,
  // stream 3, step 2^32 + 5. The radii are above 0.5, so the errors stay below those of the test above.
  const Doubles want{-0.15471666, -0.81356955, -0.58676295, 0.33937680,  1.33430024, -0.03666257,
                     0.06606736,  -0.57863742, 0.67556299,  -2.15363244, 0.57436272, -0.79699589,
                     0.18889090,  -0.84297681, -1.22675728, 0.86329982};
  test::expect_within(noise(ctx(), 16, (std::uint64_t{1} << 32) + 5, 3), want, Doubles(16, 4e-6), "noise");
}

TEST(PerSampleCosts, AreTheNumbersReadWrittenAndRounded) {
  // 2 rows of 3 inputs and 5 outputs, float32
  const auto expect = [](const Cost& cost, std::int64_t flops, std::int64_t read, std::int64_t written) {
    EXPECT_EQ(cost.flops, flops);
    EXPECT_EQ(cost.bytes_read, read);
    EXPECT_EQ(cost.bytes_written, written);
  };
  expect(row_squares_cost(2, 3), 12, 24, 8);
  expect(linear_squared_norms_cost(2, 3, 5), 2 * (6 + 10 + 2), 4 * (6 + 10), 8);
  expect(scale_rows_cost(2, 5), 10, 4 * (10 + 2), 40);
  expect(dense_gradients_cost(2, 3, 5), 60, 4 * (6 + 10), 4 * (30 + 10));
  expect(gaussian_noise_cost(7), 280, 28, 28);
}

TEST(NormalPair, ReachesFromZeroToTheRadiusOfTheSmallestWord) {
  // r = sqrt(-2 log(2^-33)) and sqrt(-2 log(1)); the angle of word 0 is 0.
  EXPECT_NEAR(normal_pair(0, 0).even, 6.7637056, 1e-6);
  EXPECT_EQ(normal_pair(0, 0).odd, 0);
  EXPECT_EQ(normal_pair(0xffffffffu, 0x12345678u).even, 0);
  EXPECT_EQ(normal_pair(0xffffffffu, 0x12345678u).odd, 0);
  for (const std::uint32_t turns : {0u, 1u, 2u, 3u}) {
    const NormalPair z = normal_pair(0, turns << 30);
    EXPECT_NEAR(z.even, turns == 0 ? 6.7637056 : turns == 2 ? -6.7637056 : 0, 1e-6) << turns;
    EXPECT_NEAR(z.odd, turns == 1 ? 6.7637056 : turns == 3 ? -6.7637056 : 0, 1e-6) << turns;
  }
}

TEST(NormalPair, SeriesOfSineAndCosineLeaveOutNothingThatCanBeSeen) {
  // Near pi / 4 the last terms of the two series are 3e-7 and 2e-8 and what is left out is below 4e-9.
  // Roundings, 6e-8 each at most, average out over many arguments.
  double sine = 0, cosine = 0;
  const int count = 10000;
  for (int i = 0; i < count; ++i) {
    const float h = 0.75f + 0.035f * static_cast<float>(i) / count;
    ASSERT_NEAR(sine_near_zero(h), std::sin(double{h}), 1.2e-7) << h;
    ASSERT_NEAR(cosine_near_zero(h), std::cos(double{h}), 1.2e-7) << h;
    sine += sine_near_zero(h) - std::sin(double{h});
    cosine += cosine_near_zero(h) - std::cos(double{h});
  }
  EXPECT_NEAR(sine / count, 0, 1e-8);
  EXPECT_NEAR(cosine / count, 0, 1e-8);
}

TEST_P(PerSampleTest, NoiseOfASmallWordIsFarFromZero) {
  // In step 82209949 the first word is 3: by Box and Muller in Python, of (3 + 1/2) / 2^32.
  const Doubles want{3.48022100, 5.45380192, -0.79039258, -0.12648731};
  test::expect_within(noise(ctx(), 4, 82209949, 0), want, Doubles(4, 4e-6), "noise");
}

TEST_P(PerSampleTest, NoiseIsAddedInUnitsOfTheDeviation) {
  const Floats z = noise(ctx(), 3, 5, 2);
  const Guarded<float> values(ctx(), Floats{1, 2, 3}), deviation(ctx(), Floats{0.5f});
  const Guarded<std::uint64_t> counter(ctx(), std::vector<std::uint64_t>{5});
  ops().add_noise(device_of(ctx()), {.values = values.data(),
                                     .size = 3,
                                     .deviation = deviation.data(),
                                     .key = philox_key(7, RandomPurpose::noise),
                                     .stream = 2,
                                     .step = counter.data()});
  Doubles want, bound;
  for (const int k : {0, 1, 2}) {
    want.push_back(k + 1 + 0.5 * z[at(k)]);
    bound.push_back(gamma_bound(2) * (k + 1 + std::abs(z[at(k)])));
  }
  test::expect_within(values.download(), want, bound, "values");
}

TEST_P(PerSampleTest, NoiseDependsOnStepStreamAndElementAlone) {
  const Floats all = noise(ctx(), 1000, 5, 2), some = noise(ctx(), 257, 5, 2);
  test::expect_same_bits(some, Floats(all.begin(), all.begin() + 257), "shorter");
  EXPECT_NE(noise(ctx(), 4, 5, 3), Floats(all.begin(), all.begin() + 4));
  EXPECT_NE(noise(ctx(), 4, 6, 2), Floats(all.begin(), all.begin() + 4));
}

/// The documented order, with the plain helper of chains.hpp.
Floats squared_norms_in_order(const LinearRows& r) {
  Floats norms;
  for (std::int64_t n = 0; n < r.rows; ++n) {
    const float *x = r.x.data() + n * r.in, *g = r.grad.data() + n * r.out;
    const float a = chain_sum(r.in, [x](float c, std::int64_t j) { return std::fma(x[j], x[j], c); });
    const float d = chain_sum(r.out, [g](float c, std::int64_t j) { return std::fma(g[j], g[j], c); });
    norms.push_back(d * (a + 1.0f));
  }
  return norms;
}

TEST(PerSampleBits, SquaredNormsAreThoseOfTheDocumentedOrderOnEveryExactDevice) {
  for (const auto& [n, i, o] : {std::tuple{37, 300, 130}, {300, 200, 10}, {3, 16, 17}, {2, 1, 3}}) {
    const LinearRows rows(n, i, o);
    const Floats want = squared_norms_in_order(rows);
    for (const std::string& device : test::exact_devices()) {
      for (const int threads : test::thread_counts(device)) {
        const Context& ctx = test::context_of(device, threads);
        test::expect_same_bits(run_squared_norms(ctx, rows, true, Squares::known), want, device);
        test::expect_same_bits(run_squared_norms(ctx, rows, true, Squares::of_input), want, device);
      }
    }
  }
}

TEST(PerSampleBits, FactorsAndNoiseAreTheSameOnEveryExactDevice) {
  const Floats squares = test::random_floats(3 * 37, 9, 0.0f, 30.0f);
  Floats first_noise;
  Factors first_factors;
  for (const std::string& device : test::exact_devices()) {
    for (const int threads : test::thread_counts(device)) {
      const Context& ctx = test::context_of(device, threads);
      const Floats z = noise(ctx, 70001, 3, 1);
      const Factors factors = run_factors(ctx, ClipMode::per_layer, squares, 3, 2.5f, 0.25f);
      if (first_noise.empty()) first_noise = z, first_factors = factors;
      test::expect_same_bits(z, first_noise, "noise, " + device);
      test::expect_same_bits(factors.norms, first_factors.norms, "norms, " + device);
      test::expect_same_bits(factors.factors, first_factors.factors, "factors, " + device);
    }
  }
}

}  // namespace
}  // namespace thalweg
