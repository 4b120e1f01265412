#include "kernels/base/exact_math.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace thalweg {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kMax = std::numeric_limits<float>::max();
constexpr float kLeast = std::numeric_limits<float>::denorm_min();

struct Function {
  const char* name;
  float (*exact)(float);
  double (*want)(double);
  double largest_error;  // in ulp, as exact_math.hpp states it
};

double logistic(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
double softplus(double x) { return (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x))); }

const Function kFunctions[] = {
    {"exp", [](float x) { return exact::exp(x); }, [](double x) { return std::exp(x); }, 0.78},
    {"log", [](float x) { return exact::log(x); }, [](double x) { return std::log(x); }, 0.94},
    {"log1p", [](float x) { return exact::log1p(x); }, [](double x) { return std::log1p(x); }, 1.55},
    {"tanh", [](float x) { return exact::tanh(x); }, [](double x) { return std::tanh(x); }, 1.48},
    {"sigmoid", [](float x) { return exact::sigmoid(x); }, &logistic, 1.48},
    {"softplus", [](float x) { return exact::softplus(x); }, &softplus, 1.88},
    {"erf", [](float x) { return exact::erf(x); }, [](double x) { return std::erf(x); }, 1.09},
};

/// Distance of consecutive floats at x; that of the denormals at and below them.
double ulp(double x) {
  int exponent = 0;
  std::frexp(x, &exponent);
  return std::ldexp(1.0, x == 0 || exponent < -125 ? -149 : exponent - 24);
}

class ExactMath : public testing::TestWithParam<Function> {};

TEST_P(ExactMath, StaysWithinTheStatedErrorOverASweepOfAllFloats) {
  const Function& f = GetParam();
  double worst = 0;
  float worst_at = 0;
  for (std::uint64_t pattern = 0; pattern < (std::uint64_t{1} << 32); pattern += 3079) {
    const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(pattern));
    const float got = f.exact(x);
    const double want = f.want(x);
    if (std::isnan(want)) {
      ASSERT_TRUE(std::isnan(got)) << f.name << "(" << x << ") = " << got;
      continue;
    }
    if (std::isinf(got) || std::isinf(static_cast<float>(want))) {
      ASSERT_EQ(got, static_cast<float>(want)) << f.name << "(" << x << ")";
      continue;
    }
    const double error = std::abs(got - want) / ulp(want);
    if (!(error <= worst)) {
      worst = error;
      worst_at = x;
    }
  }
  EXPECT_LE(worst, f.largest_error) << f.name << " is worst at " << worst_at;
  EXPECT_GE(worst, 0.4) << "a sweep that sees no rounding error measures nothing";
}

TEST_P(ExactMath, GivesTheRoundedValueAtZerosDenormalsAndInfinities) {
  const Function& f = GetParam();
  for (const float x :
       {0.0f, -0.0f, kLeast, -kLeast, 0x1p-126f, -0x1p-126f, kMax, -kMax, kInf, -kInf, kNaN}) {
    const float got = f.exact(x);
    const auto want = static_cast<float>(f.want(x));
    if (std::isnan(want)) {
      EXPECT_TRUE(std::isnan(got)) << f.name << "(" << x << ") = " << got;
      continue;
    }
    EXPECT_EQ(std::signbit(got), std::signbit(want)) << f.name << "(" << x << ") = " << got;
    if (std::isinf(want)) {
      EXPECT_EQ(got, want) << f.name << "(" << x << ")";
    } else {
      EXPECT_LE(std::abs(double{got} - double{want}), ulp(want)) << f.name << "(" << x << ")";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Functions, ExactMath, testing::ValuesIn(kFunctions),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(ExactMathEdges, ExpOverflowsAndUnderflowsWhereTheRoundedResultDoes) {
  EXPECT_EQ(exact::exp(0x1.62e42ep+6f), 0x1.ffff08p+127f);
  EXPECT_EQ(exact::exp(0x1.62e43p+6f), kInf);
  EXPECT_EQ(exact::exp(-0x1.9fe368p+6f), kLeast);
  EXPECT_EQ(exact::exp(-0x1.9fe36ap+6f), 0.0f);
}

TEST(ExactMathEdges, LogOfZeroIsMinusInfinityAndOfLessIsNaN) {
  EXPECT_EQ(exact::log(0.0f), -kInf);
  EXPECT_EQ(exact::log(-0.0f), -kInf);
  EXPECT_TRUE(std::isnan(exact::log(-kLeast)));
  EXPECT_EQ(exact::log1p(-1.0f), -kInf);
  EXPECT_TRUE(std::isnan(exact::log1p(-0x1.000002p+0f)));
}

TEST(ExactMathEdges, OddFunctionsAreOddAndKeepTheSignOfZero) {
  for (float x = 0x1p-140f; x < 100.0f; x *= 1.37f) {
    EXPECT_EQ(exact::tanh(-x), -exact::tanh(x)) << x;
    EXPECT_EQ(exact::erf(-x), -exact::erf(x)) << x;
  }
  EXPECT_TRUE(std::signbit(exact::tanh(-0.0f)));
  EXPECT_TRUE(std::signbit(exact::erf(-0.0f)));
  EXPECT_TRUE(std::signbit(exact::log1p(-0.0f)));
}

}  // namespace
}  // namespace thalweg
