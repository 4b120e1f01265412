#include "kernels/batch_norm/batch_norm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/slice_tree.hpp"

namespace thalweg {
namespace {

using test::gamma_bound;
using test::Guarded;

constexpr float kEps = 1e-5f, kMomentum = 0.1f;
constexpr double kUnit = 0x1p-24;

struct Data {
  std::int64_t rows = 0, cols = 0;
  std::vector<float> x, weight, bias, dy, running_mean, running_variance;
  std::size_t index(std::int64_t r, std::int64_t c) const { return static_cast<std::size_t>(r * cols + c); }
};

Data random_data(std::int64_t rows, std::int64_t cols, float low = -1.0f, float high = 2.0f) {
  return {rows,
          cols,
          test::random_floats(rows * cols, 1, low, high),
          test::random_floats(cols, 2, 0.5f, 1.5f),
          test::random_floats(cols, 3),
          test::random_floats(rows * cols, 4),
          test::random_floats(cols, 5),
          test::random_floats(cols, 6, 0.5f, 1.5f)};
}

std::string shape_of(const Data& d) { return std::to_string(d.rows) + " x " + std::to_string(d.cols); }

struct Forward {
  std::vector<float> output, mean, rstd, running_mean, running_variance;
};

Forward run_forward(const Context& ctx, const Data& d, int slices = 8,
                    const test::Places& place = test::all_middle) {
  const Guarded<float> x(ctx, d.x, place(0)), weight(ctx, d.weight, place(1)), bias(ctx, d.bias, place(2));
  const Guarded<float> output(ctx, d.rows * d.cols, place(3)), mean(ctx, d.cols, place(4)),
      rstd(ctx, d.cols, place(5));
  const Guarded<float> running_mean(ctx, d.running_mean), running_variance(ctx, d.running_variance);
  backend_of(ctx).batch_norm.forward(device_of(ctx), {.input = matrix<const float>(x.data(), d.rows, d.cols),
                                                      .weight = weight.data(),
                                                      .bias = bias.data(),
                                                      .eps = kEps,
                                                      .momentum = kMomentum,
                                                      .slices = slices,
                                                      .output = matrix(output.data(), d.rows, d.cols),
                                                      .mean = mean.data(),
                                                      .rstd = rstd.data(),
                                                      .running_mean = running_mean.data(),
                                                      .running_variance = running_variance.data()});
  return {output.download(), mean.download(), rstd.download(), running_mean.download(),
          running_variance.download()};
}

/// Evaluates `rows_per_call` rows at a time.
std::vector<float> run_inference(const Context& ctx, const Data& d, std::int64_t rows_per_call,
                                 bool in_place = false) {
  const Guarded<float> x(ctx, d.x), weight(ctx, d.weight), bias(ctx, d.bias), apart(ctx, d.rows * d.cols);
  const Guarded<float> mean(ctx, d.running_mean), variance(ctx, d.running_variance);
  const Guarded<float>& output = in_place ? x : apart;
  for (std::int64_t first = 0; first < d.rows; first += rows_per_call) {
    const std::int64_t rows = std::min(rows_per_call, d.rows - first), at = first * d.cols;
    backend_of(ctx).batch_norm.inference(device_of(ctx),
                                         {.input = matrix<const float>(x.data() + at, rows, d.cols),
                                          .weight = weight.data(),
                                          .bias = bias.data(),
                                          .eps = kEps,
                                          .running_mean = mean.data(),
                                          .running_variance = variance.data(),
                                          .output = matrix(output.data() + at, rows, d.cols)});
  }
  return output.download();
}

struct Backward {
  std::vector<float> grad_input, grad_weight, grad_bias;
};

Backward run_backward(const Context& ctx, const Data& d, const Forward& stats, int slices = 8,
                      bool in_place = false, const test::Places& place = test::all_middle) {
  const Guarded<float> x(ctx, d.x, place(0)), weight(ctx, d.weight, place(1)), dy(ctx, d.dy, place(2)),
      apart(ctx, d.rows * d.cols, place(3)), mean(ctx, stats.mean, place(4)), rstd(ctx, stats.rstd, place(5)),
      grad_weight(ctx, d.cols, place(6)), grad_bias(ctx, d.cols, place(7));
  const Guarded<float>& grad_input = in_place ? dy : apart;
  backend_of(ctx).batch_norm.backward(device_of(ctx),
                                      {.grad_output = matrix<const float>(dy.data(), d.rows, d.cols),
                                       .input = matrix<const float>(x.data(), d.rows, d.cols),
                                       .weight = weight.data(),
                                       .mean = mean.data(),
                                       .rstd = rstd.data(),
                                       .slices = slices,
                                       .grad_input = matrix(grad_input.data(), d.rows, d.cols),
                                       .grad_weight = grad_weight.data(),
                                       .grad_bias = grad_bias.data()});
  return {grad_input.download(), grad_weight.download(), grad_bias.download()};
}

/// Values wanted and how far from them is allowed.
struct Bounded {
  std::vector<double> want, bound;
  explicit Bounded(std::size_t size) : want(size), bound(size) {}
  void set(std::size_t i, double value, double error) { want[i] = value, bound[i] = error; }
  void expect(const std::vector<float>& got, const std::string& what) const {
    test::expect_within(got, want, bound, what);
  }
};

/// A column's statistics in double, with bounds on what float32 in the documented order may make of them.
struct ColumnBounds {
  double mean = 0, squares = 0, rstd = 0, mean_error = 0, square_error = 0, rstd_error = 0;

  ColumnBounds(const Data& d, std::int64_t c) {
    const double n = static_cast<double>(d.rows);
    const double sum_bound = gamma_bound(d.rows + 6 + 2);  // a chain, the tree, the division
    double sum = 0, magnitude = 0;
    for (std::int64_t r = 0; r < d.rows; ++r) {
      sum += d.x[d.index(r, c)], magnitude += std::abs(d.x[d.index(r, c)]);
    }
    mean = sum / n;
    mean_error = sum_bound * magnitude / n;
    for (std::int64_t r = 0; r < d.rows; ++r) {
      const double deviation = std::abs(d.x[d.index(r, c)] - mean), error = deviation_error(deviation);
      squares += deviation * deviation;
      square_error += (2 * deviation + error) * error + sum_bound * std::pow(deviation + error, 2);
    }
    const double shifted = squares / n + kEps;
    const double shifted_error = square_error / n + kUnit * (shifted + square_error / n);
    rstd = 1 / std::sqrt(shifted);
    rstd_error = (1 + gamma_bound(2)) / std::sqrt(shifted - shifted_error) - rstd;
  }

  double deviation_error(double deviation) const { return mean_error + kUnit * (deviation + mean_error); }

  void set_output(double x, double weight, double bias, std::size_t i, Bounded& output) const {
    const double size = std::abs(x - mean), xhat = size * rstd;
    const double error = (size + deviation_error(size)) * (rstd + rstd_error) * (1 + kUnit) - xhat;
    output.set(i, (x - mean) * rstd * weight + bias,
               std::abs(weight) * error + kUnit * (std::abs(weight) * (xhat + error) + std::abs(bias)));
  }
};

/// fma(momentum, batch - running, running) when batch carries `error`.
void set_running(double batch, double error, double running, std::size_t i, Bounded& out) {
  const double change = kMomentum * (error + kUnit * (std::abs(batch - running) + error));
  const double want = running + kMomentum * (batch - running);
  out.set(i, want, change + kUnit * (std::abs(want) + change));
}

class BatchNormTest : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx() const { return test::context_of(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Devices, BatchNormTest, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

void expect_forward_within_bounds(const Context& ctx, const Data& d) {
  const Forward got = run_forward(ctx, d);
  const auto columns = static_cast<std::size_t>(d.cols);
  Bounded output(d.x.size()), mean(columns), rstd(columns), running_mean(columns), running_variance(columns);
  const double degrees = static_cast<double>(std::max<std::int64_t>(d.rows - 1, 1));
  for (std::int64_t c = 0; c < d.cols; ++c) {
    const ColumnBounds column(d, c);
    const auto i = static_cast<std::size_t>(c);
    const double variance = column.squares / degrees, variance_error = column.square_error / degrees;
    mean.set(i, column.mean, column.mean_error);
    rstd.set(i, column.rstd, column.rstd_error);
    set_running(column.mean, column.mean_error, d.running_mean[i], i, running_mean);
    set_running(variance, variance_error + kUnit * variance, d.running_variance[i], i, running_variance);
    for (std::int64_t r = 0; r < d.rows; ++r) {
      column.set_output(d.x[d.index(r, c)], d.weight[i], d.bias[i], d.index(r, c), output);
    }
  }
  mean.expect(got.mean, "mean, " + shape_of(d));
  rstd.expect(got.rstd, "rstd, " + shape_of(d));
  running_mean.expect(got.running_mean, "running mean, " + shape_of(d));
  running_variance.expect(got.running_variance, "running variance, " + shape_of(d));
  output.expect(got.output, "output, " + shape_of(d));
}

TEST_P(BatchNormTest, ForwardIsWithinItsErrorBound) {
  for (std::int64_t rows : test::kNastySizes) {
    if (rows == 0) continue;
    for (std::int64_t cols : {1, 2, 33, 257}) expect_forward_within_bounds(ctx(), random_data(rows, cols));
  }
  expect_forward_within_bounds(ctx(), random_data(100, 31, 100.0f, 102.0f));
}

TEST_P(BatchNormTest, AnEmptyBatchChangesNothingAndHasZeroGradients) {
  const Data d = random_data(0, 5);
  const Forward got = run_forward(ctx(), d);
  test::expect_same_bits(got.running_mean, d.running_mean, "running mean");
  test::expect_same_bits(got.running_variance, d.running_variance, "running variance");
  const std::vector<float> zeros(5, 0.0f);
  const Backward grads = run_backward(ctx(), d, {.mean = zeros, .rstd = zeros});
  test::expect_same_bits(grads.grad_weight, zeros, "grad_weight");
  test::expect_same_bits(grads.grad_bias, zeros, "grad_bias");
}

TEST_P(BatchNormTest, InferenceIsWithinItsErrorBoundForAnySubsetOfRows) {
  const Data d = random_data(33, 257);
  const auto got = run_inference(ctx(), d, d.rows);
  Bounded want(d.x.size());
  for (std::int64_t r = 0; r < d.rows; ++r) {
    for (std::int64_t c = 0; c < d.cols; ++c) {
      const auto i = static_cast<std::size_t>(c);
      const double deviation = static_cast<double>(d.x[d.index(r, c)]) - d.running_mean[i];
      const double scaled =
          deviation / std::sqrt(static_cast<double>(d.running_variance[i]) + kEps) * d.weight[i];
      // x - mean, the shift by eps, the root, the reciprocal, the product, the fma.
      want.set(d.index(r, c), scaled + d.bias[i],
               gamma_bound(6) * (std::abs(scaled) + std::abs(static_cast<double>(d.bias[i]))));
    }
  }
  want.expect(got, "inference");
  for (std::int64_t rows_per_call : {1, 7}) {
    test::expect_same_bits(run_inference(ctx(), d, rows_per_call), got, "rows at a time");
  }
  test::expect_same_bits(run_inference(ctx(), d, d.rows, true), got, "in place");
}

/// Gradients in double, from the same float statistics, with their error bounds.
struct BackwardBounds {
  Bounded input, weight, bias;

  BackwardBounds(const Data& d, const Forward& stats)
      : input(d.x.size()), weight(d.weight.size()), bias(d.weight.size()) {
    for (std::int64_t c = 0; c < d.cols; ++c) set_column(d, stats, c);
  }

  void set_column(const Data& d, const Forward& stats, std::int64_t c) {
    const auto i = static_cast<std::size_t>(c);
    const double n = static_cast<double>(d.rows), rstd = stats.rstd[i];
    const auto xhat = [&](std::int64_t r) {
      return (static_cast<double>(d.x[d.index(r, c)]) - stats.mean[i]) * rstd;
    };
    double dyx = 0, dyx_terms = 0, dy = 0, dy_terms = 0;
    for (std::int64_t r = 0; r < d.rows; ++r) {
      const double grad = d.dy[d.index(r, c)];
      dyx += grad * xhat(r), dyx_terms += std::abs(grad * xhat(r));
      dy += grad, dy_terms += std::abs(grad);
    }
    const std::int64_t operations = d.rows + 6 + 3;  // a chain, the tree, xhat and the product
    weight.set(i, dyx, gamma_bound(operations) * dyx_terms);
    bias.set(i, dy, gamma_bound(operations) * dy_terms);
    const double scale = d.weight[i] * rstd;  // positive here
    // Besides the sums: their division, xhat's two roundings, subtraction, fma, scale and its product.
    const double bound = gamma_bound(operations + 8) * scale;
    for (std::int64_t r = 0; r < d.rows; ++r) {
      const double grad = d.dy[d.index(r, c)];
      input.set(d.index(r, c), scale * (grad - dy / n - xhat(r) * (dyx / n)),
                bound * (std::abs(grad) + dy_terms / n + std::abs(xhat(r)) * dyx_terms / n));
    }
  }
};

TEST_P(BatchNormTest, BackwardIsWithinItsErrorBoundOfTheFormula) {
  for (std::int64_t rows : {1, 2, 31, 257, 1000}) {
    for (std::int64_t cols : {1, 3, 65, 256}) {
      const Data d = random_data(rows, cols);
      const Forward stats = run_forward(test::context_of("reference"), d);
      const Backward got = run_backward(ctx(), d, stats);
      const BackwardBounds want(d, stats);
      want.weight.expect(got.grad_weight, "grad_weight, " + shape_of(d));
      want.bias.expect(got.grad_bias, "grad_bias, " + shape_of(d));
      want.input.expect(got.grad_input, "grad_input, " + shape_of(d));
    }
  }
}

TEST_P(BatchNormTest, BackwardInPlaceGivesTheSameBits) {
  const Data d = random_data(100, 65);
  const Forward stats = run_forward(ctx(), d);
  test::expect_same_bits(run_backward(ctx(), d, stats, 8, true).grad_input,
                         run_backward(ctx(), d, stats).grad_input, "in place");
}

/// NaN but for `parts`, each behind its offset.
/// loss = sum dy * output of one feature, in double.
double loss_of(const std::vector<double>& x, double weight, double bias, const std::vector<float>& dy) {
  const double n = static_cast<double>(x.size());
  double mean = 0, variance = 0, loss = 0;
  for (double v : x) mean += v / n;
  for (double v : x) variance += (v - mean) * (v - mean) / n;
  for (std::size_t r = 0; r < x.size(); ++r) {
    loss += dy[r] * ((x[r] - mean) / std::sqrt(variance + kEps) * weight + bias);
  }
  return loss;
}

TEST(BatchNormReference, GradientsAreCentralDifferences) {
  const Data d = random_data(12, 1);
  const Context& ctx = test::context_of("reference");
  const Backward got = run_backward(ctx, d, run_forward(ctx, d));
  const std::vector<double> x(d.x.begin(), d.x.end());
  const double w = d.weight[0], b = d.bias[0];
  const double h = 1e-4;  // truncation about h^2 = 1e-8 of the third derivative, rounding 1e-16 / h
  for (std::size_t r = 0; r < x.size(); ++r) {
    std::vector<double> above = x, below = x;
    above[r] += h, below[r] -= h;
    EXPECT_NEAR(got.grad_input[r], (loss_of(above, w, b, d.dy) - loss_of(below, w, b, d.dy)) / (2 * h), 2e-6);
  }
  EXPECT_NEAR(got.grad_weight[0], (loss_of(x, w + h, b, d.dy) - loss_of(x, w - h, b, d.dy)) / (2 * h), 2e-6);
  EXPECT_NEAR(got.grad_bias[0], (loss_of(x, w, b + h, d.dy) - loss_of(x, w, b - h, d.dy)) / (2 * h), 2e-6);
}

TEST(BatchNormBits, AreTheSameOnEveryDeviceForEveryThreadCount) {
  for (auto [rows, cols] : {std::pair{1, 1}, {3, 130}, {97, 65}, {256, 300}}) {
    const Data d = random_data(rows, cols);
    for (int slices : {1, 3, 8, 64}) {
      Forward first_forward;
      Backward first;
      for (const std::string& device : test::exact_devices()) {
        for (int threads : test::thread_counts(device)) {
          const Context& ctx = test::context_of(device, threads);
          const Forward forward = run_forward(ctx, d, slices);
          const Backward got = run_backward(ctx, d, forward, slices);
          if (first.grad_bias.empty()) first = got, first_forward = forward;
          const std::string what = device + ", threads " + std::to_string(threads);
          test::expect_same_bits(forward.output, first_forward.output, "output, " + what);
          test::expect_same_bits(forward.rstd, first_forward.rstd, "rstd, " + what);
          test::expect_same_bits(forward.running_mean, first_forward.running_mean, "running mean, " + what);
          test::expect_same_bits(forward.running_variance, first_forward.running_variance,
                                 "running variance, " + what);
          test::expect_same_bits(got.grad_input, first.grad_input, "grad_input, " + what);
          test::expect_same_bits(got.grad_weight, first.grad_weight, "grad_weight, " + what);
          test::expect_same_bits(got.grad_bias, first.grad_bias, "grad_bias, " + what);
        }
      }
    }
  }
}

/// Accesses of 16 bytes need every array to lie on 16 bytes: one that does may not speak for another.
TEST(BatchNormBits, AreTheSameWhereverAnArrayLies) {
  const Data d = random_data(10, 12);
  for (const std::string& device : test::exact_devices()) {
    const Context& ctx = test::context_of(device);
    const Forward stats = run_forward(ctx, d);
    const Backward want = run_backward(ctx, d, stats);
    for (int odd = 0; odd < 6; ++odd) {
      const std::string what = device + ", array " + std::to_string(odd);
      test::expect_same_bits(run_forward(ctx, d, 8, test::one_odd(odd)).output, stats.output,
                             "output, " + what);
      test::expect_same_bits(run_backward(ctx, d, stats, 8, false, test::one_odd(odd)).grad_input,
                             want.grad_input, "grad_input, " + what);
    }
  }
}

/// The last thread has columns that are not there.
TEST(BatchNormBits, DependOnNothingBehindTheArrays) {
  for (const std::int64_t cols : {1, 2, 3, 5}) {
    const Data d = random_data(10, cols);
    for (const std::string& device : test::exact_devices()) {
      const Context& ctx = test::context_of(device);
      const Forward stats = run_forward(ctx, d);
      test::expect_same_bits(run_forward(ctx, d, 8, test::all_last).output, stats.output,
                             "output, " + device);
      test::expect_same_bits(run_backward(ctx, d, stats, 8, false, test::all_last).grad_input,
                             run_backward(ctx, d, stats).grad_input, "grad_input, " + device);
    }
  }
}

/// Chains of 8 slices and 3 columns, each slice in a cache line of 16 floats. Before them the CPU keeps a
/// column in a piece of 256 bytes, and after them, in their place, what the rows share.
TEST(BatchNormScratch, HoldsChainsAndOnTheCpuWhatRowsShare) {
  const Data d = random_data(10, 3);
  const Forward stats = run_forward(test::context_of("reference"), d);
  for (const std::string& device : test::exact_devices()) {
    const bool cuda = device == "cuda";
    test::expect_scratch(device, 4 * 8 * 16 + (cuda ? 0 : 256),
                         [&](const Context& ctx) { run_forward(ctx, d); });
    test::expect_scratch(device, 4 * 8 * 16 * 2, [&](const Context& ctx) { run_backward(ctx, d, stats); });
    if (!cuda)
      test::expect_scratch(device, 4 * 3, [&](const Context& ctx) { run_inference(ctx, d, d.rows); });
  }
}

/// Deviations -4/3, -1/3 and 5/3 around 8388609 1/3, which a double does not hold: the variance is 14/9, and
/// sum (x - mean) (x + mean), the same on paper, would be off by 0.7 %.
TEST(BatchNormReference, KeepsTheVarianceOfAColumnFarFromZero) {
  Data d = random_data(3, 1);
  d.x = {8388608.0f, 8388609.0f, 8388611.0f};
  const float rstd = run_forward(test::context_of("reference"), d).rstd[0];
  EXPECT_NEAR(rstd, 1 / std::sqrt(14.0 / 9 + kEps), kUnit);  // rounded to float once, below 1
}

/// The documented order, spelled out.
TEST(BatchNormBits, AreThoseOfTheDocumentedOrder) {
  const int slice_count = 5;
  const Data d = random_data(101, 70);
  const BatchSlices slices = whole_batch(d.rows, slice_count);
  const auto batch_sum = [&](auto step) {
    float chain[slice_count] = {};
    for (int s = 0; s < slice_count; ++s) {
      for (std::int64_t r = slices.begin(s); r < slices.begin(s + 1); ++r) chain[s] = step(chain[s], r);
    }
    return test::slice_tree({chain, chain + slice_count});
  };
  std::vector<float> mean, rstd, running_mean, running_variance, grad_weight, grad_bias;
  std::vector<float> output(d.x.size()), inferred(output), grad_input(output);
  for (std::int64_t c = 0; c < d.cols; ++c) {
    const auto i = static_cast<std::size_t>(c);
    const float weight = d.weight[i], bias = d.bias[i];
    const auto dy = [&](std::int64_t r) { return d.dy[d.index(r, c)]; };
    const auto x = [&](std::int64_t r) { return d.x[d.index(r, c)]; };
    const float m = batch_sum([&](float chain, std::int64_t r) { return chain + x(r); }) / 101.0f;
    const float squares =
        batch_sum([&](float chain, std::int64_t r) { return std::fma(x(r) - m, x(r) - m, chain); });
    const float reciprocal = 1.0f / std::sqrt(squares / 101.0f + kEps);
    mean.push_back(m), rstd.push_back(reciprocal);
    running_mean.push_back(std::fma(kMomentum, m - d.running_mean[i], d.running_mean[i]));
    running_variance.push_back(
        std::fma(kMomentum, squares / 100.0f - d.running_variance[i], d.running_variance[i]));
    const auto xhat = [&](std::int64_t r) { return (x(r) - m) * reciprocal; };
    grad_weight.push_back(
        batch_sum([&](float chain, std::int64_t r) { return std::fma(dy(r), xhat(r), chain); }));
    grad_bias.push_back(batch_sum([&](float chain, std::int64_t r) { return chain + dy(r); }));
    const float running_reciprocal = 1.0f / std::sqrt(d.running_variance[i] + kEps);
    for (std::int64_t r = 0; r < d.rows; ++r) {
      output[d.index(r, c)] = std::fma(xhat(r), weight, bias);
      inferred[d.index(r, c)] = std::fma((x(r) - d.running_mean[i]) * running_reciprocal, weight, bias);
      const float centred = dy(r) - grad_bias.back() / 101.0f;
      grad_input[d.index(r, c)] =
          (weight * reciprocal) * std::fma(-xhat(r), grad_weight.back() / 101.0f, centred);
    }
  }
  for (const std::string& device : test::exact_devices()) {
    const Context& ctx = test::context_of(device);
    const Forward got = run_forward(ctx, d, slice_count);
    test::expect_same_bits(got.mean, mean, "mean, " + device);
    test::expect_same_bits(got.rstd, rstd, "rstd, " + device);
    test::expect_same_bits(got.running_mean, running_mean, "running mean, " + device);
    test::expect_same_bits(got.running_variance, running_variance, "running variance, " + device);
    test::expect_same_bits(got.output, output, "output, " + device);
    test::expect_same_bits(run_inference(ctx, d, d.rows), inferred, "inference, " + device);
    const Backward grads = run_backward(ctx, d, got, slice_count);
    test::expect_same_bits(grads.grad_weight, grad_weight, "grad_weight, " + device);
    test::expect_same_bits(grads.grad_bias, grad_bias, "grad_bias, " + device);
    test::expect_same_bits(grads.grad_input, grad_input, "grad_input, " + device);
  }
}

}  // namespace
}  // namespace thalweg
