#include "kernels/layer_norm/layer_norm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/base/chains.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/slice_tree.hpp"

namespace thalweg {
namespace {

using test::gamma_bound;
using test::Guarded;

constexpr float kEps = 1e-5f;
constexpr double kUnit = 0x1p-24;

struct Data {
  std::int64_t rows = 0, cols = 0;
  std::vector<float> x, weight, bias, dy;
  double at(const std::vector<float>& m, std::int64_t n, std::int64_t c) const {
    return m[static_cast<std::size_t>(n * cols + c)];
  }
};

Data random_data(std::int64_t rows, std::int64_t cols, float low = -1.0f, float high = 2.0f) {
  return {rows,
          cols,
          test::random_floats(rows * cols, 1, low, high),
          test::random_floats(cols, 2, 0.5f, 1.5f),
          test::random_floats(cols, 3),
          test::random_floats(rows * cols, 4)};
}

struct Forward {
  std::vector<float> output, mean, rstd;
};

Forward run_forward(const Context& ctx, const Data& d, const test::Places& place = test::all_middle) {
  const Guarded<float> x(ctx, d.x, place(0)), weight(ctx, d.weight, place(1)), bias(ctx, d.bias, place(2));
  const Guarded<float> output(ctx, d.rows * d.cols, place(3)), mean(ctx, d.rows), rstd(ctx, d.rows);
  backend_of(ctx).layer_norm.forward(device_of(ctx), {.input = matrix<const float>(x.data(), d.rows, d.cols),
                                                      .weight = weight.data(),
                                                      .bias = bias.data(),
                                                      .eps = kEps,
                                                      .output = matrix(output.data(), d.rows, d.cols),
                                                      .mean = mean.data(),
                                                      .rstd = rstd.data()});
  return {output.download(), mean.download(), rstd.download()};
}

struct Backward {
  std::vector<float> grad_input, grad_weight, grad_bias;
};

struct Split {
  std::int64_t micro_batch = 0;  ///< 0: the whole batch in one call
  int slices = 8;
  bool in_place = false;
};

Backward run_backward(const Context& ctx, const Data& d, const Forward& stats, const Split& split,
                      const test::Places& place = test::all_middle) {
  const Guarded<float> x(ctx, d.x, place(0)), weight(ctx, d.weight, place(1)), dy(ctx, d.dy, place(2));
  const Guarded<float> mean(ctx, stats.mean, place(4)), rstd(ctx, stats.rstd, place(5));
  const Guarded<float> apart(ctx, d.rows * d.cols, place(3)), grad_weight(ctx, d.cols),
      grad_bias(ctx, d.cols);
  const Guarded<float> weight_partials(ctx, split.slices * d.cols), bias_partials(ctx, split.slices * d.cols);
  const Guarded<float>& grad_input = split.in_place ? dy : apart;
  const bool whole = split.micro_batch == 0;
  const std::int64_t rows_per_call = whole ? d.rows : split.micro_batch;
  std::int64_t first = 0;
  do {
    const std::int64_t rows = std::min(rows_per_call, d.rows - first), at = first * d.cols;
    backend_of(ctx).layer_norm.backward(
        device_of(ctx),
        {.grad_output = matrix<const float>(dy.data() + at, rows, d.cols),
         .input = matrix<const float>(x.data() + at, rows, d.cols),
         .weight = weight.data(),
         .mean = mean.data() + first,
         .rstd = rstd.data() + first,
         .grad_input = matrix(grad_input.data() + at, rows, d.cols),
         .slices = {d.rows, first, rows, split.slices},
         .grad_weight = {grad_weight.data(), whole ? nullptr : weight_partials.data(), d.cols},
         .grad_bias = {grad_bias.data(), whole ? nullptr : bias_partials.data(), d.cols}});
    first += rows;
  } while (first < d.rows);
  apart.download();  // checks the guards
  weight_partials.download();
  bias_partials.download();
  return {grad_input.download(), grad_weight.download(), grad_bias.download()};
}

/// Values wanted and how far from them is allowed.
struct Bounded {
  std::vector<double> want, bound;
  void add(double value, double error) { want.push_back(value), bound.push_back(error); }
};

/// A row's statistics in double, with bounds on what float32 in the documented order may make of them.
struct RowBounds {
  double mean = 0, rstd = 0, mean_error = 0, rstd_error = 0;

  RowBounds(const Data& d, std::int64_t n) {
    const double size = static_cast<double>(d.cols);
    const double sum_bound = gamma_bound(d.cols / kChains + 1 + 7 + 2);  // a chain, the tree, the division
    double sum = 0, magnitude = 0, squares = 0, square_error = 0;
    for (std::int64_t j = 0; j < d.cols; ++j) sum += d.at(d.x, n, j), magnitude += std::abs(d.at(d.x, n, j));
    mean = sum / size;
    mean_error = sum_bound * magnitude / size;
    for (std::int64_t j = 0; j < d.cols; ++j) {
      const double deviation = std::abs(d.at(d.x, n, j) - mean), error = deviation_error(deviation);
      squares += deviation * deviation;
      square_error += (2 * deviation + error) * error + sum_bound * std::pow(deviation + error, 2);
    }
    const double shifted = squares / size + kEps;
    const double shifted_error = square_error / size + kUnit * (shifted + square_error / size);
    rstd = 1 / std::sqrt(shifted);
    rstd_error = (1 + gamma_bound(2)) / std::sqrt(shifted - shifted_error) - rstd;
  }

  /// Of x - mean: the mean's error and one rounding.
  double deviation_error(double deviation) const { return mean_error + kUnit * (deviation + mean_error); }

  void add_output(double x, double weight, double bias, Bounded& output) const {
    const double size = std::abs(x - mean), xhat = size * rstd;
    const double error = (size + deviation_error(size)) * (rstd + rstd_error) * (1 + kUnit) - xhat;
    output.add((x - mean) * rstd * weight + bias,
               std::abs(weight) * error + kUnit * (std::abs(weight) * (xhat + error) + std::abs(bias)));
  }
};

class LayerNormTest : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx() const { return test::context_of(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Devices, LayerNormTest, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

void expect_forward_within_bounds(const Context& ctx, const Data& d) {
  const Forward got = run_forward(ctx, d);
  Bounded output, mean, rstd;
  for (std::int64_t n = 0; n < d.rows; ++n) {
    const RowBounds row(d, n);
    mean.add(row.mean, row.mean_error);
    rstd.add(row.rstd, row.rstd_error);
    for (std::int64_t c = 0; c < d.cols; ++c) {
      row.add_output(d.at(d.x, n, c), d.at(d.weight, 0, c), d.at(d.bias, 0, c), output);
    }
  }
  const std::string what = std::to_string(d.rows) + " x " + std::to_string(d.cols);
  test::expect_within(got.mean, mean.want, mean.bound, "mean, " + what);
  test::expect_within(got.rstd, rstd.want, rstd.bound, "rstd, " + what);
  test::expect_within(got.output, output.want, output.bound, "output, " + what);
}

TEST_P(LayerNormTest, ForwardIsWithinItsErrorBound) {
  for (std::int64_t cols : test::kNastySizes) {
    if (cols == 0) continue;
    for (std::int64_t rows : {0, 1, 2, 33}) expect_forward_within_bounds(ctx(), random_data(rows, cols));
  }
  expect_forward_within_bounds(ctx(), random_data(1000, 31));
}

TEST_P(LayerNormTest, RowsFarFromZeroAndConstantRowsKeepTheirPrecision) {
  expect_forward_within_bounds(ctx(), random_data(5, 257, 100.0f, 102.0f));
  Data constant = random_data(3, 100);
  constant.x.assign(constant.x.size(), 0.75f);
  expect_forward_within_bounds(ctx(), constant);
}

/// Gradients of every element in double, from the same float statistics, with their error bounds.
struct BackwardBounds {
  Bounded input;
  std::vector<double> weight, bias, weight_bound, bias_bound;

  BackwardBounds(const Data& d, const Forward& stats)
      : weight(static_cast<std::size_t>(d.cols)), bias(weight), weight_bound(weight), bias_bound(weight) {
    for (std::int64_t n = 0; n < d.rows; ++n) add_row(d, stats, n);
    const double sum_bound = gamma_bound(d.rows + 6 + 3);  // a chain, the tree, xhat and the product
    for (double& b : weight_bound) b *= sum_bound;
    for (double& b : bias_bound) b *= sum_bound;
  }

  void add_row(const Data& d, const Forward& stats, std::int64_t n) {
    const double mean = stats.mean[static_cast<std::size_t>(n)],
                 rstd = stats.rstd[static_cast<std::size_t>(n)];
    const double size = static_cast<double>(d.cols);
    const auto xhat = [&](std::int64_t c) { return (d.at(d.x, n, c) - mean) * rstd; };
    const auto g = [&](std::int64_t c) { return d.at(d.dy, n, c) * d.at(d.weight, 0, c); };
    double g_sum = 0, gx_sum = 0, g_terms = 0, gx_terms = 0;
    for (std::int64_t c = 0; c < d.cols; ++c) {
      const auto i = static_cast<std::size_t>(c);
      const double dy = d.at(d.dy, n, c);
      weight[i] += dy * xhat(c), weight_bound[i] += std::abs(dy * xhat(c));
      bias[i] += dy, bias_bound[i] += std::abs(dy);
      g_sum += g(c), g_terms += std::abs(g(c));
      gx_sum += g(c) * xhat(c), gx_terms += std::abs(g(c) * xhat(c));
    }
    // A term passes its product, xhat's two roundings, a chain, the tree, the division and the last four
    // operations.
    const double bound = gamma_bound(d.cols / kChains + 1 + 7 + 10) * rstd;
    for (std::int64_t c = 0; c < d.cols; ++c) {
      input.add(rstd * (g(c) - g_sum / size - xhat(c) * gx_sum / size),
                bound * (std::abs(g(c)) + g_terms / size + std::abs(xhat(c)) * gx_terms / size));
    }
  }
};

TEST_P(LayerNormTest, BackwardIsWithinItsErrorBoundOfTheFormula) {
  for (std::int64_t rows : {0, 1, 2, 31, 257}) {
    for (std::int64_t cols : {1, 2, 33, 127, 256, 1000}) {
      const Data d = random_data(rows, cols);
      const Forward stats = run_forward(test::context_of("reference"), d);
      const Backward got = run_backward(ctx(), d, stats, {});
      const BackwardBounds want(d, stats);
      const std::string what = std::to_string(rows) + " x " + std::to_string(cols);
      test::expect_within(got.grad_weight, want.weight, want.weight_bound, "grad_weight, " + what);
      test::expect_within(got.grad_bias, want.bias, want.bias_bound, "grad_bias, " + what);
      test::expect_within(got.grad_input, want.input.want, want.input.bound, "grad_input, " + what);
    }
  }
}

TEST_P(LayerNormTest, BackwardInPlaceGivesTheSameBits) {
  const Data d = random_data(33, 257);
  const Forward stats = run_forward(ctx(), d);
  test::expect_same_bits(run_backward(ctx(), d, stats, {.in_place = true}).grad_input,
                         run_backward(ctx(), d, stats, {}).grad_input, "in place");
}

/// loss = sum dy * output of one row, in double.
double loss_of(const std::vector<double>& x, const std::vector<double>& w, const std::vector<double>& b,
               const std::vector<float>& dy) {
  const double n = static_cast<double>(x.size());
  double mean = 0, variance = 0, loss = 0;
  for (double v : x) mean += v / n;
  for (double v : x) variance += (v - mean) * (v - mean) / n;
  for (std::size_t c = 0; c < x.size(); ++c) {
    loss += dy[c] * ((x[c] - mean) / std::sqrt(variance + kEps) * w[c] + b[c]);
  }
  return loss;
}

TEST(LayerNormReference, GradientsAreCentralDifferences) {
  const Data d = random_data(1, 12);
  const Context& ctx = test::context_of("reference");
  const Backward got = run_backward(ctx, d, run_forward(ctx, d), {});
  const std::vector<double> x(d.x.begin(), d.x.end()), w(d.weight.begin(), d.weight.end()),
      b(d.bias.begin(), d.bias.end());
  const double h = 1e-4;  // truncation about h^2 = 1e-8 of the third derivative, rounding 1e-16 / h
  const auto difference = [&](std::size_t c, int which) {
    std::vector<double> at[3] = {x, w, b};
    at[which][c] += h;
    const double above = loss_of(at[0], at[1], at[2], d.dy);
    at[which][c] -= 2 * h;
    return (above - loss_of(at[0], at[1], at[2], d.dy)) / (2 * h);
  };
  for (std::size_t c = 0; c < x.size(); ++c) {
    EXPECT_NEAR(got.grad_input[c], difference(c, 0), 2e-6) << c;
    EXPECT_NEAR(got.grad_weight[c], difference(c, 1), 2e-6) << c;
    EXPECT_NEAR(got.grad_bias[c], difference(c, 2), 2e-6) << c;
  }
}

/// Integers and statistics 0 and 1: every sum is exact, so a batch may be cut anywhere.
TEST(LayerNormReference, GoesOnWithTheSumsOfTheLastMicroBatch) {
  Data d = random_data(10, 3);
  d.x = test::random_integers(30, 7);
  d.dy = test::random_integers(30, 8);
  const Forward stats{.mean = std::vector<float>(10, 0.0f), .rstd = std::vector<float>(10, 1.0f)};
  const Context& ctx = test::context_of("reference");
  const Backward want = run_backward(ctx, d, stats, {});
  for (std::int64_t micro_batch : {1, 3, 5}) {
    const Backward got = run_backward(ctx, d, stats, {.micro_batch = micro_batch});
    EXPECT_EQ(got.grad_weight, want.grad_weight) << micro_batch;
    EXPECT_EQ(got.grad_bias, want.grad_bias) << micro_batch;
  }
}

TEST(LayerNormBits, AreTheSameOnEveryDeviceForEveryThreadCountAndMicroBatch) {
  for (auto [rows, cols] : {std::pair{1, 1}, {3, 130}, {97, 65}, {256, 300}}) {
    const Data d = random_data(rows, cols);
    for (int slices : {1, 3, 8, 64}) {
      Forward first_forward;
      Backward first;
      for (const std::string& device : test::exact_devices()) {
        for (int threads : test::thread_counts(device)) {
          const Context& ctx = test::context_of(device, threads);
          const Forward stats = run_forward(ctx, d);
          for (std::int64_t micro_batch : {0, 1, 7, 32}) {
            const Backward got = run_backward(ctx, d, stats, {micro_batch, slices});
            if (first.grad_bias.empty()) first = got, first_forward = stats;
            const std::string what = device + ", threads " + std::to_string(threads) + ", micro-batch " +
                                     std::to_string(micro_batch) + ", slices " + std::to_string(slices);
            test::expect_same_bits(stats.output, first_forward.output, "output, " + what);
            test::expect_same_bits(stats.rstd, first_forward.rstd, "rstd, " + what);
            test::expect_same_bits(got.grad_input, first.grad_input, "grad_input, " + what);
            test::expect_same_bits(got.grad_weight, first.grad_weight, "grad_weight, " + what);
            test::expect_same_bits(got.grad_bias, first.grad_bias, "grad_bias, " + what);
          }
        }
      }
    }
  }
}

TEST(LayerNormBits, AreTheSameForRowsOfEveryLength) {
  for (std::int64_t cols : {2, 3, 8, 17, 32, 33, 129, 512, 1024, 1025, 6080, 6081, 12161}) {
    const Data d = random_data(5, cols);
    const Forward stats = run_forward(test::context_of(test::exact_devices().front()), d);
    const Backward want = run_backward(test::context_of(test::exact_devices().front()), d, stats, {});
    for (const std::string& device : test::exact_devices()) {
      const std::string what = device + ", " + std::to_string(cols) + " columns";
      const Forward forward = run_forward(test::context_of(device), d);
      test::expect_same_bits(forward.output, stats.output, "output, " + what);
      test::expect_same_bits(forward.mean, stats.mean, "mean, " + what);
      for (bool in_place : {false, true}) {
        const Backward got = run_backward(test::context_of(device), d, stats, {.in_place = in_place});
        test::expect_same_bits(got.grad_input, want.grad_input, "grad_input, " + what);
        test::expect_same_bits(got.grad_weight, want.grad_weight, "grad_weight, " + what);
        test::expect_same_bits(got.grad_bias, want.grad_bias, "grad_bias, " + what);
      }
    }
  }
}

/// Accesses of 16 bytes need every array to lie on 16 bytes: one that does may not speak for another.
TEST(LayerNormBits, AreTheSameWhereverAnArrayLies) {
  const Data d = random_data(5, 132);
  for (const std::string& device : test::exact_devices()) {
    const Context& ctx = test::context_of(device);
    const Forward stats = run_forward(ctx, d);
    const Backward want = run_backward(ctx, d, stats, {});
    for (int odd = 0; odd < 4; ++odd) {
      const std::string what = device + ", array " + std::to_string(odd);
      test::expect_same_bits(run_forward(ctx, d, test::one_odd(odd)).output, stats.output, "output, " + what);
      test::expect_same_bits(run_backward(ctx, d, stats, {}, test::one_odd(odd)).grad_input, want.grad_input,
                             "grad_input, " + what);
    }
  }
}

/// Short rows share a warp or a block with rows that are not there; long ones end inside a quad.
TEST(LayerNormBits, DependOnNothingBehindTheArrays) {
  for (const std::int64_t cols : {2, 3, 33, 130}) {
    const Data d = random_data(3, cols);
    for (const std::string& device : test::exact_devices()) {
      const Context& ctx = test::context_of(device);
      const Forward stats = run_forward(ctx, d);
      test::expect_same_bits(run_forward(ctx, d, test::all_last).output, stats.output, "output, " + device);
      test::expect_same_bits(run_backward(ctx, d, stats, {}, test::all_last).grad_input,
                             run_backward(ctx, d, stats, {}).grad_input, "grad_input, " + device);
    }
  }
}

TEST(LayerNormScratch, HoldsAChainPerSliceColumnAndParameter) {
  const Data d = random_data(10, 3);
  const Forward stats = run_forward(test::context_of("reference"), d);
  for (const std::string& device : test::exact_devices()) {
    // 8 slices of 3 columns, each slice in a cache line of 16 floats, for weight and bias.
    test::expect_scratch(device, 4 * 8 * 16 * 2,
                         [&](const Context& ctx) { run_backward(ctx, d, stats, {}); });
  }
}

/// Deviations -4/3, -1/3 and 5/3 around 8388609 1/3, which a double does not hold: the variance is 14/9, and
/// sum (x - mean) (x + mean), the same on paper, would be off by 0.7 %.
TEST(LayerNormReference, KeepsTheVarianceOfARowFarFromZero) {
  Data d = random_data(1, 3);
  d.x = {8388608.0f, 8388609.0f, 8388611.0f};
  const float rstd = run_forward(test::context_of("reference"), d).rstd[0];
  EXPECT_NEAR(rstd, 1 / std::sqrt(14.0 / 9 + kEps), kUnit);  // rounded to float once, below 1
}

/// The documented order, spelled out with the plain helpers of chains.hpp and slices.hpp.
TEST(LayerNormBits, AreThoseOfTheDocumentedOrder) {
  const std::int64_t rows = 19, cols = 300;
  const Data d = random_data(rows, cols);
  std::vector<float> mean, rstd, output, grad_input, grad_weight;
  for (std::int64_t n = 0; n < rows; ++n) {
    const float *x = d.x.data() + n * cols, *dy = d.dy.data() + n * cols;
    const float* weight = d.weight.data();
    const float m = chain_sum(cols, [&](float chain, std::int64_t j) { return chain + x[j]; }) / 300.0f;
    const auto square = [&](float chain, std::int64_t j) { return std::fma(x[j] - m, x[j] - m, chain); };
    const float r = 1.0f / std::sqrt(chain_sum(cols, square) / 300.0f + kEps);
    mean.push_back(m), rstd.push_back(r);
    const auto xhat = [&](std::int64_t j) { return (x[j] - m) * r; };
    const auto g = [&](std::int64_t j) { return dy[j] * weight[j]; };
    const float g_mean = chain_sum(cols, [&](float chain, std::int64_t j) { return chain + g(j); }) / 300.0f;
    const float gx_mean =
        chain_sum(cols, [&](float chain, std::int64_t j) { return std::fma(g(j), xhat(j), chain); }) / 300.0f;
    for (std::int64_t j = 0; j < cols; ++j) {
      output.push_back(std::fma(xhat(j), weight[j], d.bias[static_cast<std::size_t>(j)]));
      grad_input.push_back(r * std::fma(-xhat(j), gx_mean, g(j) - g_mean));
    }
  }
  const BatchSlices slices = whole_batch(rows);
  for (std::int64_t c = 0; c < cols; ++c) {
    float chain[8] = {};
    for (int s = 0; s < 8; ++s) {
      for (std::int64_t n = slices.begin(s); n < slices.begin(s + 1); ++n) {
        const auto i = static_cast<std::size_t>(n * cols + c), row = static_cast<std::size_t>(n);
        chain[s] = std::fma(d.dy[i], (d.x[i] - mean[row]) * rstd[row], chain[s]);
      }
    }
    grad_weight.push_back(test::slice_tree({chain, chain + 8}));
  }
  for (const std::string& device : test::exact_devices()) {
    const Forward got = run_forward(test::context_of(device), d);
    test::expect_same_bits(got.mean, mean, "mean, " + device);
    test::expect_same_bits(got.rstd, rstd, "rstd, " + device);
    test::expect_same_bits(got.output, output, "output, " + device);
    const Backward grads = run_backward(test::context_of(device), d, got, {});
    test::expect_same_bits(grads.grad_weight, grad_weight, "grad_weight, " + device);
    test::expect_same_bits(grads.grad_input, grad_input, "grad_input, " + device);
  }
}

}  // namespace
}  // namespace thalweg
