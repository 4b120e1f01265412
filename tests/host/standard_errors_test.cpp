#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/backends.hpp"
#include "thalweg/error.hpp"
#include "thalweg/thalweg.hpp"

namespace thalweg {
namespace {

/// y about 1 + 2 x with noise that grows with |x|; column 1 is twice column 0 where `collinear`.
Dataset line(bool collinear) {
  Dataset data;
  data.rows = 50, data.features = collinear ? 2 : 1;
  const auto x = test::random_floats(50, 1), noise = test::random_floats(50, 2);
  for (std::size_t n = 0; n < 50; ++n) {
    data.dense_f32.push_back(x[n]);
    if (collinear) data.dense_f32.push_back(2 * x[n]);
    data.target.push_back(1 + 2 * x[n] + x[n] * noise[n]);
  }
  return data;
}

Model model_of(const Context& ctx, const Dataset& data, std::vector<float> weight, float bias) {
  Model model(ctx, resolve_model({.loss = "squared"}, schema_of(data), 1));
  auto parameters = model.parameters(ctx);
  parameters[0].values = std::move(weight), parameters[1].values = {bias};
  model.set_parameters(ctx, parameters);
  return model;
}

TEST(StandardErrors, OfALineAreWhitesFormula) {
  const Context& ctx = test::context_of("cpu");
  const Dataset data = line(false);
  const auto got = standard_errors(ctx, model_of(ctx, data, {2.0f}, 1.0f), data);
  double s0 = 0, s1 = 0, s2 = 0;
  for (std::size_t n = 0; n < 50; ++n) s0 += 1, s1 += data.dense_f32[n], s2 += std::pow(data.dense_f32[n], 2);
  const double determinant = s0 * s2 - s1 * s1;
  double slope = 0, intercept = 0;
  for (std::size_t n = 0; n < 50; ++n) {
    const double x = data.dense_f32[n], residual = 2 * x + 1 - data.target[n];
    slope += std::pow((s0 * x - s1) / determinant * residual, 2);
    intercept += std::pow((s2 - s1 * x) / determinant * residual, 2);
  }
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[1].name, "bias");
  EXPECT_NEAR(got[0].standard_error, std::sqrt(slope), 1e-5 * std::sqrt(slope));
  EXPECT_NEAR(got[1].standard_error, std::sqrt(intercept), 1e-5 * std::sqrt(intercept));
}

TEST(StandardErrors, OfACollinearColumnAreLeftOutAndTheOthersStay) {
  const Context& ctx = test::context_of("cpu");
  const Dataset one = line(false), two = line(true);
  const auto want = standard_errors(ctx, model_of(ctx, one, {2.0f}, 1.0f), one);
  const auto got = standard_errors(ctx, model_of(ctx, two, {1.0f, 0.5f}, 1.0f), two);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_TRUE(std::isnan(got[1].standard_error));
  EXPECT_NEAR(got[0].standard_error, want[0].standard_error, 1e-4 * want[0].standard_error);
  EXPECT_NEAR(got[2].standard_error, want[1].standard_error, 1e-4 * want[1].standard_error);
}

TEST(StandardErrors, NeedALinearModelAndALossWithCurvature) {
  const Context& ctx = test::context_of("cpu");
  const Dataset data = line(false);
  const Model deep(ctx, resolve_model({.hidden = {3}}, schema_of(data), 1));
  EXPECT_THROW(standard_errors(ctx, deep, data), UnsupportedLayer);
  const Model flat(ctx, resolve_model({.loss = "absolute"}, schema_of(data), 1));
  EXPECT_THROW(standard_errors(ctx, flat, data), ConfigError);
}

}  // namespace
}  // namespace thalweg
