#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/elementwise_loss/elementwise_loss.hpp"
#include "kernels/metrics/metrics_math.hpp"
#include "tests/support/backends.hpp"

namespace thalweg {
namespace {

using test::context_of;
using test::gamma_bound;
using test::Guarded;
using Words = std::vector<std::uint64_t>;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr std::size_t kSumWords = sizeof(ExactSum) / sizeof(Count);
/// exact_value rounds once where it can be seen, and so does the sum it is held against.
constexpr double kValueError = 0x1p-52;

ExactSum sum_at(const Words& words, std::size_t which) {
  ExactSum sum{};
  std::copy_n(words.begin() + static_cast<std::ptrdiff_t>(which * kSumWords), kSumDigits, sum.digit);
  sum.special = words[which * kSumWords + kSumDigits];
  return sum;
}

Words sum_words(const Context& ctx, const std::vector<float>& values, std::int64_t per_call = 1 << 20) {
  const Guarded<float> placed(ctx, values);
  const Guarded<std::uint64_t> sum(ctx, Words(kSumWords));
  const std::int64_t count = std::ssize(values);
  for (std::int64_t first = 0; first == 0 || first < count; first += per_call) {
    backend_of(ctx).metrics.sum(device_of(ctx), {.values = placed.data() + first,
                                                 .count = std::min(per_call, count - first),
                                                 .sum = reinterpret_cast<ExactSum*>(sum.data())});
  }
  return sum.download();
}

double sum_of(const Context& ctx, const std::vector<float>& values) {
  return exact_value(sum_at(sum_words(ctx, values), 0));
}

/// Targets and weights behind ids that go backwards over every other row of a data set.
struct Rows {
  std::int64_t count = 0;
  std::vector<float> target, weight;
  std::vector<std::int64_t> ids;

  std::size_t at(std::int64_t n) const {
    return static_cast<std::size_t>(ids.empty() ? n : ids[static_cast<std::size_t>(n)]);
  }
  double w(std::int64_t n) const { return weight.empty() ? 1.0 : double{weight[at(n)]}; }
  double total() const {
    double sum = 0;
    for (std::int64_t n = 0; n < count; ++n) sum += w(n);
    return sum;
  }
};

Rows make_rows(std::int64_t count, const std::vector<float>& target, bool weighted) {
  Rows rows{.count = count, .target = target};
  if (!weighted) return rows;
  rows.weight = test::random_integers(std::ssize(target), 5, 8);
  for (float& w : rows.weight) w = std::abs(w) / 4;
  for (std::int64_t n = 0; n < count; ++n) rows.ids.push_back(std::ssize(target) - 1 - 2 * n);
  return rows;
}

std::vector<float> classes_for(std::int64_t rows, std::int64_t classes) {
  std::vector<float> target;
  for (std::int64_t i = 0; i < 2 * rows + 3; ++i)
    target.push_back(static_cast<float>(i * 7919 % 104729 % classes));
  return target;
}

class Placed {
 public:
  Placed(const Context& ctx, const Rows& rows)
      : rows_(rows), target_(ctx, rows.target), weight_(ctx, rows.weight), ids_(ctx, rows.ids) {}
  LossTargets targets() const {
    return {.target = target_.data(),
            .weight = rows_.weight.empty() ? nullptr : weight_.data(),
            .ids = rows_.ids.empty() ? nullptr : ids_.data()};
  }

 private:
  const Rows& rows_;
  Guarded<float> target_, weight_;
  Guarded<std::int64_t> ids_;
};

Words residual_words(const Context& ctx, const std::vector<float>& z, const Rows& rows, bool rates) {
  const Placed placed(ctx, rows);
  const Guarded<float> output(ctx, z);
  const Guarded<std::uint64_t> sums(ctx, Words(2 * kSumWords));
  auto* const to = reinterpret_cast<ExactSum*>(sums.data());
  backend_of(ctx).metrics.residuals(device_of(ctx),
                                    {.output = matrix<const float>(output.data(), rows.count, 1),
                                     .targets = placed.targets(),
                                     .rates = rates,
                                     .squared = to,
                                     .absolute = to + 1});
  return sums.download();
}

Words confusion_cells(const Context& ctx, const std::vector<float>& z, std::int64_t outputs,
                      std::int64_t classes, const Rows& rows, int unit) {
  const Placed placed(ctx, rows);
  const Guarded<float> output(ctx, z);
  const Guarded<std::uint64_t> cells(ctx, Words(static_cast<std::size_t>(classes * classes)));
  backend_of(ctx).metrics.confusion(device_of(ctx),
                                    {.output = matrix<const float>(output.data(), rows.count, outputs),
                                     .targets = placed.targets(),
                                     .classes = classes,
                                     .unit = unit,
                                     .confusion = reinterpret_cast<Count*>(cells.data())});
  return cells.download();
}

PairCount count_pairs(const Context& ctx, const std::vector<float>& scores, const Rows& rows, int unit) {
  const Placed placed(ctx, rows);
  const Guarded<float> score(ctx, scores);
  const Guarded<std::uint64_t> pairs(ctx, Words(4));
  backend_of(ctx).metrics.pairs(device_of(ctx), {.scores = score.data(),
                                                 .rows = rows.count,
                                                 .targets = placed.targets(),
                                                 .unit = unit,
                                                 .pairs = reinterpret_cast<PairCount*>(pairs.data())});
  PairCount count{};
  const Words words = pairs.download();
  std::copy(words.begin(), words.end(), count.limb);
  return count;
}

double pairs_of(const Context& ctx, const std::vector<float>& scores, const Rows& rows) {
  const int unit = weight_unit(rows.total());
  return weight_of_pairs(count_pairs(ctx, scores, rows, unit), unit);
}

/// By looking at every pair.
double textbook_pairs(const std::vector<float>& scores, const Rows& rows) {
  double sum = 0;
  for (std::int64_t p = 0; p < rows.count; ++p) {
    if (!(rows.target[rows.at(p)] > 0.5f)) continue;
    for (std::int64_t n = 0; n < rows.count; ++n) {
      if (rows.target[rows.at(n)] > 0.5f) continue;
      const float a = scores[static_cast<std::size_t>(p)], b = scores[static_cast<std::size_t>(n)];
      const bool ties = a == b || (std::isnan(a) && std::isnan(b));
      const bool above = a > b || (std::isnan(a) && !std::isnan(b));
      sum += rows.w(p) * rows.w(n) * (ties ? 0.5 : above ? 1.0 : 0.0);
    }
  }
  return sum;
}

class MetricsOnDevice : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx() const { return context_of(GetParam()); }
};

TEST_P(MetricsOnDevice, ASumHasNoRoundingAtAll) {
  for (const std::int64_t size : test::kNastySizes) {
    const std::vector<float> values = test::random_floats(size, 11);  // multiples of 2^-24: exact in double
    double want = 0;
    for (const float v : values) want += v;
    EXPECT_EQ(sum_of(ctx(), values), want) << size;
  }
  EXPECT_EQ(sum_of(ctx(), {1e30f, 1.0f, -1e30f}), 1.0);
  EXPECT_EQ(sum_of(ctx(), {-0x1p-149f, 3e38f, -3e38f}), -0x1p-149);
  EXPECT_EQ(sum_of(ctx(), std::vector<float>(3000, 0x1.fffffep+127f)), 3000 * double{0x1.fffffep+127f});
  EXPECT_EQ(sum_of(ctx(), std::vector<float>(3000, -0x1.8p-127f)), 3000 * -0x1.8p-127);
  for (int exponent = -149; exponent < 128; ++exponent) {
    EXPECT_EQ(sum_of(ctx(), {std::ldexp(1.0f, exponent)}), std::ldexp(1.0, exponent));
    EXPECT_EQ(sum_of(ctx(), {-std::ldexp(1.0f, exponent)}), -std::ldexp(1.0, exponent));
  }
}

TEST_P(MetricsOnDevice, ASumWithNaNOrInfinityIsWhatFloatsGive) {
  std::vector<float> values(700, 1.0f);
  values[300] = kInf;
  EXPECT_EQ(sum_of(ctx(), values), kInf);
  values[300] = -kInf;
  EXPECT_EQ(sum_of(ctx(), values), -kInf);
  values[301] = kInf;
  EXPECT_TRUE(std::isnan(sum_of(ctx(), values)));
  values[300] = values[301] = 1.0f;
  values[0] = -kNaN;
  EXPECT_TRUE(std::isnan(sum_of(ctx(), values)));
}

TEST_P(MetricsOnDevice, ATermThatIsNotFiniteSetsItsBitAndNoDigit) {
  Words want(kSumWords);
  // 1 = 32 * 2^(16 * 9 - 149), 2^127 = 16 * 2^(16 * 17 - 149)
  want[9] = 32, want[17] = 16, want[kSumDigits] = 1 | 2 | 4;
  EXPECT_EQ(sum_words(ctx(), {kNaN, 1.0f, kInf, 0x1p127f, -kInf}), want);
  std::vector<float> far_apart(20000, 1.0f);
  far_apart[0] = far_apart[10000] = kInf;
  EXPECT_EQ(sum_words(ctx(), far_apart)[kSumDigits], 2u);
}

/// The residual takes on the error of exp (2 roundings) and its own; then the weight's product and the
/// square.
void expect_residuals(const Context& ctx, std::int64_t count, bool rates, bool weighted) {
  const Rows rows = make_rows(count, test::random_floats(2 * count + 3, 3, -2.0f, 6.0f), weighted);
  const std::vector<float> z = test::random_floats(count, 4, -2.0f, 2.0f);
  double squared = 0, absolute = 0, squared_bound = 0, absolute_bound = 0;
  for (std::int64_t n = 0; n < count; ++n) {
    const double output = z[static_cast<std::size_t>(n)], y = rows.target[rows.at(n)], w = rows.w(n);
    const double p = rates ? std::exp(output) : output, r = std::abs(p - y);
    const double error = gamma_bound(3) * (std::abs(p) + std::abs(y));
    squared += w * r * r;
    absolute += w * r;
    squared_bound += w * (2 * r * error + error * error + gamma_bound(2) * (r + error) * (r + error));
    absolute_bound += w * (error + gamma_bound(1) * (r + error));
  }
  const Words got = residual_words(ctx, z, rows, rates);
  EXPECT_NEAR(exact_value(sum_at(got, 0)), squared, squared_bound + 1e-12 * squared) << count;
  EXPECT_NEAR(exact_value(sum_at(got, 1)), absolute, absolute_bound + 1e-12 * absolute) << count;
}

TEST_P(MetricsOnDevice, ResidualsAreWithinTheirRoundingsOfDouble) {
  for (const std::int64_t size : test::kNastySizes) {
    for (const bool rates : {false, true}) {
      for (const bool weighted : {false, true}) expect_residuals(ctx(), size, rates, weighted);
    }
  }
}

TEST_P(MetricsOnDevice, ASquaredResidualBeyondTheFloatsIsInfinite) {
  const Words got = residual_words(ctx(), {0x1p64f}, {.count = 1, .target = {0}}, false);
  EXPECT_EQ(exact_value(sum_at(got, 0)), kInf) << "2^128";
  EXPECT_EQ(exact_value(sum_at(got, 1)), 0x1p64);
}

void expect_confusion(const Context& ctx, std::int64_t count, std::int64_t outputs) {
  const std::int64_t classes = std::max<std::int64_t>(outputs, 2);
  const Rows rows = make_rows(count, classes_for(count, classes), count % 2 == 1);
  const std::vector<float> z = test::random_integers(count * outputs, 6, 2);  // full of ties
  const int unit = weight_unit(rows.total());
  std::vector<double> want(static_cast<std::size_t>(classes * classes));
  for (std::int64_t n = 0; n < count; ++n) {
    const auto row = z.begin() + n * outputs;
    const std::int64_t predicted = outputs == 1 ? row[0] > 0 : std::max_element(row, row + outputs) - row;
    want[static_cast<std::size_t>(static_cast<std::int64_t>(rows.target[rows.at(n)]) * classes +
                                  predicted)] += rows.w(n);
  }
  const Words got = confusion_cells(ctx, z, outputs, classes, rows, unit);
  for (std::size_t i = 0; i < want.size(); ++i)
    ASSERT_EQ(weight_of(got[i], unit), want[i]) << count << " rows, cell " << i;
}

TEST_P(MetricsOnDevice, ConfusionCountsTargetAgainstTheFirstLargestOutput) {
  for (const std::int64_t size : test::kNastySizes) {
    for (const std::int64_t outputs : {1, 2, 3, 10, 33, 70}) expect_confusion(ctx(), size, outputs);
  }
}

TEST_P(MetricsOnDevice, NaNIsNeverThePredictedClassAndATargetThatIsNoneIsLeftOut) {
  const std::vector<float> z = {kNaN, -1, -2, kNaN, kNaN, kNaN, -kInf, -kInf, -kInf,
                                1,    2,  3,  1,    2,    3,    1,     2,     kNaN};
  const Rows rows{.count = 6, .target = {0, 1, 2, kNaN, 3, 2}};
  const Words got = confusion_cells(ctx(), z, 3, 3, rows, 0);
  EXPECT_EQ(got, (Words{0, 1, 0, 1, 0, 0, 1, 1, 0}));
}

TEST_P(MetricsOnDevice, WeightsAreOffByAtMostHalfAUnitEach) {
  Rows rows{.count = 1000,
            .target = std::vector<float>(1000, 1.0f),
            .weight = test::random_floats(1000, 9, 0, 1e-3f)};
  rows.weight[0] = 1e20f;
  rows.weight[1] = 0x1p-149f;
  const int unit = weight_unit(rows.total());
  const Words got = confusion_cells(ctx(), std::vector<float>(1000, 1.0f), 1, 2, rows, unit);
  double small = 0, units = 0;  // apart from the large one, whose units are exact
  for (std::size_t n = 1; n < 1000; ++n) small += rows.weight[n];
  units = static_cast<double>(got[3] - static_cast<std::uint64_t>(std::ldexp(1e20f, -unit)));
  EXPECT_NEAR(units, std::ldexp(small, -unit), 500);
  EXPECT_LT(got[3], std::uint64_t{1} << 62);
  EXPECT_EQ(got[0] + got[1] + got[2], 0u);
}

TEST_P(MetricsOnDevice, WeightsAreTheNearestNumberOfUnitsHalvesUp) {
  const auto units = [&](float weight, int unit) {
    return confusion_cells(ctx(), {1.0f}, 1, 2, {.count = 1, .target = {1}, .weight = {weight}}, unit)[3];
  };
  EXPECT_EQ(units(0.25f, 0), 0u);
  EXPECT_EQ(units(0.5f, 0), 1u);
  EXPECT_EQ(units(0.75f, 0), 1u);
  EXPECT_EQ(units(1.5f, 0), 2u);
  EXPECT_EQ(units(2.25f, 0), 2u);
  EXPECT_EQ(units(0xffffff, 0), 0xffffffu);
  EXPECT_EQ(units(0xffffff, 1), 0x800000u);
  EXPECT_EQ(units(0xffffff, -38), std::uint64_t{0xffffff} << 38);
  for (int exponent = -1; exponent > -149; --exponent)
    EXPECT_EQ(units(std::ldexp(1.0f, exponent - 1), 0), 0u) << exponent;
}

TEST_P(MetricsOnDevice, PairsOfLargeWeightsAreCountedToTheLastUnit) {
  // In units of 2^-40: three positives weigh 2^60 - 1 together, three negatives of a lower score as much.
  // Twice the pairs are 2 (2^60 - 1)^2 = 2^121 - 2^62 + 2, and (2^60 - 1)^2 where all scores tie.
  const std::vector<float> weights = {0x0.ffffffp-16f, 0x0.ffffffp8f, 0xfffp8f};
  Rows rows{.count = 6, .target = {1, 1, 1, 0, 0, 0}, .weight = weights};
  rows.weight.insert(rows.weight.end(), weights.begin(), weights.end());
  using Wide = unsigned __int128;
  const auto twice = [&](const std::vector<float>& scores) {
    const PairCount count = count_pairs(ctx(), scores, rows, -40);
    Wide sum = 0;
    for (int i = 0; i < 4; ++i) sum += Wide{count.limb[i]} << (32 * i);
    return sum;
  };
  const Wide one = 1, in_order = (one << 121) - (one << 62) + 2;
  EXPECT_TRUE(twice({2, 2, 2, 1, 1, 1}) == in_order);
  EXPECT_TRUE(twice({2, 3, 4, 1, 0, -1}) == in_order);
  EXPECT_TRUE(twice({1, 1, 1, 1, 1, 1}) == in_order / 2);
  EXPECT_TRUE(twice({1, 1, 1, 2, 2, 2}) == 0);
}

TEST_P(MetricsOnDevice, PairsAreThoseOfLookingAtEveryPair) {
  for (const std::int64_t size : test::kNastySizes) {
    for (const bool weighted : {false, true}) {
      const Rows rows = make_rows(size, classes_for(size, 2), weighted);
      for (const int distinct : {0, 3, 1 << 20}) {
        const std::vector<float> scores = test::random_integers(size, 8, distinct);
        // Weights are multiples of 1/4 up to 2: every sum of products is exact in double.
        EXPECT_EQ(pairs_of(ctx(), scores, rows), textbook_pairs(scores, rows)) << size << ", " << distinct;
      }
    }
  }
}

TEST_P(MetricsOnDevice, ZerosTieAndNaNRanksAboveInfinity) {
  const std::vector<float> scores = {0.0f, -0.0f, kNaN, kInf, -kInf, -kNaN, -1e-45f, 1e-45f, kInf, -kInf};
  for (unsigned bits = 0; bits < 1024; bits += 7) {
    Rows rows{.count = 10};
    for (unsigned i = 0; i < 10; ++i) rows.target.push_back(static_cast<float>(bits >> i & 1u));
    ASSERT_EQ(pairs_of(ctx(), scores, rows), textbook_pairs(scores, rows)) << bits;
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, MetricsOnDevice, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

TEST(MetricsExactness, DevicesThreadsAndCallsAgreeInEveryDigit) {
  const std::vector<float> values = test::random_floats(40000, 12, -1e3f, 1e7f);
  const Rows rows = make_rows(40000, classes_for(40000, 2), true);
  const Context& first = context_of(test::exact_devices().front(), 1);
  const Words sum = sum_words(first, values), squares = residual_words(first, values, rows, false);
  const Words cells = confusion_cells(first, values, 1, 2, rows, -40);
  const double pairs = pairs_of(first, values, rows);
  EXPECT_GT(pairs, 0.0);
  for (const std::string& device : test::exact_devices()) {
    for (const int threads : {1, 2}) {
      const Context& ctx = context_of(device, threads);
      EXPECT_EQ(sum_words(ctx, values), sum) << device;
      EXPECT_EQ(sum_words(ctx, values, 997), sum) << device;
      EXPECT_EQ(residual_words(ctx, values, rows, false), squares) << device;
      EXPECT_EQ(confusion_cells(ctx, values, 1, 2, rows, -40), cells) << device;
      EXPECT_EQ(pairs_of(ctx, values, rows), pairs) << device;
    }
  }
}

TEST(MetricsExactness, TheOrderOfTheRowsChangesNoDigit) {
  std::vector<float> values = test::random_floats(5000, 13, -1e-3f, 1e5f);
  for (const std::string& device : test::all_devices()) {
    const Words forward = sum_words(context_of(device), values);
    std::reverse(values.begin(), values.end());
    EXPECT_EQ(sum_words(context_of(device), values), forward) << device;
  }
}

TEST(MetricsExactness, TheReferenceFindsTheSameSumsOfFloats) {
  const std::vector<float> values = test::random_floats(3000, 14, -1e5f, 1e-3f);
  const double want = sum_of(context_of("reference"), values);
  for (const std::string& device : test::exact_devices())
    EXPECT_NEAR(sum_of(context_of(device), values), want, kValueError * std::abs(want)) << device;
}

TEST(MetricCosts, AreTheBytesOfTheirKernels) {
  // as metrics_cuda.cu and pairs_cuda.cu count them: floats of 4 bytes, ids and sums of 8
  const auto expect = [](const Cost& cost, std::int64_t flops, std::int64_t read, std::int64_t written) {
    EXPECT_EQ(cost.flops, flops);
    EXPECT_EQ(cost.bytes_read, read);
    EXPECT_EQ(cost.bytes_written, written);
  };
  expect(metric_sum_cost(10), 30, 40, 0);
  expect(residuals_cost(10), 100, 40 + 80 + 80, 0);
  expect(confusion_cost(10, 3), 30, 120 + 160, 80);
  expect(pairs_cost(10), 80, 40 + 4 * 120 + 360, 80 + 4 * 80 + 80);
}

TEST(MetricValues, PairsAreHalfTheSumOfTheirLimbsInSquaredUnits) {
  constexpr Count kFull = ~Count{0};
  EXPECT_EQ(weight_of_pairs({{6, 0, 0, 0}}, 0), 3);
  EXPECT_EQ(weight_of_pairs({{0, 6, 0, 0}}, 0), 0x3p32);
  EXPECT_EQ(weight_of_pairs({{0, 0, 6, 0}}, 0), 0x3p64);
  EXPECT_EQ(weight_of_pairs({{0, 0, 0, 6}}, 0), 0x3p96);
  EXPECT_EQ(weight_of_pairs({{2, 0, 0, 0}}, -3), 0x1p-6);
  EXPECT_EQ(weight_of_pairs({{2, 0, 0, 0}}, 5), 0x1p10);
  EXPECT_EQ(weight_of_pairs({{(Count{1} << 33) + 2, 0, 0, 0}}, 0), 0x1p32 + 1);
  EXPECT_EQ(weight_of_pairs({{0, 0, 0, Count{1} << 33}}, 0), 0x1p128);
  // (2^64 - 1)(2^32 + 1) / 2 = (2^96 + 2^64 - 2^32 - 1) / 2, of which a double keeps the first two terms
  EXPECT_EQ(weight_of_pairs({{kFull, kFull, 0, 0}}, 0), 0x1p95 + 0x1p63);
}

TEST(MetricValues, PairsOfTheLargestWeightsDoNotOverflow) {
  const Rows rows{.count = 4, .target = {1, 0, 1, 0}, .weight = {3e38f, 3e38f, 1e38f, 3e38f}};
  const std::vector<float> scores = {2, 1, 0, 0};
  const double big = 3e38f, small = 1e38f;
  for (const std::string& device : test::all_devices()) {
    EXPECT_NEAR(pairs_of(context_of(device), scores, rows), 2 * big * big + small * big / 2,
                big * big * 0x1p-50)
        << device;
  }
}

}  // namespace
}  // namespace thalweg
