// The numbers of the gallery's pages on functions, held to values known otherwise: by hand, or by numpy and
// scipy in double.
#include <gtest/gtest.h>

#include <cmath>

#include "examples/gallery/pages.hpp"

namespace thalweg::gallery {
namespace {

TEST(GalleryOfFunctions, RevenueIsLargestAtAPriceOf25) {
  const Page page = revenue();
  // the error 25 shrinks by 1 - 4 rate in each step
  EXPECT_NEAR(page["price of sgd at rate 0.1 after 10 steps"], 25 * (1 - std::pow(0.6, 10)), 1e-4);
  EXPECT_NEAR(page["price of sgd at rate 0.1 after 20 steps"], 25 * (1 - std::pow(0.6, 20)), 1e-4);
  EXPECT_NEAR(page["its revenue"], 1250, 1e-3);
  EXPECT_NEAR(page["price of sgd at rate 0.4 after 1 step"], 40, 1e-4);
  EXPECT_NEAR(page["price of sgd at rate 0.4 after 2 steps"], 16, 1e-4);
  EXPECT_EQ(page["price of sign after 19 steps"], 26) << "24, 26, 24, ...: it steps over 25 for ever";
  EXPECT_EQ(page["price of sign after 20 steps"], 24);
}

TEST(GalleryOfFunctions, SevenHeadsOfTenAreLikeliestAtAChanceOfSevenTenths) {
  const Page page = maximise();
  EXPECT_NEAR(page["logit"], 0.847298, 1e-5) << "ln(7/3)";
  EXPECT_NEAR(page["chance of heads"], 0.7, 1e-6);
  EXPECT_NEAR(page["log-likelihood"], -6.108643, 1e-6) << "7 ln 0.7 + 3 ln 0.3";
  EXPECT_NEAR(page["least value of -g"], 6.108643, 1e-6);
}

TEST(GalleryOfFunctions, TwoStartsFindTheTwoMinimaThatScipyFinds) {
  const Page page = two_starts();  // scipy.optimize.brentq on the derivative
  EXPECT_NEAR(page["left minimum"], -0.616275, 1e-5);
  EXPECT_NEAR(page["value at the left minimum"], 0.682509, 1e-6);
  EXPECT_NEAR(page["right minimum"], 1.239924, 1e-5);
  EXPECT_NEAR(page["value at the right minimum"], -0.865114, 1e-6);
}

TEST(GalleryOfFunctions, StationaryPointsHaveTheirCurvatures) {
  const Page page = stationary_points();
  // x^4 - 8x^2 + 5: slope 4x (x^2 - 4), curvature 12x^2 - 16
  EXPECT_NEAR(page["x^4 - 8x^2 + 5: left minimum"], -2, 1e-6);
  EXPECT_NEAR(page["its curvature"], 32, 1e-4);
  EXPECT_NEAR(page["value at both minima"], -11, 1e-9);
  EXPECT_NEAR(page["curvature at the maximum 0"], -16, 1e-4);
  // x^4 - 3x^2 + x: numpy.roots([4, 0, -6, 1])
  EXPECT_NEAR(page["x^4 - 3x^2 + x: left minimum"], -1.300840, 1e-5);
  EXPECT_NEAR(page["curvature at the left minimum"], 14.306203, 1e-4);
  EXPECT_NEAR(page["maximum"], 0.169938, 1e-5);
  EXPECT_NEAR(page["curvature at the maximum"], -5.653451, 1e-4);
  EXPECT_NEAR(page["right minimum"], 1.130901, 1e-5);
  EXPECT_NEAR(page["curvature at the right minimum"], 9.347248, 1e-4);
}

TEST(GalleryOfFunctions, ASaddleHoldsAWalkOnItsLineAndSlowsOneBesideIt) {
  const Page page = stationary_points();
  // 3 * 0.8^k falls below 0.001 at k = 36; the other count is that of the same steps in numpy
  EXPECT_EQ(page["walks past or onto the saddle that converged"], 2);
  EXPECT_EQ(page["steps onto the saddle"], 36);
  EXPECT_NEAR(page["value at the saddle"], 0, 1e-6);
  EXPECT_NEAR(page["steps past the saddle to the minimum"], 104, 1);
  EXPECT_NEAR(page["value at that minimum"], -0.25, 1e-6);
}

TEST(GalleryOfFunctions, ThePathInTwoVariablesIsCurved) {
  const Page page = curved_path();
  EXPECT_NEAR(page["smaller curvature"], 4 - std::sqrt(5.0), 1e-12);
  EXPECT_NEAR(page["larger curvature"], 4 + std::sqrt(5.0), 1e-12);
  EXPECT_NEAR(page["x after 5 steps"], 1.24418, 1e-5) << "numpy: (I - H/10)^5 (3, 2)";
  EXPECT_NEAR(page["y after 5 steps"], 0.30347, 1e-5);
  EXPECT_NEAR(page["value after 5 steps"], 1.446695, 1e-5);
  EXPECT_NEAR(page["value after 20 steps"], 0.00428440, 1e-7);
  EXPECT_NEAR(page["largest distance from the straight line"], 0.632358, 1e-5);
}

TEST(GalleryOfFunctions, ABowlOfSixLeavesOneMinimum) {
  const Page page = l2_convexifies();
  EXPECT_NEAR(page["from -2 without l2"], -1.300840, 1e-5);
  EXPECT_NEAR(page["from 2 without l2"], 1.130901, 1e-5);
  const double alone = -std::cbrt(0.25);  // of x^4 + x: 4x^3 = -1
  EXPECT_NEAR(page["from -2 with l2 = 6"], alone, 1e-5);
  EXPECT_NEAR(page["from 2 with l2 = 6"], alone, 1e-5);
  EXPECT_NEAR(page["value at the end with l2 = 6, bowl included"], 0.75 * alone, 1e-6);
}

TEST(GalleryOfFunctions, EulerIsOfOrderOneAndAdamsBashforthOfOrderTwo) {
  const Page page = gradient_flow();  // the recursions in double, by numpy
  EXPECT_NEAR(page["error of sgd, steps of 1/8"], 0.0242705, 1e-6);
  EXPECT_NEAR(page["error of sgd, steps of 1/64"], 0.00289292, 1e-6);
  EXPECT_NEAR(page["order of sgd"], 1.00952, 1e-3);
  EXPECT_NEAR(page["error of adams_bashforth, steps of 1/8"], 0.000653059, 1e-6);
  EXPECT_NEAR(page["error of adams_bashforth, steps of 1/64"], 7.83538e-6, 3e-7);
  EXPECT_NEAR(page["order of adams_bashforth"], 2.063, 0.05);
}

TEST(GalleryOfFunctions, NesterovDiffersAfterTwoSteps) {
  const Page page = nesterov();
  EXPECT_NEAR(page["momentum after 1 step"], 0.9, 1e-6);
  EXPECT_NEAR(page["nesterov after 1 step"], 0.9, 1e-6);
  EXPECT_NEAR(page["momentum after 2 steps"], 0.72, 1e-6) << "0.9 - 0.1 (0.9 + 0.9)";
  EXPECT_NEAR(page["nesterov after 2 steps"], 0.729, 1e-6) << "0.9 - 0.1 (0.9 + 0.81)";
  EXPECT_NEAR(page["lowest point of momentum"], -0.603717, 1e-5) << "numpy";
  EXPECT_NEAR(page["lowest point of nesterov"], -0.354595, 1e-5);
}

TEST(GalleryOfFunctions, MomentumHasTheGainsOfALowPass) {
  const Page page = low_pass();
  EXPECT_NEAR(page["momentum 0.9, a gradient that stays"], 10, 2e-3) << "1 / (1 - b)";
  EXPECT_NEAR(page["momentum 0.9, a period of 4 steps"], 0.743294, 1e-4) << "1 / sqrt(1 + b^2)";
  EXPECT_NEAR(page["momentum 0.9, a sign that changes"], 0.526316, 1e-4) << "1 / (1 + b)";
  EXPECT_NEAR(page["momentum 0.5, a gradient that stays"], 2, 1e-3);
  EXPECT_NEAR(page["momentum 0.5, a sign that changes"], 0.666667, 1e-4);
}

TEST(GalleryOfFunctions, WithoutBiasCorrectionTheFirstStepsAreTooLong) {
  const Page page = bias_correction();
  EXPECT_NEAR(page["adam, first step"], 1, 1e-4);
  // (1 - 0.9^t) / sqrt(1 - 0.999^t)
  EXPECT_NEAR(page["without correction, first step"], std::sqrt(10.0), 1e-3);
  EXPECT_NEAR(page["without correction, longest step"], 6.56852, 1e-3) << "the 12th";
  EXPECT_NEAR(page["without correction, step 1,000"], 1.25758, 1e-3);
  EXPECT_NEAR(page["rmsprop, first step"], 10, 1e-3) << "1 / sqrt(1 - 0.99)";
  EXPECT_NEAR(page["rmsprop, step 100"], 1.255933, 1e-3) << "1 / sqrt(1 - 0.99^100)";
}

TEST(GalleryOfFunctions, NoiseLeavesTheNarrowWellForTheWideOne) {
  const Page page = sharp_minimum();
  EXPECT_EQ(page["share in the wide well, without noise"], 0);
  // 20,000 points with numpy's noise: 0.7503; four standard deviations of 400 points
  EXPECT_NEAR(page["share in the wide well, after noise"], 0.7503, 0.087);
  EXPECT_NEAR(page["narrow minimum"], -0.993292, 1e-5) << "scipy.optimize.brentq on the slope";
  EXPECT_NEAR(page["wide minimum"], 0.901936, 1e-4);
}

}  // namespace
}  // namespace thalweg::gallery
