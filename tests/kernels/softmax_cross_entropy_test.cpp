#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/base/chains.hpp"
#include "kernels/base/exact_math.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "tests/support/backends.hpp"

namespace thalweg {
namespace {

using test::context_of;
using test::gamma_bound;
using test::Guarded;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr std::int64_t kClasses[] = {2, 3, 10, 31, 32, 33, 127, 128, 129, 255, 256, 257, 1000};

struct Problem {
  std::int64_t rows = 0, classes = 2;
  float smoothing = 0.0f, scale = 1.0f;
  std::vector<float> logits, target, weight;
  std::vector<std::int64_t> ids;

  const float* row(std::int64_t n) const { return logits.data() + n * classes; }
  std::size_t data_row(std::int64_t n) const {
    return static_cast<std::size_t>(ids.empty() ? n : ids[static_cast<std::size_t>(n)]);
  }
  double w(std::int64_t n) const { return weight.empty() ? 1.0 : double{weight[data_row(n)]}; }
};

Problem random_problem(std::int64_t rows, std::int64_t classes, float smoothing, bool indirect) {
  Problem p{.rows = rows, .classes = classes, .smoothing = smoothing};
  const std::int64_t data_rows = indirect ? 2 * rows + 3 : rows;
  p.logits = test::random_floats(rows * classes, 3 + static_cast<std::uint64_t>(classes), -12.0f, 12.0f);
  for (std::int64_t i = 0; i < data_rows; ++i) p.target.push_back(static_cast<float>(i * 7919 % classes));
  if (!indirect) return p;
  p.scale = 0.125f / static_cast<float>(rows + 1);
  p.weight = test::random_floats(data_rows, 7, 0.0f, 2.0f);
  for (std::int64_t n = 0; n < rows; ++n) p.ids.push_back(data_rows - 1 - 2 * n);
  return p;
}

struct Result {
  std::vector<float> losses, grad_logits;
};

/// Evaluates rows [0, rows) in calls of at most `rows_per_call` rows.
Result evaluate(const Context& ctx, const Problem& p, std::int64_t rows_per_call = 1 << 20,
                const test::Places& place = test::all_middle) {
  Guarded<float> logits(ctx, p.logits, place(0)), target(ctx, p.target, place(2)),
      weight(ctx, p.weight, place(3)), scale(ctx, std::vector<float>{p.scale});
  Guarded<std::int64_t> ids(ctx, p.ids, place(4));
  Guarded<float> losses(ctx, p.rows), gradient(ctx, p.rows * p.classes, place(1));
  for (std::int64_t first = 0; first == 0 || first < p.rows; first += rows_per_call) {
    const std::int64_t rows = std::min(rows_per_call, p.rows - first), at = first * p.classes;
    const std::int64_t shift = p.ids.empty() ? first : 0;
    backend_of(ctx).softmax_cross_entropy.evaluate(
        device_of(ctx), {.logits = matrix<const float>(logits.data() + at, rows, p.classes),
                         .targets = {.target = target.data() + shift,
                                     .weight = p.weight.empty() ? nullptr : weight.data() + shift,
                                     .ids = p.ids.empty() ? nullptr : ids.data() + first,
                                     .scale = scale.data()},
                         .label_smoothing = p.smoothing,
                         .losses = losses.data() + first,
                         .grad_logits = matrix(gradient.data() + at, rows, p.classes)});
  }
  return {losses.download(), gradient.download()};
}

std::vector<float> softmax(const Context& ctx, const std::vector<float>& logits, std::int64_t classes,
                           const test::Places& place = test::all_middle) {
  const std::int64_t rows = std::ssize(logits) / classes;
  Guarded<float> in(ctx, logits, place(0)), out(ctx, std::ssize(logits), place(1));
  backend_of(ctx).softmax_cross_entropy.softmax(device_of(ctx),
                                                {.logits = matrix<const float>(in.data(), rows, classes),
                                                 .probabilities = matrix(out.data(), rows, classes)});
  return out.download();
}

std::vector<double> to_doubles(const float* z, std::int64_t classes) { return {z, z + classes}; }

double log_sum(const std::vector<double>& z) {
  const double max = *std::max_element(z.begin(), z.end());
  double sum = 0;
  for (const double v : z) sum += std::exp(v - max);
  return max + std::log(sum);
}

/// Minus the expected log likelihood under the smoothed distribution.
double textbook(const std::vector<double>& z, std::size_t own_class, double smoothing) {
  const auto classes = static_cast<double>(z.size());
  const double log_of_sum = log_sum(z);
  double loss = (1 - smoothing) * (log_of_sum - z[own_class]);
  for (const double v : z) loss += smoothing / classes * (log_of_sum - v);
  return loss;
}

/// Roundings that reach a softmax element, as multiples of 2^-24 relative to it: exp (4, for 2 ulp) and its
/// argument in this term (24, the largest difference of the logits) and in the sum (below 1 of it, since
/// d exp(-d) < 1); chains and tree; exp in the sum; reciprocal and product.
std::int64_t softmax_roundings(std::int64_t classes) { return 4 + 24 + 1 + (classes / 128 + 8) + 4 + 2; }

void expect_matches_textbook(const Context& ctx, const Problem& p) {
  constexpr double kStep = 1e-5;
  std::vector<double> loss, loss_bound, slope, slope_bound;
  const double share = double{p.smoothing} / static_cast<double>(p.classes);
  for (std::int64_t n = 0; n < p.rows; ++n) {
    std::vector<double> z = to_doubles(p.row(n), p.classes);
    const auto own_class = static_cast<std::size_t>(p.target[p.data_row(n)]);
    const double max = *std::max_element(z.begin(), z.end()), total = log_sum(z);
    // Relative error of the sum moves its logarithm by as much; the others are relative to their terms.
    loss.push_back(p.w(n) * textbook(z, own_class, p.smoothing));
    loss_bound.push_back(p.w(n) * gamma_bound(p.classes / 128 + 24) * (1 + (total - max) + 24));
    for (std::int64_t k = 0; k < p.classes; ++k) {
      const auto at = static_cast<std::size_t>(k);
      const double factor = p.w(n) * double{p.scale}, q = share + (at == own_class ? 1.0 : 0.0);
      double rise = 0.0;
      if (p.classes <= 33) {  // the difference quotient costs classes^2
        for (const double side : {+1.0, -1.0}) {
          z[at] += side * kStep;
          rise += side * textbook(z, own_class, p.smoothing);
          z[at] = p.row(n)[k];
        }
      } else {
        const double own = at == own_class ? 1 - double{p.smoothing} : 0.0;
        rise = 2 * kStep * (std::exp(z[at] - total) - own - share);
      }
      slope.push_back(factor * rise / (2 * kStep));
      // Third derivatives below 1/8 times the step's square, and 2^-53 * 50 / 1e-5 of cancellation.
      const double difference_error = p.classes <= 33 ? 1e-9 : 0.0;
      slope_bound.push_back(
          factor *
          (gamma_bound(softmax_roundings(p.classes) + 5) * (std::exp(z[at] - total) + q) + difference_error));
    }
  }
  const Result got = evaluate(ctx, p);
  test::expect_within(got.losses, loss, loss_bound, "losses");
  test::expect_within(got.grad_logits, slope, slope_bound, "grad_logits");
}

class SoftmaxCrossEntropyOnDevice : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx() const { return context_of(GetParam()); }
};

TEST_P(SoftmaxCrossEntropyOnDevice, LossMatchesItsDefinitionAndGradientItsCentralDifference) {
  for (const std::int64_t classes : kClasses) {
    for (const std::int64_t rows : {0, 1, 2, 17}) {
      for (const float smoothing : {0.0f, 0.1f}) {
        SCOPED_TRACE(testing::Message()
                     << classes << " classes, " << rows << " rows, smoothing " << smoothing);
        expect_matches_textbook(ctx(), random_problem(rows, classes, smoothing, rows == 17));
      }
    }
  }
}

TEST_P(SoftmaxCrossEntropyOnDevice, SoftmaxMatchesItsDefinition) {
  for (const std::int64_t classes : kClasses) {
    const Problem p = random_problem(9, classes, 0.0f, false);
    std::vector<double> want, bound;
    for (std::int64_t n = 0; n < p.rows; ++n) {
      const std::vector<double> z = to_doubles(p.row(n), classes);
      for (const double v : z) {
        want.push_back(std::exp(v - log_sum(z)));
        bound.push_back(gamma_bound(softmax_roundings(classes)) * want.back());
      }
    }
    test::expect_within(softmax(ctx(), p.logits, classes), want, bound, "softmax");
  }
}

/// Of one task and of several: a row that two of them took would go through softmax twice.
TEST_P(SoftmaxCrossEntropyOnDevice, SoftmaxMayRunInPlace) {
  for (const auto& [rows, classes] : {std::pair{5, 131}, {200, 131}, {2000, 10}}) {
    const Problem p = random_problem(rows, classes, 0.0f, false);
    Guarded<float> both(ctx(), p.logits);
    backend_of(ctx()).softmax_cross_entropy.softmax(
        device_of(ctx()), {.logits = matrix<const float>(both.data(), rows, classes),
                           .probabilities = matrix(both.data(), rows, classes)});
    test::expect_same_bits(both.download(), softmax(ctx(), p.logits, classes), "in place");
  }
}

/// Accesses of 16 bytes need both matrices to lie on 16 bytes: one that does may not speak for the other.
TEST_P(SoftmaxCrossEntropyOnDevice, MatricesMayLieOnAnyFourBytes) {
  const Problem p = random_problem(5, 132, 0.1f, false);
  for (const int odd : {0, 1}) {
    test::expect_same_bits(evaluate(ctx(), p, p.rows, test::one_odd(odd)).grad_logits,
                           evaluate(ctx(), p).grad_logits, "grad_logits");
    test::expect_same_bits(softmax(ctx(), p.logits, 132, test::one_odd(odd)), softmax(ctx(), p.logits, 132),
                           "softmax");
  }
}

TEST_P(SoftmaxCrossEntropyOnDevice, ReadsNothingBehindTheArrays) {
  for (const std::int64_t classes : {2, 3, 33, 130}) {
    for (const bool indirect : {false, true}) {
      const Problem p = random_problem(5, classes, 0.1f, indirect);
      const Result want = evaluate(ctx(), p), got = evaluate(ctx(), p, p.rows, test::all_last);
      test::expect_same_bits(got.losses, want.losses, "losses");
      test::expect_same_bits(got.grad_logits, want.grad_logits, "grad_logits");
      test::expect_same_bits(softmax(ctx(), p.logits, classes, test::all_last),
                             softmax(ctx(), p.logits, classes), "softmax");
    }
  }
}

TEST_P(SoftmaxCrossEntropyOnDevice, HugeLogitsNeitherOverflowNorLoseTheLoss) {
  const Problem p{
      .rows = 2, .classes = 3, .logits = {3e38f, -3e38f, 0.0f, 1e4f, 1e4f, -kInf}, .target = {0.0f, 1.0f}};
  const Result got = evaluate(ctx(), p);
  EXPECT_EQ(got.losses[0], 0.0f);
  EXPECT_NEAR(got.losses[1], std::log(2.0), 1e-6);
  EXPECT_EQ(got.grad_logits, (std::vector<float>{0.0f, 0.0f, 0.0f, 0.5f, -0.5f, 0.0f}));
}

TEST_P(SoftmaxCrossEntropyOnDevice, NaNOrInfinityMakesItsOwnRowNaNAndNoOther) {
  for (const float bad : {kNaN, kInf}) {
    for (const std::int64_t where : {0, 5, 39}) {
      Problem p = random_problem(3, 40, 0.0f, false);
      p.logits[static_cast<std::size_t>(40 + where)] = bad;
      const Result got = evaluate(ctx(), p);
      for (std::int64_t n = 0; n < 3; ++n) {
        EXPECT_EQ(std::isnan(got.losses[static_cast<std::size_t>(n)]), n == 1);
        EXPECT_EQ(std::isnan(got.grad_logits[static_cast<std::size_t>(n * 40 + where)]), n == 1);
      }
    }
  }
}

TEST_P(SoftmaxCrossEntropyOnDevice, ATargetThatIsNoClassMakesItsRowNaN) {
  for (const float target : {-1.0f, 3.0f, 0.5f, 1e30f, -1e30f, kInf, kNaN}) {
    const Problem p{.rows = 2, .classes = 3, .logits = {1, 2, 3, 1, 2, 3}, .target = {target, 2.0f}};
    const Result got = evaluate(ctx(), p);
    EXPECT_TRUE(std::isnan(got.losses[0])) << target;
    EXPECT_FALSE(std::isnan(got.losses[1])) << target;
    for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(std::isnan(got.grad_logits[i]), i < 3) << target;
  }
}

TEST_P(SoftmaxCrossEntropyOnDevice, GivesTheSameLossesWhenNoGradientIsWanted) {
  const Problem p = random_problem(20, 300, 0.2f, false);
  Guarded<float> logits(ctx(), p.logits), target(ctx(), p.target), losses(ctx(), p.rows);
  backend_of(ctx()).softmax_cross_entropy.evaluate(device_of(ctx()),
                                                   {.logits = matrix<const float>(logits.data(), 20, 300),
                                                    .targets = {.target = target.data()},
                                                    .label_smoothing = p.smoothing,
                                                    .losses = losses.data(),
                                                    .grad_logits = matrix<float>(nullptr, 20, 300)});
  test::expect_same_bits(losses.download(), evaluate(ctx(), p).losses, "losses");
}

INSTANTIATE_TEST_SUITE_P(Devices, SoftmaxCrossEntropyOnDevice, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

TEST(SoftmaxCrossEntropyExactness, DevicesThreadsAndMicroBatchesAgreeBitForBit) {
  for (const std::int64_t classes : kClasses) {
    const Problem p = random_problem(classes < 100 ? 3000 : 100, classes, 0.1f, true);
    const Result first = evaluate(context_of(test::exact_devices().front(), 1), p);
    for (const std::string& device : test::exact_devices()) {
      for (const int threads : test::thread_counts(device)) {
        for (const std::int64_t rows_per_call : {p.rows, p.rows / 3 + 1}) {
          const Result got = evaluate(context_of(device, threads), p, rows_per_call);
          test::expect_same_bits(got.losses, first.losses, device + " losses");
          test::expect_same_bits(got.grad_logits, first.grad_logits, device + " grad_logits");
        }
      }
    }
  }
}

/// Rows wider apart than their length, so that they begin anywhere; `gap` elements behind each row stay NaN.
struct Padded {
  std::vector<float> losses, grad_logits, probabilities;
};

Padded evaluate_padded(const Context& ctx, const Problem& p, std::int64_t gap) {
  const std::int64_t stride = p.classes + gap;
  std::vector<float> image(static_cast<std::size_t>(p.rows * stride), kNaN);
  for (std::int64_t n = 0; n < p.rows; ++n) std::copy_n(p.row(n), p.classes, image.begin() + n * stride);
  Guarded<float> logits(ctx, image), target(ctx, p.target), scale(ctx, std::vector<float>{p.scale});
  Guarded<float> losses(ctx, p.rows), gradient(ctx, p.rows * stride), probabilities(ctx, image);
  backend_of(ctx).softmax_cross_entropy.evaluate(
      device_of(ctx), {.logits = {logits.data(), p.rows, p.classes, stride},
                       .targets = {.target = target.data(), .scale = scale.data()},
                       .label_smoothing = p.smoothing,
                       .losses = losses.data(),
                       .grad_logits = {gradient.data(), p.rows, p.classes, stride}});
  const Matrix in_place{probabilities.data(), p.rows, p.classes, stride};
  backend_of(ctx).softmax_cross_entropy.softmax(device_of(ctx),
                                                {.logits = in_place, .probabilities = in_place});
  const auto rows_of = [&](const std::vector<float>& padded) {
    std::vector<float> rows;
    for (std::int64_t i = 0; i < p.rows * stride; ++i) {
      const float value = padded[static_cast<std::size_t>(i)];
      if (i % stride < p.classes) {
        rows.push_back(value);
      } else {
        EXPECT_TRUE(std::isnan(value)) << "wrote between the rows";
      }
    }
    return rows;
  };
  return {losses.download(), rows_of(gradient.download()), rows_of(probabilities.download())};
}

TEST(SoftmaxCrossEntropyExactness, LongRowsAndPaddedRowsKeepTheirBitsOnEveryDevice) {
  for (const std::int64_t classes : {3, 40, 300, 1024, 1025, 2047, 12160, 12161, 13000}) {
    const Problem p = random_problem(3, classes, 0.1f, false);
    const Context& first = context_of(test::exact_devices().front(), 1);
    const Result want = evaluate(first, p);
    const std::vector<float> probabilities = softmax(first, p.logits, classes);
    for (const std::string& device : test::exact_devices()) {
      for (const std::int64_t gap : {0, 1, 4}) {
        const std::string what =
            device + ", " + std::to_string(classes) + " classes, gap " + std::to_string(gap);
        const Padded got = evaluate_padded(context_of(device), p, gap);
        test::expect_same_bits(got.losses, want.losses, "losses, " + what);
        test::expect_same_bits(got.grad_logits, want.grad_logits, "grad_logits, " + what);
        test::expect_same_bits(got.probabilities, probabilities, "softmax, " + what);
      }
      Guarded<float> logits(context_of(device), p.logits), target(context_of(device), p.target);
      Guarded<float> losses(context_of(device), p.rows);
      backend_of(context_of(device))
          .softmax_cross_entropy.evaluate(device_of(context_of(device)),
                                          {.logits = matrix<const float>(logits.data(), p.rows, classes),
                                           .targets = {.target = target.data()},
                                           .label_smoothing = p.smoothing,
                                           .losses = losses.data(),
                                           .grad_logits = matrix<float>(nullptr, p.rows, classes)});
      test::expect_same_bits(losses.download(), want.losses, "losses alone, " + device);
    }
  }
}

TEST(SoftmaxCrossEntropyExactness, FollowsTheOrderThatTheHeaderDefines) {
  for (const std::int64_t classes : kClasses) {
    const Problem p = random_problem(3, classes, 0.0f, false);
    Problem smooth = p;
    smooth.smoothing = 0.125f;
    const float share = 0.125f / static_cast<float>(classes);
    for (const std::string& device : test::exact_devices()) {
      const Context& ctx = context_of(device);
      const Result plain = evaluate(ctx, p), smoothed = evaluate(ctx, smooth);
      for (std::int64_t n = 0; n < p.rows; ++n) {
        const float* z = p.row(n);
        const float max = *std::max_element(z, z + classes);
        const float s =
            chain_sum(classes, [&](float c, std::int64_t k) { return c + exact::exp(z[k] - max); });
        const float b = chain_sum(classes, [&](float c, std::int64_t k) { return c + (z[k] - max); });
        const auto own = static_cast<std::int64_t>(p.target[static_cast<std::size_t>(n)]);
        const float a = z[own] - max;
        EXPECT_EQ(plain.losses[static_cast<std::size_t>(n)], exact::log(s) - a);
        EXPECT_EQ(smoothed.losses[static_cast<std::size_t>(n)], exact::log(s) - (0.875f * a + share * b));
        for (std::int64_t k = 0; k < classes; ++k) {
          const float probability = exact::exp(z[k] - max) * (1.0f / s);
          const auto at = static_cast<std::size_t>(n * classes + k);
          EXPECT_EQ(plain.grad_logits[at], probability - (k == own ? 1.0f : 0.0f));
          EXPECT_EQ(smoothed.grad_logits[at], probability - (k == own ? 0.875f + share : share));
        }
      }
    }
  }
}

}  // namespace
}  // namespace thalweg
