// minimize on w^2 / 2, whose gradient is w: sgd at rate 1/2 halves each coordinate.
#include <gtest/gtest.h>

#include "tests/support/backends.hpp"
#include "thalweg/thalweg.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;

struct Outcome {
  Floats point;
  double value;
  int calls;
};

Outcome minimized(Floats point, std::int64_t steps, double tolerance, OptimizerConfig config = {}) {
  config.name = Rule::sgd;
  config.lr = 0.5;
  int calls = 0;
  const MinimizeResult result = minimize(test::context_of("cpu"), config, point, steps, tolerance,
                                         [&](const Floats& at, Floats& gradient) {
                                           ++calls;
                                           double sum = 0;
                                           for (std::size_t i = 0; i < at.size(); ++i)
                                             gradient[i] = at[i], sum += 0.5 * at[i] * at[i];
                                           return sum;
                                         });
  return {point, result.value, calls};
}

TEST(Minimize, TakesTheStepsAskedForAndReturnsTheLastValue) {
  const Outcome got = minimized({8, -4}, 2, 0);
  EXPECT_EQ(got.point, (Floats{2, -1}));
  EXPECT_EQ(got.value, 2.5);
  EXPECT_EQ(got.calls, 3);
  EXPECT_EQ(minimized({8, -4}, 0, 0).value, 40);
}

TEST(Minimize, StopsWhereTheLargestAbsoluteGradientMeetsTheTolerance) {
  for (const float sign : {1.0f, -1.0f}) {
    const Outcome got = minimized({sign * 8, 1}, 100, 1);
    EXPECT_EQ(got.point, (Floats{sign * 1, 0.125f}));
    EXPECT_EQ(got.calls, 4) << "no gradient is asked for after the last step";
  }
  EXPECT_EQ(minimized({-1, 0.5f}, 100, 1).point, (Floats{-1, 0.5f})) << "there from the start";
  EXPECT_EQ(minimized({0, 0}, 100, 0).calls, 1);
}

TEST(Minimize, ClipsAndConstrainsAsTraining) {
  OptimizerConfig config;
  config.clip_norm = 5;
  // the gradient (6, 8) of norm 10 is halved, as is the step; 1e-6 in the clip factor
  const Outcome clipped = minimized({6, 8}, 1, 0, config);
  EXPECT_NEAR(clipped.point[0], 4.5, 1e-6);
  EXPECT_NEAR(clipped.point[1], 6, 1e-6);
  config = {};
  config.constraint = Constraint::box;
  config.lower = 3, config.upper = 100;
  EXPECT_EQ(minimized({8, 4}, 2, 0, config).point, (Floats{3, 3}));
  config.constraint = Constraint::l2_ball;
  config.upper = 2.5;
  const Outcome ball = minimized({6, 8}, 1, 0, config);  // (3, 4) of norm 5, halved
  EXPECT_NEAR(ball.point[0], 1.5, 1e-6);
  EXPECT_NEAR(ball.point[1], 2, 1e-6);
}

}  // namespace
}  // namespace thalweg
