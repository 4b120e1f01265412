// What an ONNX file makes of the columns of the data before the first layer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "host/data/csv_crosses.hpp"
#include "tests/support/onnx_export.hpp"

namespace thalweg {
namespace {

using testing::ElementsAre;
namespace onnx = test::onnx;
using test::expect_near, test::kDouble, test::kFloat, test::kText;
using Onnx = test::OnnxExport;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

TEST_F(Onnx, NumbersPassThroughOffsetImputationAndScale) {
  DataSchema schema;
  schema.features = 2;
  schema.transform.columns = {"time", "size"};
  schema.transform.offset = {1764500000, 0};
  schema.transform.impute = {7, 30};
  schema.transform.scale = {0.5f, 2}, schema.transform.shift = {1, -3};
  Model model(ctx_, resolve_model({.loss = Loss::squared, .bias = false}, schema, 1));
  model.set_parameters({{"layers.0.weight", {1, 2}, {1, 100}}});
  const onnx::Model file = exported(model);
  EXPECT_THAT(file.inputs, ElementsAre(onnx::Port{"numbers", kDouble, "N,2"}));
  EXPECT_EQ(file.metadata.at("numbers"), "[\"time\",\"size\"]");
  EXPECT_FALSE(file.metadata.contains("texts"));
  const auto got =
      onnx::evaluated(file, {{"numbers", {kDouble, {3, 2}, {1764500003, 5, kNaN, 5, 1764500000, kNaN}}}});
  // 0.5 (x - offset) + 1 and 2 x - 3
  EXPECT_THAT(got.at("prediction").numbers, ElementsAre(2.5 + 700, 4.5 + 700, 1 + 5700));
}

TEST_F(Onnx, ADateIsScaledWithOneRounding) {
  DataSchema schema;
  schema.features = 1;
  schema.transform.columns = {"date"};
  const float scale = 0.1154701f, shift = -20260115 * scale;
  schema.transform.scale = {scale}, schema.transform.shift = {shift};
  Model model(ctx_, resolve_model({.loss = Loss::squared, .bias = false}, schema, 1));
  model.set_parameters({{"layers.0.weight", {1, 1}, {1}}});
  const auto got = onnx::evaluated(exported(model), {{"numbers", {kFloat, {1, 1}, {20260128}}}});
  EXPECT_EQ(got.at("prediction").numbers[0], std::fma(20260128.0f, scale, shift));
}

TEST_F(Onnx, ANumberThatIsMissingWithoutImputationMakesItsRowNaN) {
  const Dataset data = test::number_data(1, {1}, {1});
  const Model model = test::model_with(ctx_, {.loss = Loss::squared}, data, {{2}, {1}});
  const std::vector<double> got = outputs_for(model, {3, kNaN}).at("prediction").numbers;
  EXPECT_EQ(got[0], 7);
  EXPECT_TRUE(std::isnan(got[1]));
}

/// a: red or blue; b: a number; c: x, y or z; and the pairs of a and c that training had.
class OnnxTexts : public Onnx {
 protected:
  static DataSchema schema(bool imputes) {
    DataSchema schema;
    schema.features = 9;
    schema.transform.columns = {"a", "b", "c", "a*c"};
    schema.transform.categories = {{"blue", "red"}, {}, {"x", "y", "z"}, {"blue*x", "red*y", "red*z"}};
    schema.transform.crosses = {{0, 2}};
    if (imputes) schema.transform.impute = {1, 0.5f, 2, 0};
    return schema;
  }
  /// Every input has a digit of its own.
  Model model_of_texts(bool imputes) {
    Model model(ctx_, resolve_model({.loss = Loss::squared, .bias = false}, schema(imputes), 1));
    model.set_parameters({{"layers.0.weight", {1, 9}, {1, 2, 4, 8, 16, 32, 64, 128, 256}}});
    return model;
  }
  std::vector<double> predictions(bool imputes, const std::vector<double>& b,
                                  const std::vector<std::string>& a_c) {
    const std::int64_t rows = std::ssize(b);
    return onnx::evaluated(exported(model_of_texts(imputes)),
                           {{"numbers", {kFloat, {rows, 1}, b}}, {"texts", {kText, {rows, 2}, {}, a_c}}})
        .at("prediction")
        .numbers;
  }
};

TEST_F(OnnxTexts, BecomeAColumnPerCategoryInTheOrderOfTheData) {
  const onnx::Model file = exported(model_of_texts(true));
  EXPECT_THAT(file.inputs,
              ElementsAre(onnx::Port{"numbers", kFloat, "N,1"}, onnx::Port{"texts", kText, "N,2"}));
  EXPECT_EQ(file.metadata.at("numbers"), "[\"b\"]");
  EXPECT_EQ(file.metadata.at("texts"), "[\"a\",\"c\"]");
  EXPECT_THAT(predictions(true, {1, 2, 3}, {"blue", "x", "red", "y", "red", "z"}),
              ElementsAre(1 + 4 + 8 + 64, 2 + 8 + 16 + 128, 2 + 12 + 32 + 256));
}

TEST_F(OnnxTexts, CountAsNoCategoryWhereTrainingDidNotHaveThem) {
  EXPECT_THAT(predictions(true, {0, 0, 0, 0}, {"green", "x", "red", "w", "blue", "z", "green", "w"}),
              ElementsAre(8, 2, 1 + 32, 0));
}

TEST_F(OnnxTexts, AreReplacedWhereTheyAreMissing) {
  EXPECT_THAT(predictions(true, {0, 0, kNaN}, {"", "x", "blue", "", "blue", "x"}),
              ElementsAre(2 + 8 + 64, 1 + 32 + 64, 1 + 2 + 8 + 64))
      << "a pair with a missing part is the pair that replaces missing pairs";
  const std::vector<double> without = predictions(false, {0, 0, 0}, {"", "x", "blue", "", "green", "x"});
  EXPECT_TRUE(std::isnan(without[0]));
  EXPECT_TRUE(std::isnan(without[1]));
  EXPECT_EQ(without[2], 8);
}

TEST_F(OnnxTexts, PredictAsTheModelFromAFile) {
  DataConfig config;
  config.train = folder_ / "train.csv";
  config.impute = Imputation::mean;
  config.standardize = Tristate::yes;
  config.crosses = {"kind*place"};
  write_file_atomically(
      config.train,
      "size,kind,place,time,y\n1,a,*,1764500000,1\n5,b\\,*,1764500007,2\n,a,q,1764500001,3\n"
      "2,a,q,1764500009,4\n3,b\\,q,,5\n7,,*,1764500002,6\n");
  const Dataset train = read_training_data(config, TargetUse::numbers);
  const Model model = model_of({.hidden = {6}, .loss = Loss::squared}, schema_of(train));
  write_file_atomically(
      folder_ / "test.csv",
      "size,kind,place,time\n2,a,*,1764500003\n,b\\,q,1764500004\n4,,q,\n5,new,*,1764500005\n");
  const Dataset rows = read_data_as(config, folder_ / "test.csv", "", "", schema_of(train), false);
  const auto got = onnx::evaluated(
      exported(model),
      {{"numbers", {kDouble, {4, 2}, {2, 1764500003, kNaN, 1764500004, 4, kNaN, 5, 1764500005}}},
       {"texts", {kText, {4, 2}, {}, {"a", "*", "b\\", "q", "", "q", "new", "*"}}}});
  expect_near(got.at("prediction").numbers, model.predict(rows).values, "rows of a file");
}

TEST_F(Onnx, TextsAloneNeedNoNumbers) {
  DataSchema schema;
  schema.features = 2;
  schema.transform.categories = {{"no", "yes"}};
  Model model(ctx_, resolve_model({.loss = Loss::squared, .bias = false}, schema, 1));
  model.set_parameters({{"layers.0.weight", {1, 2}, {3, 5}}});
  const auto got = onnx::evaluated(exported(model), {{"texts", {kText, {2, 1}, {}, {"yes", "no"}}}});
  EXPECT_THAT(got.at("prediction").numbers, ElementsAre(5, 3));
}

TEST_F(Onnx, BytesKeepTheirScaleAndSparseRowsAreDenseThere) {
  DataSchema bytes;
  bytes.features = 2;
  bytes.transform.scale = {1 / 255.0f, 1 / 255.0f}, bytes.transform.shift = {0, 0};
  Model model(ctx_, resolve_model({.loss = Loss::squared, .bias = false}, bytes, 1));
  model.set_parameters({{"layers.0.weight", {1, 2}, {255, 2550}}});
  EXPECT_NEAR(outputs_for(model, {3, 4}).at("prediction").numbers[0], 43, 1e-5);
  DataSchema sparse;
  sparse.features = 3, sparse.sparse = true;
  Model of_rows(ctx_, resolve_model({.loss = Loss::squared, .bias = false}, sparse, 1));
  of_rows.set_parameters({{"layers.0.weight", {1, 3}, {1, 10, 100}}});
  EXPECT_THAT(outputs_for(of_rows, {0, 2, 5}).at("prediction").numbers, ElementsAre(520));
}

TEST(CrossedTexts, ComeApartAsTheyWerePut) {
  for (const auto& pair : std::vector<std::pair<std::string, std::string>>{
           {"a", "b"}, {"", ""}, {"*", "\\"}, {"a*b", "c\\*d"}, {"\\", "*x"}})
    EXPECT_EQ(parts_of_crossed(crossed(pair.first, pair.second)), pair);
}

}  // namespace
}  // namespace thalweg
