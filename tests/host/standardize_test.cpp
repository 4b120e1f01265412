// Standardisation: mean and deviation of the rows it is fitted on, constant columns, what float32 cannot
// scale.
#include <cmath>
#include <numeric>

#include "host/data/transform.hpp"
#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using Floats = std::vector<float>;

Dataset rows_of(std::int64_t features, Floats cells) {
  Dataset data;
  data.features = features;
  data.rows = static_cast<std::int64_t>(cells.size()) / features;
  data.dense_f32 = std::move(cells);
  data.source = "d.npy";
  return data;
}

std::vector<std::int64_t> all_rows_of(const Dataset& data) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(data.rows));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return rows;
}

FeatureTransform fit(const Dataset& data, const std::vector<bool>& keep = {}) {
  FeatureTransform transform;
  fit_standardization(data, all_rows_of(data), keep, transform);
  return transform;
}

TEST(Standardize, DividesByTheDeviationOfAllRowsAroundTheirMean) {
  // 1 2 3 4: mean 2.5, variance 5/4. 10 10 10 30: mean 15, variance (3 * 25 + 225) / 4 = 75.
  const FeatureTransform t = fit(rows_of(2, {1, 10, 2, 10, 3, 30, 4, 10}));
  EXPECT_FLOAT_EQ(t.scale[0], static_cast<float>(1 / std::sqrt(1.25)));
  EXPECT_FLOAT_EQ(t.shift[0], static_cast<float>(-2.5 / std::sqrt(1.25)));
  EXPECT_FLOAT_EQ(t.scale[1], static_cast<float>(1 / std::sqrt(75.0)));
  EXPECT_FLOAT_EQ(t.shift[1], static_cast<float>(-15 / std::sqrt(75.0)));
}

TEST(Standardize, TakesTheMomentsFromTheRowsItIsFittedOn) {
  FeatureTransform t;
  fit_standardization(rows_of(1, {1000, 1, 3, -1000}), {1, 2}, {}, t);
  EXPECT_EQ(t.scale, (Floats{1}));
  EXPECT_EQ(t.shift, (Floats{-2}));
}

TEST(Standardize, LeavesInputsAloneThatAreToStayAsTheyAre) {
  const FeatureTransform t = fit(rows_of(2, {0, 10, 1, 30}), {true, false});
  EXPECT_EQ(t.scale, (Floats{1, 0.1f}));
  EXPECT_EQ(t.shift, (Floats{0, -2}));
}

/// The deviation of one float next to 1 among n ones is 2^-24 sqrt((n - 1) / n^2). The rounding of a running
/// mean makes up to n 2^-52: more from n = 2^(56/3) = 416,000 on.
TEST(Standardize, AColumnIsConstantWhereRoundingAloneMakesItsDeviation) {
  for (const std::int64_t n : {std::int64_t{400'000}, std::int64_t{500'000}}) {
    Floats ones(static_cast<std::size_t>(n), 1.0f);
    ones[0] = std::nextafter(1.0f, 0.0f);
    const FeatureTransform t = fit(rows_of(1, std::move(ones)));
    const double rows = static_cast<double>(n);
    const double scale = n < 416'000 ? 0x1p24 * rows / std::sqrt(rows - 1) : 1.0;
    // A block's running mean is off by 4096 roundings of 2^-54 at most, 2^-18 of the deviation's 2^-24.
    EXPECT_NEAR(t.scale[0], scale, 0x1p-17 * scale) << n;
    EXPECT_NEAR(t.shift[0], -scale, 0x1p-17 * scale) << n;
  }
}

TEST(Standardize, AConstantOfAnySizeIsShiftedToZero) {
  const FeatureTransform t = fit(rows_of(3, {0.1f, -7e30f, 0, 0.1f, -7e30f, 0, 0.1f, -7e30f, 0}));
  EXPECT_EQ(t.scale, (Floats{1, 1, 1}));
  EXPECT_EQ(t.shift, (Floats{-0.1f, 7e30f, 0}));
}

TEST(Standardize, ADeviationThatFloat32CannotDivideByIsNamed) {
  // 1e-40 and 3e-40: deviation 1e-40, whose inverse is beyond float32's 3.4e38
  expect_error<DataError>(
      [] {
        fit(rows_of(2, {1, 1e-40f, 2, 3e-40f}));
      },
      {"d.npy, feature 1: a standard deviation of 1e-40 around 2e-40", "float32",
       "data.standardize = false"});
}

TEST(Standardize, AValueThatScalesBeyondFloat32NamesRowAndFeature) {
  Dataset data = rows_of(2, {1, 2, 3, 3e38f});
  data.transform.scale = {1, 2};
  data.transform.shift = {0, 0};
  data.first_source_row = 10;
  expect_error<DataError>([&] { apply_scaling(data); }, {"d.npy row 11, feature 1: too large"});
}

TEST(Standardize, RoundsOnceForScaleAndShift) {
  // 3 * (1/3 in float32) - 1 = 2^-25 + 2^-26 - ...: two roundings would give 0
  Dataset data = rows_of(1, {3});
  const float third = 1.0f / 3;
  data.transform.scale = {third};
  data.transform.shift = {-1};
  apply_scaling(data);
  EXPECT_EQ(data.dense_f32[0], static_cast<float>(3.0 * double{third} - 1.0));
  EXPECT_NE(data.dense_f32[0], 0.0f);
}

}  // namespace
}  // namespace thalweg
