// What a model makes of its inputs: weights in the units of the data, names, permutation importance.
#include <gtest/gtest.h>

#include <cmath>

#include "host/model/importance.hpp"
#include "host/model/input_names.hpp"
#include "host/model/raw_weights.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"
#include "thalweg/per_sample.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;
using Names = std::vector<std::string>;

const Context& cpu() { return test::context_of("cpu"); }

/// Columns age (mean 10, deviation 2) and color (red or blue).
Dataset ages_and_colors() {
  Dataset data = test::number_data(3, {0, 1, 0}, {0});
  data.transform = {.columns = {"age", "color"},
                    .names = {"age", "color=blue", "color=red"},
                    .categories = {{}, {"blue", "red"}},
                    .scale = {0.5f, 1, 1},
                    .shift = {-5, 0, 0}};
  data.target_transform = {.mean = 100, .deviation = 4};
  return data;
}

TEST(RawWeights, UndoTheScalesOfFeaturesAndTarget) {
  const Model model =
      test::model_with(cpu(), {.loss = Loss::squared}, ages_and_colors(), {{3, 0.25f, -1}, {1}});
  const auto got = raw_weights(model, 0);
  // y = 100 + 4 (3 (age - 10) / 2 + blue / 4 - red + 1)
  const std::pair<const char*, double> want[] = {
      {"age", 6}, {"color=blue", 1}, {"color=red", -4}, {"intercept", 44}};
  ASSERT_EQ(got.size(), 4u);
  for (std::size_t j = 0; j < 4; ++j) {
    EXPECT_EQ(got[j].name, want[j].first);
    EXPECT_EQ(got[j].value, want[j].second) << want[j].first;
  }
  EXPECT_EQ(got[0].per_deviation, 12);
}

TEST(RawWeights, PredictWhatTheModelPredicts) {
  Dataset data = ages_and_colors();
  const Model model = test::model_with(cpu(), {.loss = Loss::squared}, data, {{3, 0.25f, -1}, {1}});
  const auto weights = raw_weights(model, 0);
  data.dense_f32 = {(17 - 10) / 2.0f, 0, 1};  // 17 years, red
  EXPECT_FLOAT_EQ(model.predict(data).values[0],
                  static_cast<float>(17 * weights[0].value + weights[2].value + weights[3].value));
}

TEST(RawWeights, OfAModelWithoutABiasHaveTheInterceptOfTheMeans) {
  const Model model =
      test::model_with(cpu(), {.loss = Loss::squared, .bias = false}, ages_and_colors(), {{3, 0, 0}});
  EXPECT_EQ(raw_weights(model, 0).back().value, 100 - 4 * 15);
}

TEST(RawWeights, AreThoseOfTheOutputOfAClass) {
  const Dataset data = test::class_data(2, {0, 0}, {0}, 3);
  const Model model =
      test::model_with(cpu(), {.loss = Loss::softmax_cross_entropy}, data, {{1, 2, 3, 4, 5, 6}, {7, 8, 9}});
  const auto got = raw_weights(model, 1);
  EXPECT_EQ(got[0].value, 3);
  EXPECT_EQ(got[1].value, 4);
  EXPECT_EQ(got[2].value, 8);
}

TEST(RawWeights, NeedALinearModel) {
  const Model deep(cpu(), resolve_model({.hidden = {3}}, schema_of(ages_and_colors()), 1));
  EXPECT_THROW(raw_weights(deep, 0), UnsupportedLayer);
}

TEST(RawWeights, AreThoseOfAnOutputThatTheModelHas) {
  const Model model =
      test::model_with(cpu(), {.loss = Loss::squared}, ages_and_colors(), {{3, 0.25f, -1}, {1}});
  EXPECT_EQ(raw_weights(model).size(), 4u) << "the first output, unless the call says another";
  EXPECT_THROW(raw_weights(model, 1), ShapeError);
  EXPECT_THROW(raw_weights(model, -1), ShapeError);
}

TEST(RawStandardErrors, AreThoseOfTheModelOfTheRawData) {
  // y about 7 + 0.5 x, x about 100, once as it is and once with x and y standardised by round numbers.
  const auto noise = test::random_floats(60, 2), spread = test::random_floats(60, 1);
  Dataset raw, scaled;
  raw.rows = scaled.rows = 60, raw.features = scaled.features = 1;
  for (std::size_t n = 0; n < 60; ++n) {
    const float x = std::round(16 * spread[n]) / 4;  // 96 to 104 by quarters
    raw.dense_f32.push_back(100 + x), scaled.dense_f32.push_back(x / 4);
    const float y = std::round(64 * (0.5f * x + noise[n])) / 64;
    raw.target.push_back(57 + y), scaled.target.push_back(y / 2);
  }
  scaled.transform.scale = {0.25f}, scaled.transform.shift = {-25};
  scaled.target_transform = {.mean = 57, .deviation = 2};
  const Model plain = test::model_with(cpu(), {.loss = Loss::squared}, raw, {{0.5f}, {7}});
  const Model standardised = test::model_with(cpu(), {.loss = Loss::squared}, scaled, {{1}, {0}});
  const auto want = standard_errors(plain, raw);
  const auto got = raw_standard_errors(standardised, scaled);
  for (std::size_t j = 0; j < 2; ++j) {
    EXPECT_NEAR(got[j].value, want[j].value, 1e-12);
    EXPECT_NEAR(got[j].standard_error, want[j].standard_error, 1e-5 * want[j].standard_error) << j;
  }
  EXPECT_GT(got[1].standard_error, 20 * got[0].standard_error) << "of a point 100 away from the data";
}

TEST(InputNames, OfALibsvmFileCountFromItsFirstIndex) {
  DataSchema schema{.sparse = true, .features = 2};
  schema.index_base = 1;
  EXPECT_EQ(input_name(schema, 0), "feature 1");
  EXPECT_EQ(raw_columns(schema)[1].name, "feature 2");
  schema.index_base = 0;
  EXPECT_EQ(input_name(schema, 0), "feature 0");
  EXPECT_EQ(input_name({.features = 2}, 1), "feature 1") << "arrays count from 0";
}

TEST(InputNames, OfTextColumnsHoldTheCategories) {
  const DataSchema schema = schema_of(ages_and_colors());
  EXPECT_EQ(input_name(schema, 2), "color=red");
  const auto columns = raw_columns(schema);
  ASSERT_EQ(columns.size(), 2u);
  EXPECT_EQ(columns[1].name, "color");
  EXPECT_EQ(columns[1].first, 1);
  EXPECT_EQ(columns[1].count, 2);
}

/// y = 2 a + 3 (color is red) without any error; c has no weight and d is constant.
struct Exact {
  Dataset data;
  Model model;
  std::vector<std::int64_t> rows;
};

Exact exact_model() {
  Dataset data;
  data.rows = 40, data.features = 5, data.source = "rows by hand";
  for (int n = 0; n < 40; ++n) {
    const bool red = n % 4 == 0;
    const float a = static_cast<float>(n % 5) - 2;  // variance 2
    data.dense_f32.insert(data.dense_f32.end(), {a, red ? 0.0f : 1.0f, red ? 1.0f : 0.0f, a, 1});
    data.target.push_back(2 * a + (red ? 3.0f : 0.0f));
  }
  data.transform.columns = {"a", "color", "c", "d"};
  data.transform.names = {"a", "color=blue", "color=red", "c", "d"};
  data.transform.categories = {{}, {"blue", "red"}, {}, {}};
  Model model = test::model_with(cpu(), {.loss = Loss::squared, .bias = false}, data, {{2, 0, 3, 0, 0}});
  std::vector<std::int64_t> rows;
  for (std::int64_t n = 0; n < 40; ++n) rows.push_back(n);
  return {std::move(data), std::move(model), std::move(rows)};
}

TEST(Importance, IsTheExpectedLossOfAPermutedColumn) {
  // Half the squared error of a permuted column of weight w and variance v has the mean w^2 v.
  const Exact e = exact_model();
  const Importances got =
      permutation_importance(e.model, e.data, e.rows, {.metric = "loss", .repeats = 400, .seed = 3});
  ASSERT_EQ(got.columns.size(), 4u);
  EXPECT_EQ(got.baseline, 0);
  EXPECT_NEAR(got.columns[0].mean, 4 * 2, 0.2) << "five deviations of the mean of 400";
  // color: 10 of 40 rows are red, variance 3/16
  EXPECT_NEAR(got.columns[1].mean, 9 * 3.0 / 16, 0.1);
  EXPECT_EQ(got.columns[1].column, "color") << "both inputs move together";
  EXPECT_EQ(got.columns[2].mean, 0) << "no weight";
  EXPECT_EQ(got.columns[3].mean, 0) << "constant";
  EXPECT_GT(got.columns[0].deviation, 0.2);
  EXPECT_LT(got.columns[0].deviation, 2);
}

TEST(Importance, OfAMetricThatGrowsIsItsDecrease) {
  const Exact e = exact_model();
  const Importances got = permutation_importance(e.model, e.data, e.rows, {.repeats = 50});
  EXPECT_EQ(got.metric, "r2");
  EXPECT_EQ(got.baseline, 1);
  // the squared error of a over the variance of y: 2 * 8 / (8 + 27 / 16)
  EXPECT_NEAR(got.columns[0].mean, 16 / (8 + 27.0 / 16), 0.2);
}

TEST(Importance, OfOneRepeatHasNoDeviation) {
  const Exact e = exact_model();
  const Importances got = permutation_importance(e.model, e.data, e.rows, {.repeats = 1});
  EXPECT_GT(got.columns[0].mean, 0);
  EXPECT_EQ(got.columns[0].deviation, 0);
}

TEST(Importance, DependsOnTheSeedAlone) {
  const Exact e = exact_model();
  const auto mean = [&](std::uint64_t seed) {
    return permutation_importance(e.model, e.data, e.rows, {.seed = seed}).columns[0].mean;
  };
  EXPECT_EQ(mean(1), mean(1));
  EXPECT_NE(mean(1), mean(2));
}

TEST(Importance, PermutesAmongTheChosenRows) {
  // Rows of one value of a: nothing to permute, whatever the others are.
  const Exact e = exact_model();
  const std::vector<std::int64_t> rows{0, 5, 10, 15};
  const Importances got = permutation_importance(e.model, e.data, rows, {.metric = "loss"});
  EXPECT_EQ(got.columns[0].mean, 0);
  EXPECT_GT(got.columns[1].mean, 0);
}

TEST(Importance, LeavesRowsOfWeightZeroWhereTheyAre) {
  Exact e = exact_model();
  const double without =
      permutation_importance(e.model, e.data, {2, 3, 4, 5}, {.metric = "loss", .seed = 3}).columns[0].mean;
  e.data.weight.assign(40, 0.0f);
  for (std::size_t n = 2; n < 6; ++n) e.data.weight[n] = 1;
  for (std::size_t n = 6; n < 40; ++n) e.data.dense_f32[n * 5] = 99999;
  const Importances got = permutation_importance(e.model, e.data, e.rows, {.metric = "loss", .seed = 3});
  EXPECT_GT(without, 0);
  EXPECT_EQ(got.columns[0].mean, without);
}

TEST(Importance, OfBytesIsThatOfTheSameFloats) {
  const Exact e = exact_model();
  Dataset bytes = e.data, floats = e.data;
  bytes.dense_f32.clear();
  for (float& value : floats.dense_f32) {
    value = std::abs(value);
    bytes.dense_u8.push_back(static_cast<std::uint8_t>(value));
  }
  const Importances want = permutation_importance(e.model, floats, e.rows, {.metric = "loss"});
  const Importances got = permutation_importance(e.model, bytes, e.rows, {.metric = "loss"});
  EXPECT_LT(want.columns[0].mean, -0.1) << "the signs of a are gone";
  for (std::size_t c = 0; c < 4; ++c) EXPECT_EQ(got.columns[c].mean, want.columns[c].mean) << c;
}

TEST(Importance, OfSparseRowsIsThatOfTheSameDenseOnes) {
  const Exact e = exact_model();
  Dataset sparse = e.data;
  sparse.sparse = true, sparse.dense_f32.clear();
  sparse.transform.categories.clear();
  sparse.transform.columns = sparse.transform.names;
  sparse.offsets = {0};
  for (std::int64_t n = 0; n < 40; ++n) {
    for (std::int64_t j = 0; j < 5; ++j) {
      const float value = e.data.dense_f32[static_cast<std::size_t>(n * 5 + j)];
      if (value == 0) continue;
      sparse.columns.push_back(static_cast<std::int32_t>(j)), sparse.values.push_back(value);
    }
    sparse.offsets.push_back(std::ssize(sparse.columns));
  }
  Dataset dense = e.data;
  dense.transform = sparse.transform;
  sparse.dense_f32.clear();
  const auto of = [&](const Dataset& data) {
    const Model model =
        test::model_with(cpu(), {.loss = Loss::squared, .bias = false}, data, {{2, 0, 3, 0, 0}});
    return permutation_importance(model, data, e.rows, {.metric = "mae"});
  };
  const Importances want = of(dense), got = of(sparse);
  ASSERT_EQ(got.columns.size(), 5u);
  for (std::size_t c = 0; c < 5; ++c) {
    EXPECT_EQ(got.columns[c].mean, want.columns[c].mean) << c;
    EXPECT_EQ(got.columns[c].deviation, want.columns[c].deviation) << c;
  }
  EXPECT_GT(got.columns[2].mean, 0);
}

TEST(Importance, RefusesAMetricThatTheModelOrTheRowsDoNotHave) {
  const Exact e = exact_model();
  EXPECT_THROW(permutation_importance(e.model, e.data, e.rows, {.metric = "accuracy"}), UsageError);
  const Dataset one = test::class_data(1, {1, 2}, {1, 1}, 2);
  const Model model = test::model_with(cpu(), {.loss = Loss::logistic, .bias = false}, one, {{1}});
  EXPECT_THROW(permutation_importance(model, one, {0, 1}, {.metric = "auc"}), DataError);
}

}  // namespace
}  // namespace thalweg
