// Worked examples with known answers, minimised step by step through the op.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/support/optimizer_problem.hpp"

namespace thalweg {
namespace {

using Gradient = std::function<std::vector<double>(const std::vector<double>&)>;

class KnownAnswers : public testing::TestWithParam<std::string> {
 protected:
  std::vector<double> minimize(const OptimizerConfig& config, const std::vector<float>& start,
                               const Gradient& gradient, int steps) {
    test::SmallOptimizer optimizer(test::context_of(GetParam()), config, start);
    for (int i = 0; i < steps; ++i) {
      const auto exact = gradient({optimizer.param().begin(), optimizer.param().end()});
      std::vector<float> rounded;
      for (double g : exact) rounded.push_back(static_cast<float>(g));
      optimizer.step(rounded);
    }
    return {optimizer.param().begin(), optimizer.param().end()};
  }
};

OptimizerConfig settings(Rule name, double lr) {
  OptimizerConfig config;
  config.name = name;
  config.lr = lr;
  return config;
}

constexpr Rule kDescents[] = {Rule::sgd, Rule::momentum, Rule::nesterov};

TEST_P(KnownAnswers, MomentumMultipliesAConstantGradientByOneOverOneMinusBeta) {
  test::SmallOptimizer optimizer(test::context_of(GetParam()), settings(Rule::momentum, 0.001), {0.0f});
  float before = 0;
  for (int i = 0; i < 300; ++i) {
    before = optimizer.param()[0];
    optimizer.step({1.0f});
  }
  // After t steps the velocity is (1 - 0.9^t) / (1 - 0.9), and 0.9^300 is 2e-14. Every step rounds once and
  // the recursion sums those errors with weights 0.9^k, to ten of them; the rounding of 0.9 itself adds as
  // much.
  EXPECT_NEAR(optimizer.state(0)[0], 10.0, 10.0 * test::gamma_bound(20));
  EXPECT_NEAR(before - optimizer.param()[0], 0.01, 0x1p-23 * std::abs(before));
}

TEST_P(KnownAnswers, SkewedQuadraticEndsAtTheOrigin) {
  const Gradient gradient = [](const std::vector<double>& p) {
    return std::vector<double>{2 * p[0] - p[1], 6 * p[1] - p[0]};
  };
  for (const Rule name : kDescents) {
    const auto end = minimize(settings(name, 0.05), {4.0f, -3.0f}, gradient, 400);
    EXPECT_NEAR(end[0], 0.0, 1e-6) << name_of(name);
    EXPECT_NEAR(end[1], 0.0, 1e-6) << name_of(name);
  }
}

TEST_P(KnownAnswers, QuarticWithTwoValleysEndsAtTwoOrMinusTwoWithMinusEleven) {
  const auto value = [](double x) { return x * x * x * x - 8 * x * x + 5; };
  const Gradient gradient = [](const std::vector<double>& p) {
    return std::vector<double>{4 * p[0] * p[0] * p[0] - 16 * p[0]};
  };
  for (const Rule name : {Rule::sgd, Rule::nesterov}) {
    for (float start : {0.5f, 3.0f, -0.5f, -3.0f}) {
      const double end = minimize(settings(name, 0.003), {start}, gradient, 500)[0];
      EXPECT_NEAR(end, start > 0 ? 2.0 : -2.0, 1e-5) << name_of(name) << " from " << start;
      EXPECT_NEAR(value(end), -11.0, 1e-6) << name_of(name) << " from " << start;
    }
  }
}

TEST_P(KnownAnswers, RevenueIsLargestAtAPriceOfTwentyFive) {
  const Gradient loss_gradient = [](const std::vector<double>& p) {
    return std::vector<double>{4 * p[0] - 100};
  };
  for (const Rule name : kDescents) {
    const double price = minimize(settings(name, 0.02), {1.0f}, loss_gradient, 400)[0];
    EXPECT_NEAR(price, 25.0, 25 * 1e-6) << name_of(name);
    EXPECT_NEAR(price * (100 - 2 * price), 1250.0, 1e-3) << name_of(name);
  }
}

TEST_P(KnownAnswers, LopsidedFunctionEndsInTheValleyOnTheSideOfTheStart) {
  // x^4 - x^3 - x^2 + exp(-x^2): a maximum at 0 and one minimum on either side, found here by bisection.
  const auto slope = [](double x) { return 4 * x * x * x - 3 * x * x - 2 * x - 2 * x * std::exp(-x * x); };
  const Gradient gradient = [&](const std::vector<double>& p) { return std::vector<double>{slope(p[0])}; };
  const auto root = [&](double low, double high) {
    for (int i = 0; i < 60; ++i) {
      const double middle = (low + high) / 2;
      ((slope(middle) < 0) ? low : high) = middle;
    }
    return low;
  };
  const double left = root(-2.0, -0.1), right = root(0.1, 2.0);
  ASSERT_LT(left, -0.5);
  ASSERT_GT(right, 1.0);
  for (const Rule name : {Rule::sgd, Rule::nesterov}) {
    OptimizerConfig config = settings(name, 0.005);
    config.momentum = 0.5;  // 0.9 would carry a start on the steep wall at -1.5 over the maximum
    for (float start : {0.2f, 2.0f})
      EXPECT_NEAR(minimize(config, {start}, gradient, 1000)[0], right, 1e-5) << name_of(name);
    for (float start : {-0.2f, -1.5f})
      EXPECT_NEAR(minimize(config, {start}, gradient, 1000)[0], left, 1e-5) << name_of(name);
  }
}

TEST_P(KnownAnswers, EveryRuleComesDownAQuadratic) {
  const Gradient gradient = [](const std::vector<double>& p) { return std::vector<double>{p[0], 4 * p[1]}; };
  for (const Rule name : {Rule::sgd, Rule::momentum, Rule::nesterov, Rule::rmsprop, Rule::adam, Rule::adamw,
                          Rule::amsgrad, Rule::sign, Rule::lion, Rule::adams_bashforth}) {
    const auto end = minimize(settings(name, 0.01), {1.0f, -1.0f}, gradient, 1000);
    // The sign rules end in a cycle as wide as their steps, a few lr.
    EXPECT_LE(std::hypot(end[0], end[1]), 0.03) << name_of(name);
  }
  const auto adagrad = minimize(settings(Rule::adagrad, 0.5), {1.0f, -1.0f}, gradient, 1000);
  EXPECT_LE(std::hypot(adagrad[0], adagrad[1]), 1e-3);
}

TEST_P(KnownAnswers, L1HasTheOptimumOfTheLassoUnderEveryRuleThatHeedsTheSizeOfAGradient) {
  // (p0 - 1)^2 / 2 + 2 (p1 + 3)^2 + (p2 - 0.2)^2 / 2 + |p| / 4 is least at 1 - 1/4, -3 + 1/16 and 0.
  const Gradient gradient = [](const std::vector<double>& p) {
    return std::vector<double>{p[0] - 1, 4 * (p[1] + 3), p[2] - 0.2};
  };
  for (const auto& [name, lr] : {std::pair{Rule::sgd, 0.05},
                                 {Rule::momentum, 0.01},
                                 {Rule::nesterov, 0.01},
                                 {Rule::adagrad, 0.5},
                                 {Rule::rmsprop, 0.002},
                                 {Rule::adam, 0.01},
                                 {Rule::adamw, 0.01},
                                 {Rule::amsgrad, 0.02},
                                 {Rule::adams_bashforth, 0.05}}) {
    OptimizerConfig config = settings(name, lr);
    config.l1 = 0.25;
    const auto end = minimize(config, {0.5f, 0.5f, 0.5f}, gradient, 4000);
    EXPECT_NEAR(end[0], 0.75, 0.005) << name_of(name);
    EXPECT_NEAR(end[1], -2.9375, 0.005) << name_of(name);
    EXPECT_EQ(end[2], 0) << name_of(name);
  }
}

TEST_P(KnownAnswers, FtrlMeetsTheMinimumAndKeepsExactZeros) {
  OptimizerConfig config = settings(Rule::ftrl, 1.0);
  const Gradient gradient = [](const std::vector<double>& p) {
    return std::vector<double>{p[0] - 1.0, p[1] - 0.25};
  };
  const auto free = minimize(config, {0.0f, 0.0f}, gradient, 1000);
  EXPECT_NEAR(free[0], 1.0, 1e-3);
  EXPECT_NEAR(free[1], 0.25, 1e-3);

  config.l1 = 5.0;
  const Gradient constant = [](const std::vector<double>&) { return std::vector<double>{-1.0, -0.04}; };
  const auto sparse = minimize(config, {0.0f, 0.0f}, constant, 100);
  EXPECT_GT(sparse[0], 0.5);
  EXPECT_EQ(sparse[1], 0.0) << "gradients that sum to less than l1 leave an exact zero";
}

struct Steps {
  OptimizerConfig config;
  std::vector<float> gradients;  ///< of one parameter that begins at 0
  std::vector<double> path;
};

/// Worked out by hand; a rule that PyTorch lacks has its row here.
TEST_P(KnownAnswers, TheFirstStepsOfEachRuleAreThoseOfItsPaper) {
  const Steps rows[] = {
      {{.name = Rule::sgd, .lr = 0.5}, {1.0f, -3.0f, 2.0f}, {-0.5, 1.0, 0.0}},
      {{.name = Rule::sign, .lr = 0.5}, {0.25f, -3.0f, 0.0f}, {-0.5, 0.0, 0.0}},
      // m = 3/4, -3/16; each direction has the sign of m / 2 + g / 2 before it
      {{.name = Rule::lion, .lr = 0.5, .beta1 = 0.5, .beta2 = 0.25},
       {1.0f, -0.5f, 0.125f},
       {-0.5, -1.0, -0.5}},
      {{.name = Rule::adams_bashforth, .lr = 0.5}, {1.0f, 2.0f, 0.0f}, {-0.5, -1.75, -1.25}},
      // z = 3, 7.8; n = 9, 25; sigma = 6, 4; w = (1 - z) / ((1 + sqrt(n)) / lr + 2)
      {{.name = Rule::ftrl, .lr = 0.5, .beta = 1, .l1 = 1, .l2 = 2}, {3.0f, 4.0f}, {-0.2, -6.8 / 14}},
  };
  for (const Steps& row : rows) {
    test::SmallOptimizer optimizer(test::context_of(GetParam()), row.config, {0.0f});
    for (std::size_t i = 0; i < row.path.size(); ++i) {
      optimizer.step({row.gradients[i]});
      EXPECT_NEAR(optimizer.param()[0], row.path[i], 1e-6) << name_of(row.config.name) << ", step " << i + 1;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Update, KnownAnswers, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

}  // namespace
}  // namespace thalweg
