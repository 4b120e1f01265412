#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/elementwise_loss/elementwise_loss.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/loss_kinds.hpp"

namespace thalweg {
namespace {

using test::context_of;
using test::gamma_bound;
using test::Guarded;
using test::Place;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

bool is_hinge(LossKind kind) { return test::traits_of(kind).scores; }
bool has_classes(LossKind kind) { return test::traits_of(kind).classification; }

/// The loss as its definition reads; y is +-1 for the hinge losses.
double textbook(LossSpec loss, double z, double y) {
  const double p = loss.parameter, distance = std::abs(z - y);
  switch (loss.kind) {
    case LossKind::squared:
      return 0.5 * std::pow(z - y, 2);
    case LossKind::absolute:
      return distance;
    case LossKind::huber:
      return distance <= p ? 0.5 * distance * distance : p * (distance - 0.5 * p);
    case LossKind::quantile:
      return std::max(p * (y - z), (p - 1) * (y - z));
    case LossKind::poisson:
      return std::exp(z) - y * z;
    case LossKind::logistic:  // minus the log likelihood of y under probability 1 / (1 + exp(-z))
      return y * std::log1p(std::exp(-z)) + (1 - y) * std::log1p(std::exp(z));
    case LossKind::hinge:
      return std::max(0.0, 1 - y * z);
    case LossKind::squared_hinge:
      break;
  }
  return std::pow(std::max(0.0, 1 - y * z), 2);
}

/// What the roundings of the loss are relative to: the sum of its terms' sizes.
double terms(LossSpec loss, double z, double y) {
  const double value = textbook(loss, z, y), p = loss.parameter;
  if (loss.kind == LossKind::huber) return value + p * (std::abs(z - y) + p);
  if (loss.kind == LossKind::poisson) return std::exp(z) + std::abs(y * z);
  return value;
}

double central_difference(LossSpec loss, double z, double y) {
  constexpr double kStep = 1e-6;
  return (textbook(loss, z + kStep, y) - textbook(loss, z - kStep, y)) / (2 * kStep);
}

/// Distance of z to the nearest point where the slope jumps.
double distance_to_jump(LossSpec loss, double z, double y) {
  if (loss.kind == LossKind::absolute || loss.kind == LossKind::quantile) return std::abs(z - y);
  if (loss.kind == LossKind::hinge) return std::abs(1 - y * z);
  return 1.0;
}

struct Problem {
  LossSpec loss;
  std::int64_t rows = 0, outputs = 1;
  float scale = 1.0f;
  std::vector<float> output, target, weight;  // target and weight: the whole data set; weight may be empty
  std::vector<std::int64_t> ids;              // may be empty

  std::size_t data_row(std::int64_t n) const {
    return static_cast<std::size_t>(ids.empty() ? n : ids[static_cast<std::size_t>(n)]);
  }
  double w(std::int64_t n) const { return weight.empty() ? 1.0 : double{weight[data_row(n)]}; }
  double z(std::int64_t n, std::int64_t k) const { return output[static_cast<std::size_t>(n * outputs + k)]; }
  double y(std::int64_t n, std::int64_t k) const {
    const float t = target[data_row(n)];
    if (!is_hinge(loss.kind)) return t;
    return outputs == 1 ? (t == 1.0f ? 1.0 : -1.0) : (t == static_cast<float>(k) ? 1.0 : -1.0);
  }
};

Problem random_problem(LossKind kind, std::int64_t rows, std::int64_t outputs, bool indirect) {
  Problem p{.loss = {.kind = kind, .parameter = kind == LossKind::quantile ? 0.3f : 0.75f},
            .rows = rows,
            .outputs = outputs};
  const std::int64_t data_rows = indirect ? 2 * rows + 3 : rows;
  p.output = test::random_floats(rows * outputs, 3, -4.0f, 4.0f);
  p.target = test::random_floats(data_rows, 5, 0.0f, 3.0f);
  if (has_classes(kind)) {
    const auto classes = static_cast<float>(std::max<std::int64_t>(outputs, 2));
    for (float& t : p.target) t = std::min(std::floor(t / 3.0f * classes), classes - 1);
  }
  if (!indirect) return p;
  p.scale = 0.125f / static_cast<float>(rows + 1);
  p.weight = test::random_floats(data_rows, 7, 0.0f, 2.0f);
  for (std::int64_t n = 0; n < rows; ++n) p.ids.push_back(data_rows - 1 - 2 * n);
  return p;
}

struct Result {
  std::vector<float> losses, grad_output;
};

/// Evaluates rows [0, rows) in calls of at most `rows_per_call` rows.
Result evaluate(const Context& ctx, const Problem& p, std::int64_t rows_per_call = 1 << 20,
                Place place = Place::middle) {
  Guarded<float> output(ctx, p.output, place), target(ctx, p.target, place), weight(ctx, p.weight, place),
      scale(ctx, std::vector<float>{p.scale});
  Guarded<std::int64_t> ids(ctx, p.ids, place);
  Guarded<float> losses(ctx, p.rows), gradient(ctx, p.rows * p.outputs);
  for (std::int64_t first = 0; first == 0 || first < p.rows; first += rows_per_call) {
    const std::int64_t rows = std::min(rows_per_call, p.rows - first), at = first * p.outputs;
    const std::int64_t shift = p.ids.empty() ? first : 0;
    backend_of(ctx).elementwise_loss.evaluate(
        device_of(ctx), {.loss = p.loss,
                         .output = matrix<const float>(output.data() + at, rows, p.outputs),
                         .targets = {.target = target.data() + shift,
                                     .weight = p.weight.empty() ? nullptr : weight.data() + shift,
                                     .ids = p.ids.empty() ? nullptr : ids.data() + first,
                                     .scale = scale.data()},
                         .losses = losses.data() + first,
                         .grad_output = matrix(gradient.data() + at, rows, p.outputs)});
  }
  return {losses.download(), gradient.download()};
}

/// One sample with one output.
Result at_point(const Context& ctx, LossSpec loss, float z, float target) {
  return evaluate(ctx, {.loss = loss, .rows = 1, .output = {z}, .target = {target}});
}

void expect_matches_textbook(const Context& ctx, const Problem& p) {
  std::vector<double> loss, loss_bound, slope, slope_bound;
  for (std::int64_t n = 0; n < p.rows; ++n) {
    double sum = 0, sum_of_terms = 0;
    for (std::int64_t k = 0; k < p.outputs; ++k) {
      const double z = p.z(n, k), y = p.y(n, k), factor = p.w(n) * double{p.scale};
      ASSERT_GT(distance_to_jump(p.loss, z, y), 2e-6) << "choose another seed";
      sum += textbook(p.loss, z, y);
      sum_of_terms += terms(p.loss, z, y);
      slope.push_back(factor * central_difference(p.loss, z, y));
      // Roundings of the slope, 4 of them for exp's 2 ulp, are relative to its terms; the difference
      // quotient errs by up to 1e-6^2 times a third derivative (less than exp(4)), by half a step where
      // the curvature jumps, and by 2^-53 * 60 / 1e-6 in cancellation.
      const double size =
          1 + std::abs(z) + std::abs(y) + (p.loss.kind == LossKind::poisson ? std::exp(z) : 0);
      slope_bound.push_back(factor * (gamma_bound(8) * size + 2e-6 * 0.5 + 1e-8));
    }
    loss.push_back(p.w(n) * sum);
    loss_bound.push_back(p.w(n) * gamma_bound(12 + p.outputs) * sum_of_terms);
  }
  const Result got = evaluate(ctx, p);
  test::expect_within(got.losses, loss, loss_bound, "losses");
  test::expect_within(got.grad_output, slope, slope_bound, "grad_output");
}

class ElementwiseLossOnDevice : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx() const { return context_of(GetParam()); }
};

TEST_P(ElementwiseLossOnDevice, LossesMatchTheirDefinitionsAndGradientsTheirCentralDifferences) {
  for (const auto& [kind, loss] : test::elementwise_losses()) {
    for (const std::int64_t rows : test::kNastySizes) {
      SCOPED_TRACE(testing::Message() << name_of(loss) << ", rows " << rows);
      expect_matches_textbook(ctx(), random_problem(kind, rows, 1, false));
      expect_matches_textbook(ctx(), random_problem(kind, rows, 1, true));
    }
  }
}

TEST_P(ElementwiseLossOnDevice, HingeLossesOfSeveralOutputsHoldOneClassAgainstTheRest) {
  for (const LossKind kind : {LossKind::hinge, LossKind::squared_hinge}) {
    for (const std::int64_t outputs : {2, 3, 10, 33}) {
      for (const std::int64_t rows : {0, 1, 33, 127}) {
        SCOPED_TRACE(testing::Message() << "outputs " << outputs << ", rows " << rows);
        expect_matches_textbook(ctx(), random_problem(kind, rows, outputs, true));
      }
    }
  }
}

TEST_P(ElementwiseLossOnDevice, SlopesAtKinksAreThoseTheHeaderPromises) {
  const auto slope = [&](LossSpec loss, float z, float target) {
    return at_point(ctx(), loss, z, target).grad_output[0];
  };
  EXPECT_EQ(slope({LossKind::absolute}, 2.0f, 2.0f), 0.0f);
  EXPECT_EQ(slope({LossKind::quantile, 0.25f}, 2.0f, 2.0f), 0.0f);
  EXPECT_EQ(slope({LossKind::quantile, 0.25f}, 1.0f, 2.0f), -0.25f);
  EXPECT_EQ(slope({LossKind::quantile, 0.25f}, 3.0f, 2.0f), 0.75f);
  EXPECT_EQ(slope({LossKind::huber, 0.5f}, 2.5f, 2.0f), 0.5f);
  EXPECT_EQ(slope({LossKind::huber, 0.5f}, 9.0f, 2.0f), 0.5f);
  EXPECT_EQ(slope({LossKind::huber, 0.5f}, -9.0f, 2.0f), -0.5f);
  EXPECT_EQ(slope({LossKind::hinge}, 1.0f, 1.0f), 0.0f);
  EXPECT_EQ(slope({LossKind::hinge}, -1.0f, 0.0f), 0.0f);
  EXPECT_EQ(slope({LossKind::hinge}, 0.5f, 1.0f), -1.0f);
  EXPECT_EQ(slope({LossKind::hinge}, 0.5f, 0.0f), 1.0f);
  EXPECT_EQ(slope({LossKind::squared_hinge}, 1.0f, 1.0f), 0.0f);
  EXPECT_EQ(slope({LossKind::squared_hinge}, 0.5f, 1.0f), -1.0f);
}

TEST_P(ElementwiseLossOnDevice, LogisticKeepsItsRelativeAccuracyAtLargeOutputs) {
  for (const float z : {-80.0f, -30.0f, 30.0f, 80.0f}) {
    const float right = z > 0 ? 1.0f : 0.0f;
    const double small = std::exp(-std::abs(double{z}));  // the loss and the slope's size, up to exp(-60)
    const Result agrees = at_point(ctx(), {LossKind::logistic}, z, right);
    EXPECT_NEAR(agrees.losses[0], small, small * 1e-6);
    EXPECT_NEAR(agrees.grad_output[0], z > 0 ? -small : small, small * 1e-6);
    const Result differs = at_point(ctx(), {LossKind::logistic}, z, 1.0f - right);
    EXPECT_EQ(differs.losses[0], std::abs(z));
    EXPECT_EQ(differs.grad_output[0], z > 0 ? 1.0f : -1.0f);
  }
}

TEST_P(ElementwiseLossOnDevice, NaNInOutputOrTargetComesOutInLossAndGradient) {
  for (const auto& [kind, loss] : test::elementwise_losses()) {
    for (const bool in_output : {true, false}) {
      if (!in_output && is_hinge(kind)) continue;  // class targets are checked where data is read
      const Result got = at_point(ctx(), {kind, 0.5f}, in_output ? kNaN : 0.5f, in_output ? 1.0f : kNaN);
      EXPECT_TRUE(std::isnan(got.losses[0])) << name_of(loss);
      EXPECT_TRUE(std::isnan(got.grad_output[0])) << name_of(loss);
    }
  }
}

TEST_P(ElementwiseLossOnDevice, TakesPaddedRowsAndLeavesThePaddingAlone) {
  const std::int64_t rows = 33, stride = 5;
  Guarded<float> output(ctx(), test::random_floats(rows * stride, 9)),
      target(ctx(), std::vector<float>(33, 1.0f));
  Guarded<float> losses(ctx(), rows), gradient(ctx(), rows * stride);
  for (const std::int64_t outputs : {1, 3}) {
    backend_of(ctx()).elementwise_loss.evaluate(device_of(ctx()),
                                                {.loss = {LossKind::hinge},
                                                 .output = {output.data(), rows, outputs, stride},
                                                 .targets = {.target = target.data()},
                                                 .losses = losses.data(),
                                                 .grad_output = {gradient.data(), rows, outputs, stride}});
    const std::vector<float> got = gradient.download();
    for (std::int64_t i = 0; i < rows * stride; ++i)
      EXPECT_EQ(std::isnan(got[static_cast<std::size_t>(i)]), i % stride >= outputs) << i;
  }
}

TEST_P(ElementwiseLossOnDevice, GivesTheSameLossesWhenNoGradientIsWanted) {
  for (const std::int64_t outputs : {1, 3}) {
    const Problem p = random_problem(LossKind::squared_hinge, 100, outputs, false);
    Guarded<float> output(ctx(), p.output), target(ctx(), p.target), losses(ctx(), p.rows);
    backend_of(ctx()).elementwise_loss.evaluate(
        device_of(ctx()), {.loss = p.loss,
                           .output = matrix<const float>(output.data(), p.rows, outputs),
                           .targets = {.target = target.data()},
                           .losses = losses.data(),
                           .grad_output = matrix<float>(nullptr, p.rows, outputs)});
    test::expect_same_bits(losses.download(), evaluate(ctx(), p).losses, "losses");
  }
}

/// h = 1/2 and slope -1 for each output that is not the class; the class has h = 3/2: losses of K / 2 + 1.
TEST_P(ElementwiseLossOnDevice, AsManyOutputsAsATaskHoldsAndMoreGiveEveryLoss) {
  for (const std::int64_t outputs : {8191, 9000}) {
    const Problem p{.loss = {LossKind::hinge},
                    .rows = 3,
                    .outputs = outputs,
                    .output = std::vector<float>(static_cast<std::size_t>(3 * outputs), -0.5f),
                    .target = {0.0f, 5.0f, static_cast<float>(outputs - 1)}};
    const float loss = static_cast<float>(outputs) / 2 + 1;  // sums of halves: exact
    EXPECT_EQ(evaluate(ctx(), p).losses, (std::vector<float>{loss, loss, loss}));
  }
}

TEST_P(ElementwiseLossOnDevice, TakesTheScaleForOneWhereThereIsNone) {
  Guarded<float> output(ctx(), std::vector<float>{0.5f}), target(ctx(), std::vector<float>{1.0f}),
      weight(ctx(), std::vector<float>{3.0f});
  Guarded<float> losses(ctx(), 1), gradient(ctx(), 1);
  backend_of(ctx()).elementwise_loss.evaluate(device_of(ctx()),
                                              {.loss = {LossKind::hinge},
                                               .output = matrix<const float>(output.data(), 1, 1),
                                               .targets = {.target = target.data(), .weight = weight.data()},
                                               .losses = losses.data(),
                                               .grad_output = matrix(gradient.data(), 1, 1)});
  EXPECT_EQ(losses.download()[0], 1.5f);     // 3 (1 - 0.5)
  EXPECT_EQ(gradient.download()[0], -3.0f);  // 3 times -1
}

TEST_P(ElementwiseLossOnDevice, ReadsNothingBehindTheArrays) {
  for (const std::int64_t outputs : {1, 7}) {
    for (const bool indirect : {false, true}) {
      for (const std::int64_t rows : {5, 256}) {
        const Problem p = random_problem(LossKind::hinge, rows, outputs, indirect);
        const Result want = evaluate(ctx(), p), got = evaluate(ctx(), p, 1 << 20, Place::last);
        test::expect_same_bits(got.losses, want.losses, "losses");
        test::expect_same_bits(got.grad_output, want.grad_output, "grad_output");
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, ElementwiseLossOnDevice, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

TEST(ElementwiseLossExactness, DevicesThreadsAndMicroBatchesAgreeBitForBit) {
  for (const auto& [kind, loss] : test::elementwise_losses()) {
    for (const std::int64_t outputs : {1, 7}) {
      if (outputs > 1 && !is_hinge(kind)) continue;
      const Problem p = random_problem(kind, 20001, outputs, true);
      const Result first = evaluate(context_of(test::exact_devices().front(), 1), p);
      for (const std::string& device : test::exact_devices()) {
        for (const int threads : test::thread_counts(device)) {
          for (const std::int64_t rows_per_call : {20001, 3001}) {
            const Result got = evaluate(context_of(device, threads), p, rows_per_call);
            test::expect_same_bits(got.losses, first.losses, device + " losses");
            test::expect_same_bits(got.grad_output, first.grad_output, device + " grad_output");
          }
        }
      }
    }
  }
}

TEST(ElementwiseLossExactness, WeightTwoIsTheRowTwice) {
  for (const auto& [kind, loss] : test::elementwise_losses()) {
    Problem once = random_problem(kind, 50, 1, true), twice = once;
    std::fill(once.weight.begin(), once.weight.end(), 1.0f);
    std::fill(twice.weight.begin(), twice.weight.end(), 2.0f);
    const Result one = evaluate(context_of("cpu"), once), two = evaluate(context_of("cpu"), twice);
    for (std::size_t i = 0; i < one.losses.size(); ++i) {
      EXPECT_EQ(two.losses[i], one.losses[i] + one.losses[i]);
      EXPECT_EQ(two.grad_output[i], one.grad_output[i] + one.grad_output[i]);
    }
  }
}

}  // namespace
}  // namespace thalweg
