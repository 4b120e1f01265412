#include <gtest/gtest.h>

#include <cmath>

#include "host/model/curvature.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/small_models.hpp"
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
  Model model(ctx, resolve_model({.loss = Loss::squared}, schema_of(data), 1));
  auto parameters = model.parameters();
  parameters[0].values = std::move(weight), parameters[1].values = {bias};
  model.set_parameters(parameters);
  return model;
}

TEST(StandardErrors, OfALineAreWhitesFormula) {
  const Context& ctx = test::context_of("cpu");
  const Dataset data = line(false);
  const auto got = standard_errors(model_of(ctx, data, {2.0f}, 1.0f), data);
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
  const auto want = standard_errors(model_of(ctx, one, {2.0f}, 1.0f), one);
  const auto got = standard_errors(model_of(ctx, two, {1.0f, 0.5f}, 1.0f), two);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_TRUE(std::isnan(got[1].standard_error));
  EXPECT_NEAR(got[0].standard_error, want[0].standard_error, 1e-4 * want[0].standard_error);
  EXPECT_NEAR(got[2].standard_error, want[1].standard_error, 1e-4 * want[1].standard_error);
}

/// The standard error of the one coefficient of a model without a bias: sqrt(sum (w s x)^2) / sum w c x^2, s
/// and c the first and second derivative of the loss by the output.
double only_error(const ModelConfig& loss, const Dataset& data, float weight) {
  const Context& ctx = test::context_of("cpu");
  ModelConfig config = loss;
  config.bias = false;
  const auto got = standard_errors(test::model_with(ctx, config, data, {{weight}}), data);
  EXPECT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].value, double{weight});
  return got[0].standard_error;
}

/// Outputs, gradients and weights in float32, each rounded a few times.
constexpr double kRelative = 8 * 0x1p-24;

void expect_error_of(const ModelConfig& loss, const Dataset& data, float weight, double want) {
  EXPECT_NEAR(only_error(loss, data, weight), want, kRelative * want) << name_of(loss.loss);
}

TEST(StandardErrors, OfOneCoefficientAreWhatComesOutByHand) {
  // residuals 1 and 2, x 1 and 2: sqrt(1 + 16) / (1 + 4)
  expect_error_of({.loss = Loss::squared}, test::number_data(1, {1, 2}, {0, 0}), 1, std::sqrt(17.0) / 5);
  // residuals 0.5, 3 and -3, which delta cuts to 1 and -1, where the curvature is 0: sqrt(0.25 + 1 + 1) / 1
  expect_error_of({.loss = Loss::huber}, test::number_data(1, {1, 1, 1}, {-0.5, -3, 3}), 0, 1.5);
  // the same with delta 2: sqrt(0.25 + 4 + 4)
  expect_error_of({.loss = Loss::huber, .huber_delta = 2}, test::number_data(1, {1, 1, 1}, {-0.5, -3, 3}), 0,
                  std::sqrt(8.25));
  // rate 2 twice, against 0 and 5: sqrt(4 + 9) / (2 + 2)
  expect_error_of({.loss = Loss::poisson}, test::number_data(1, {1, 1}, {0, 5}), std::log(2.0f),
                  std::sqrt(13.0) / 4);
  // probability 3/4 twice, against 0 and 1: sqrt(9/16 + 1/16) / (3/16 + 3/16)
  expect_error_of({.loss = Loss::logistic}, test::class_data(1, {1, 1}, {0, 1}, 2), std::log(3.0f),
                  std::sqrt(0.625) / 0.375);
  // outputs 0.5, 0.5, 2 and -2 of classes 1, 0, 1 and 0, the last two beyond the margin: slopes -1 and 3,
  // curvatures 2 and 2: sqrt(1 + 9) / 4
  expect_error_of({.loss = Loss::squared_hinge}, test::class_data(1, {1, 1, 4, -4}, {1, 0, 1, 0}, 2), 0.5f,
                  std::sqrt(10.0) / 4);
}

TEST(StandardErrors, CountARowByItsWeightInBothSums) {
  Dataset data = test::number_data(1, {1, 2}, {0, 0});
  data.weight = {2, 3};
  // (2 * 1 * 1)^2 + (3 * 2 * 2)^2 over 2 * 1 + 3 * 4
  expect_error_of({.loss = Loss::squared}, data, 1, std::sqrt(148.0) / 14);
}

TEST(StandardErrors, ReadBytesAsTheModelDoes) {
  Dataset data = test::number_data(1, {0, 0}, {0, 0});
  data.dense_f32.clear();
  data.dense_u8 = {2, 4};
  data.transform.scale = {0.5f}, data.transform.shift = {1.0f};
  // x = 2 and 3, residuals 2 and 3: sqrt(16 + 81) / (4 + 9)
  expect_error_of({.loss = Loss::squared}, data, 1, std::sqrt(97.0) / 13);
}

/// Residuals 1, 2 and 3 on the rows of the upper triangle of ones.
const std::vector<float> kTriangle{1, 1, 1, 0, 1, 1, 0, 0, 1}, kResiduals{-1, -2, -3};

Dataset sparse_triangle() {
  Dataset data = test::number_data(3, kTriangle, kResiduals);
  data.dense_f32.clear();
  data.sparse = true;
  data.offsets = {0, 3, 5, 6}, data.columns = {0, 1, 2, 1, 2, 2}, data.values = {1, 1, 1, 1, 1, 1};
  return data;
}

TEST(ExpectedFall, OfASquaredLossIsWhatIsLeftToTheOptimum) {
  // y = 2 x, and the model predicts 1: losses 1/2, 9/2 and 25/2, of which the optimum leaves nothing.
  const Context& cpu = test::context_of("cpu");
  Dataset data = test::number_data(1, {1, 2, 3}, {2, 4, 6});
  EXPECT_NEAR(expected_fall(test::model_with(cpu, {.loss = Loss::squared}, data, {{0}, {1}}), data), 35.0 / 6,
              1e-12);
  EXPECT_NEAR(expected_fall(test::model_with(cpu, {.loss = Loss::squared}, data, {{2}, {0}}), data), 0,
              1e-12);
  data.weight = {1.5f, 1.5f, 0};
  EXPECT_NEAR(expected_fall(test::model_with(cpu, {.loss = Loss::squared}, data, {{0}, {1}}), data),
              1.5 * 10 / 2 / 3, 1e-12);
  const Dataset twice = test::number_data(2, {1, 1, 2, 2, 3, 3}, {2, 4, 6});
  EXPECT_NEAR(expected_fall(test::model_with(cpu, {.loss = Loss::squared}, twice, {{0, 0}, {1}}), twice),
              35.0 / 6, 1e-12)
      << "a column that another one explains changes nothing";
}

TEST(StandardErrors, OfAsManyRowsAsCoefficientsFollowFromTheInverse) {
  // With a square X of residuals r the estimator is X^-1 diag(r^2) X^-T; the inverse of the triangle has the
  // rows (1, -1, 0), (0, 1, -1) and (0, 0, 1).
  const double want[] = {std::sqrt(1.0 + 4), std::sqrt(4.0 + 9), 3};
  const Context& ctx = test::context_of("cpu");
  for (const Dataset& data : {test::number_data(3, kTriangle, kResiduals), sparse_triangle()}) {
    const Model model = test::model_with(ctx, {.loss = Loss::squared, .bias = false}, data, {{0, 0, 0}});
    const auto got = standard_errors(model, data);
    ASSERT_EQ(got.size(), 3u);
    for (std::size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(got[j].standard_error, want[j], 1e-12 * want[j]) << j << (data.sparse ? ", sparse" : "");
      // libsvm counts from 1
      EXPECT_EQ(got[j].name, "feature " + std::to_string(data.sparse ? j + 1 : j));
    }
  }
}

/// A line and, as column 1, a multiple of its x with a part of something else.
std::vector<Coefficient> beside_a_multiple(float part) {
  const Context& ctx = test::context_of("cpu");
  const auto other = test::random_floats(50, 3);
  Dataset data = line(false);
  std::vector<float> x;
  for (std::size_t n = 0; n < 50; ++n) {
    x.push_back(data.dense_f32[n]);
    x.push_back(0.3f * data.dense_f32[n] + part * other[n]);
  }
  data.features = 2, data.dense_f32 = x;
  return standard_errors(model_of(ctx, data, {2.0f, 0.0f}, 1.0f), data);
}

TEST(StandardErrors, AreLeftOutWhereNothingButRoundingSetsAColumnApart) {
  // The rounding of 0.3 x leaves a share of about (2^-25)^2 = 1e-15 of the column, far below 1e-9; a part of
  // a hundredth leaves 1e-3 of it.
  const auto rounded = beside_a_multiple(0), apart = beside_a_multiple(0.01f);
  EXPECT_TRUE(std::isnan(rounded[1].standard_error));
  EXPECT_GT(rounded[0].standard_error, 0);
  EXPECT_GT(apart[1].standard_error, 0);
}

TEST(StandardErrors, CarryTheNamesOfTheModelsInputs) {
  const Context& ctx = test::context_of("cpu");
  Dataset data = test::number_data(2, {1, 0, 0, 1}, {1, 2});
  data.transform.columns = {"height", "color"};
  const auto names = [&] {
    std::vector<std::string> all;
    for (const auto& c :
         standard_errors(test::model_with(ctx, {.loss = Loss::squared, .bias = false}, data, {{0, 0}}), data))
      all.push_back(c.name);
    return all;
  };
  EXPECT_EQ(names(), (std::vector<std::string>{"height", "color"}));
  data.transform.names = {"height", "color=red"};
  EXPECT_EQ(names(), (std::vector<std::string>{"height", "color=red"}));
}

TEST(StandardErrors, OfMoreThanTwoThousandCoefficientsAreRefused) {
  const Context& ctx = test::context_of("cpu");
  const Dataset data = test::number_data(2000, std::vector<float>(2000), {0});
  const Model model(ctx, resolve_model({.loss = Loss::squared}, schema_of(data), 1));
  try {
    standard_errors(model, data);
    FAIL() << "2000 weights and a bias";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("2001 coefficients; the most is 2000"), std::string::npos);
  }
}

TEST(StandardErrors, NeedALinearModelAndALossWithCurvature) {
  const Context& ctx = test::context_of("cpu");
  const Dataset data = line(false);
  const Model deep(ctx, resolve_model({.hidden = {3}}, schema_of(data), 1));
  EXPECT_THROW(standard_errors(deep, data), UnsupportedLayer);
  for (const Loss loss : {Loss::absolute, Loss::quantile}) {
    const Model flat(ctx, resolve_model({.loss = loss}, schema_of(data), 1));
    EXPECT_THROW(standard_errors(flat, data), ConfigError) << name_of(loss);
  }
}

}  // namespace
}  // namespace thalweg
