// Predictions as CSV and JSON lines: what a row is called, its true value, its likeliest classes.
#include "host/cli/prediction_text.hpp"

#include <gtest/gtest.h>

#include "host/data/target_transform.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"

namespace thalweg::cli {
namespace {

/// Two rows of three classes, of which the second ties.
struct Classes {
  ModelSpec spec;
  Predictions predictions{
      .rows = 2, .columns = 3, .values = {0.125f, 0.5f, 0.375f, 0.4f, 0.2f, 0.4f}, .predicted_class = {1, 0}};
  Dataset data = test::class_data(1, {0, 0}, {1, 2}, 3);

  Classes() {
    data.classes = {"a", "b,c", "d"};
    spec = resolve_model({.loss = Loss::softmax_cross_entropy}, schema_of(data), 1);
  }
};

const std::vector<std::int64_t> kBoth{0, 1};

TEST(PredictionText, OfClassesHasAProbabilityForEach) {
  const Classes c;
  EXPECT_EQ(to_csv({c.spec, c.predictions, c.data, kBoth}),
            "class,probability a,\"probability b,c\",probability d\n"
            "\"b,c\",0.125,0.5,0.375\n"
            "a,0.4,0.2,0.4\n");
}

TEST(PredictionText, TopKIsTheLikeliestClassesTiesInTheirOrder) {
  const Classes c;
  const PredictionTable table{c.spec, c.predictions, c.data, kBoth, false, 2};
  EXPECT_EQ(to_csv(table),
            "class,top 1,probability of top 1,top 2,probability of top 2\n"
            "\"b,c\",\"b,c\",0.5,d,0.375\n"
            "a,a,0.4,d,0.4\n");
  EXPECT_EQ(to_json_lines(table),
            "{\"class\":\"b,c\",\"top\":[{\"class\":\"b,c\",\"probability\":0.5},"
            "{\"class\":\"d\",\"probability\":0.375}]}\n"
            "{\"class\":\"a\",\"top\":[{\"class\":\"a\",\"probability\":0.4},"
            "{\"class\":\"d\",\"probability\":0.4}]}\n");
}

TEST(PredictionText, RowsHaveTheirNamesAndTrueValuesAndAreThoseThatWereAskedFor) {
  Classes c;
  c.data.row_name_column = "key";
  c.data.row_names = {"x-1", "007"};
  c.data.target_column = "y";
  const std::vector<std::int64_t> second{1};
  const PredictionTable table{c.spec, c.predictions, c.data, second, true};
  EXPECT_EQ(to_csv(table),
            "key,y,class,probability a,\"probability b,c\",probability d\n"
            "007,d,a,0.4,0.2,0.4\n");
  EXPECT_EQ(to_json_lines(table),
            "{\"id\":\"007\",\"target\":\"d\",\"class\":\"a\","
            "\"probabilities\":{\"a\":0.4,\"b,c\":0.2,\"d\":0.4}}\n");
}

TEST(PredictionText, AnIdThatJsonCannotHoldIsNamedWithItsRow) {
  Classes c;
  c.data.row_names = {"fine", "caf\xe9"};
  EXPECT_NE(to_csv({c.spec, c.predictions, c.data, kBoth}).find("\ncaf\xe9,a,"), std::string::npos);
  try {
    to_json_lines({c.spec, c.predictions, c.data, kBoth});
    FAIL() << "Latin-1";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("rows by hand row 1: the id"), std::string::npos)
        << error.what();
  }
}

TEST(PredictionText, NumbersAreInTheUnitOfTheData) {
  Dataset data = test::number_data(1, {0, 0}, {-1, 0.5f});
  data.target_transform = {.mean = 20, .deviation = 2};
  const ModelSpec spec = resolve_model({.loss = Loss::squared}, schema_of(data), 1);
  const Predictions predictions{.rows = 2, .columns = 1, .values = {17.5f, 21.1f}};
  const PredictionTable table{spec, predictions, data, kBoth, true};
  EXPECT_EQ(to_csv(table), "target,prediction\n18,17.5\n21,21.1\n");
  EXPECT_EQ(to_json_lines(table),
            "{\"target\":18.0,\"prediction\":17.5}\n{\"target\":21.0,\"prediction\":21.1}\n");
}

TEST(PredictionText, ATargetIsTheShortestNumberThatIsStoredAsItIs) {
  Dataset data = test::number_data(1, {0, 0, 0, 0}, {1, 0.3f, 12345678, 1e10f});
  const std::vector<double> raw{1, 0.3, 12345678, 1e10};
  const TargetTransform unit{.mean = 5.3, .deviation = 1.7};
  apply_target_transform(unit, raw, data);
  ASSERT_NE(static_cast<float>(data.target[0] * unit.deviation + unit.mean), 1.0f) << "rounded twice";
  const ModelSpec spec = resolve_model({.loss = Loss::squared}, schema_of(data), 1);
  const Predictions predictions{.rows = 4, .columns = 1, .values = {0, 0, 0, 0}};
  const std::vector<std::int64_t> rows{0, 1, 2, 3};
  EXPECT_EQ(to_csv({spec, predictions, data, rows, true}),
            "target,prediction\n1,0\n0.3,0\n12345678,0\n10000000000,0\n");
  EXPECT_EQ(to_json_lines({spec, predictions, data, kBoth, true}),
            "{\"target\":1.0,\"prediction\":0.0}\n{\"target\":0.3,\"prediction\":0.0}\n");
}

TEST(PredictionText, ATargetHasItsOffsetAgain) {
  Dataset data = test::number_data(1, {0, 0}, {1e9f, 1e9f});
  apply_target_transform({.mean = 1e9 + 10, .deviation = 7, .offset = 1e9}, {1e9 + 3.5, 1e9 + 17}, data);
  const ModelSpec spec = resolve_model({.loss = Loss::squared}, schema_of(data), 1);
  const Predictions predictions{.rows = 2, .columns = 1, .values = {0, 0}, .exact_values = {1e9 + 4, 1e9}};
  EXPECT_EQ(to_csv({spec, predictions, data, kBoth, true}),
            "target,prediction\n1000000003.5,1000000004\n1000000017,1000000000\n");
}

TEST(PredictionText, NumbersThatFloatsRoundOffHaveAllTheirDigits) {
  const Dataset data = test::number_data(1, {0, 0}, {0, 0});
  const ModelSpec spec = resolve_model({.loss = Loss::squared}, schema_of(data), 1);
  const Predictions predictions{
      .rows = 2, .columns = 1, .values = {1e15f, 1.7e9f}, .exact_values = {1000000000000003.5, 1700000001.0}};
  const PredictionTable table{spec, predictions, data, kBoth};
  EXPECT_EQ(to_csv(table), "prediction\n1000000000000003.5\n1700000001\n");
  EXPECT_EQ(to_json_lines(table), "{\"prediction\":1.0000000000000035e+15}\n{\"prediction\":1700000001.0}\n");
}

TEST(PredictionText, ColumnsOfTheDataNeverTakeTheNameOfAnother) {
  Dataset data = test::number_data(1, {0}, {3});
  data.row_names = {"7"};
  data.row_name_column = data.target_column = "prediction";
  const ModelSpec spec = resolve_model({.loss = Loss::squared}, schema_of(data), 1);
  const Predictions predictions{.rows = 1, .columns = 1, .values = {4}};
  const std::vector<std::int64_t> first{0};
  EXPECT_EQ(to_csv({spec, predictions, data, first, true}),
            "id prediction,target prediction,prediction\n7,3,4\n");
  data.row_name_column = data.target_column = "";
  EXPECT_EQ(to_csv({spec, predictions, data, first, true}), "id,target,prediction\n7,3,4\n");
}

TEST(PredictionText, ScoresAreNoProbabilities) {
  Dataset data = test::class_data(1, {0}, {1}, 2);
  const ModelSpec spec = resolve_model({.loss = Loss::hinge}, schema_of(data), 1);
  const Predictions predictions{.rows = 1, .columns = 1, .values = {-0.5f}, .predicted_class = {0}};
  const std::vector<std::int64_t> first{0};
  EXPECT_EQ(to_json_lines({spec, predictions, data, first}), "{\"class\":\"0\",\"scores\":{\"1\":-0.5}}\n");
}

}  // namespace
}  // namespace thalweg::cli
