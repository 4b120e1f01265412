// Models as ONNX files: what the files hold, and that they compute what the models predict. ./run onnx holds
// them to onnxruntime, too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "host/export/onnx.hpp"
#include "tests/support/onnx_export.hpp"
#include "thalweg/error.hpp"
#include "thalweg/version.hpp"

namespace thalweg {
namespace {

using testing::ElementsAre;
namespace onnx = test::onnx;
namespace onnx_rules = ::thalweg::onnx;
using test::expect_near, test::kDouble, test::kFloat, test::kInteger, test::pattern;
using Onnx = test::OnnxExport;

TEST_F(Onnx, ALinearModelIsOneProductWithANumberPerRow) {
  const Dataset data = test::number_data(2, {1, 2, 3, 5}, {0, 0});
  const Model model = test::model_with(ctx_, {.loss = Loss::squared}, data, {{2, -3}, {0.5f}});
  const onnx::Model file = exported(model);
  ASSERT_EQ(file.nodes.size(), 2u);
  EXPECT_EQ(file.nodes[0].op, "Gemm");
  EXPECT_EQ(file.nodes[0].name, file.nodes[0].outputs[0]);
  EXPECT_EQ(file.constants.at("layers.0.weight").shape, (std::vector<std::int64_t>{1, 2}));
  EXPECT_THAT(file.inputs, ElementsAre(onnx::Port{"numbers", kFloat, "N,2"}));
  EXPECT_THAT(file.outputs, ElementsAre(onnx::Port{"prediction", kFloat, "N"}));
  const onnx::Tensor prediction = outputs_for(model, data.dense_f32).at("prediction");
  EXPECT_THAT(prediction.numbers, ElementsAre(2 - 6 + 0.5, 6 - 15 + 0.5));
  EXPECT_EQ(prediction.shape, (std::vector<std::int64_t>{2}));
}

TEST_F(Onnx, AFileSaysWhoMadeItAndWhichVersionsItNeeds) {
  const Dataset data = test::class_data(1, {1, 2}, {0, 1}, 2);
  const onnx::Model file = exported(model_of({}, schema_of(data)));
  EXPECT_EQ(file.ir_version, 8);
  EXPECT_EQ(file.producer, "thalweg");
  EXPECT_EQ(file.producer_version, kVersion);
  EXPECT_EQ(file.graph_name, "thalweg");
  EXPECT_EQ(file.operators, (std::map<std::string, std::int64_t>{{"", 17}, {"ai.onnx.ml", 3}}));
  EXPECT_EQ(file.metadata, (std::map<std::string, std::string>{{"classes", "[\"0\",\"1\"]"}}));
}

TEST_F(Onnx, EveryActivationAndNormalizationPredictsAsTheModel) {
  const Dataset data = test::number_data(3, pattern(12, 0.3), pattern(4, 0.1));
  for (const auto& [activation, name] : kNames<Activation>)
    for (const auto& [normalization, other] : kNames<Normalization>)
      for (const bool bias : {true, false}) {
        const Model model = model_of({.hidden = {5, 4},
                                      .activation = activation,
                                      .loss = Loss::squared,
                                      .dropout = 0.5,
                                      .normalization = normalization,
                                      .bias = bias},
                                     schema_of(data));
        expect_near(outputs_for(model, data.dense_f32).at("prediction").numbers, model.predict(data).values,
                    std::string(name) + ", " + std::string(other));
      }
}

TEST_F(Onnx, EveryLossOfClassesGivesItsLabelsAndProbabilitiesOrScores) {
  for (const int classes : {2, 3})
    for (const auto& [loss, name] : kNames<Loss>) {
      const LossTraits traits = traits_of(loss);
      if (!traits.classification || (loss == Loss::logistic && classes > 2)) continue;
      const Dataset data = test::class_data(3, pattern(30, 0.3), std::vector<float>(10, 1), classes);
      const Model model = model_of({.loss = loss}, schema_of(data));
      const Predictions want = model.predict(data);
      const onnx::Values got = outputs_for(model, data.dense_f32);
      const char* const values = traits.scores ? "scores" : "probabilities";
      EXPECT_THAT(exported(model).outputs,
                  ElementsAre(onnx::Port{"label", kInteger, "N"},
                              onnx::Port{values, kFloat, "N," + std::to_string(want.columns)}))
          << name;
      expect_near(got.at(values).numbers, want.values, std::string(name));
      EXPECT_EQ(got.at(values).shape, (std::vector<std::int64_t>{10, want.columns})) << name;
      EXPECT_EQ(got.at("label").numbers,
                std::vector<double>(want.predicted_class.begin(), want.predicted_class.end()))
          << name;
      EXPECT_NE(*std::max_element(want.predicted_class.begin(), want.predicted_class.end()), 0) << name;
    }
}

TEST_F(Onnx, AnOutputOf0IsTheFirstOfTwoClassesAndTiesAreTheFirst) {
  const Dataset two = test::class_data(1, {1}, {0}, 2), three = test::class_data(1, {1}, {0}, 3);
  EXPECT_THAT(outputs_for(test::model_with(ctx_, {.bias = false}, two, {{0}}), {1}).at("label").numbers,
              ElementsAre(0));
  EXPECT_THAT(
      outputs_for(test::model_with(ctx_, {.bias = false}, three, {{-1, 2, 2}}), {1}).at("label").numbers,
      ElementsAre(1));
}

TEST_F(Onnx, LabelsAreIntegersWhereEveryClassIsOne) {
  const auto labels_of = [&](const std::vector<std::string>& classes) {
    Dataset data = test::class_data(1, {1, 1}, {0, 1}, 2);
    data.classes = classes;
    return outputs_for(test::model_with(ctx_, {.bias = false}, data, {{1}}), {1, -1}).at("label");
  };
  EXPECT_THAT(labels_of({"-7", "12"}).numbers, ElementsAre(12, -7));
  EXPECT_THAT(labels_of({"no", "yes"}).texts, ElementsAre("yes", "no"));
  for (const std::string other : {"+1", "1.0", "01", "", "9223372036854775808"})
    EXPECT_THAT(labels_of({"1", other}).texts, ElementsAre(other, "1")) << other;
}

TEST_F(Onnx, EveryLossOfNumbersPredictsInTheUnitOfTheData) {
  const Dataset data = test::number_data(3, pattern(12, 0.3), {1, 2, 3, 4});
  for (const auto& [loss, name] : kNames<Loss>) {
    if (loss == Loss::automatic || traits_of(loss).classification) continue;
    const Model model = model_of({.loss = loss}, schema_of(data));
    expect_near(outputs_for(model, data.dense_f32).at("prediction").numbers, model.predict(data).values,
                std::string(name));
  }
  DataSchema schema = schema_of(data);
  schema.target_transform = {.mean = 40, .deviation = 8, .offset = 0};
  const Model scaled = test::model_with(ctx_, {.loss = Loss::squared}, data, {{1, 0, 0}, {0}});
  Model model(ctx_, resolve_model({.loss = Loss::squared}, schema, 1));
  model.set_parameters(scaled.parameters());
  EXPECT_THAT(outputs_for(model, {0.5f, 0, 0, -1, 0, 0}).at("prediction").numbers, ElementsAre(44, 32));
}

TEST_F(Onnx, SeveralOutputsAreColumnsOfThePrediction) {
  ModelSpec spec = resolve_model({.loss = Loss::squared, .bias = false}, DataSchema{.features = 1}, 1);
  spec.outputs = 2;
  Model model(ctx_, spec);
  model.set_parameters({{"layers.0.weight", {2, 1}, {3, 5}}});
  EXPECT_THAT(exported(model).outputs, ElementsAre(onnx::Port{"prediction", kFloat, "N,2"}));
  const onnx::Tensor prediction = outputs_for(model, {1, 10}).at("prediction");
  EXPECT_EQ(prediction.shape, (std::vector<std::int64_t>{2, 2}));
  EXPECT_THAT(prediction.numbers, ElementsAre(3, 5, 30, 50));
}

TEST_F(Onnx, ATargetWithAnOffsetIsPredictedInDouble) {
  DataSchema schema;
  schema.features = 1;
  schema.target_transform = {.mean = 1764500000.25, .deviation = 2, .offset = 1764500000};
  Model model(ctx_, resolve_model({.loss = Loss::squared, .bias = false}, schema, 1));
  model.set_parameters({{"layers.0.weight", {1, 1}, {1}}});
  EXPECT_THAT(exported(model).outputs, ElementsAre(onnx::Port{"prediction", kDouble, "N"}));
  EXPECT_THAT(outputs_for(model, {0.5f, 3}).at("prediction").numbers,
              ElementsAre(1764500001.25, 1764500006.25));
}

TEST_F(Onnx, AModelOfHashedFeaturesIsRefused) {
  DataSchema schema;
  schema.sparse = true, schema.features = 1 << 4, schema.transform.hash_bits = 4;
  const Model model(ctx_, resolve_model({.loss = Loss::squared}, schema, 1));
  try {
    export_onnx(model, folder_ / "model.onnx");
    FAIL() << "want UsageError";
  } catch (const UsageError& error) {
    EXPECT_STREQ(
        error.what(),
        "the model's inputs are hashed (data.hash_bits = 4), and ONNX has no operator for the hash; a "
        "model of categories or numbers can be exported");
  }
  EXPECT_FALSE(path_exists(folder_ / "model.onnx"));
}

TEST_F(Onnx, AModelThatNeedsTwoGigabytesIsRefused) {
  ModelSpec spec;
  spec.schema.features = 1000;
  // 2^31 bytes less 16 MiB, 4 bytes each, and two numbers for each feature
  constexpr std::int64_t kMost = (1LL << 29) - (1 << 22) - 2000;
  EXPECT_NO_THROW(onnx_rules::require_exportable(spec, kMost));
  try {
    onnx_rules::require_exportable(spec, kMost + 1);
    FAIL() << "want UsageError";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "the model has 532674609 parameters of 4 bytes; an ONNX file holds less than 2 GB");
  }
}

TEST_F(Onnx, AFileThatCannotBeWrittenStaysAsItWas) {
  const Dataset data = test::number_data(1, {1}, {1});
  const Model model = test::model_with(ctx_, {.loss = Loss::squared}, data, {{2}, {1}});
  write_file_atomically(folder_ / "model.onnx", "before");
  const test::FaultyFiles full({.op = test::FileOp::write, .at = 0, .error = ENOSPC});
  EXPECT_THROW(export_onnx(model, folder_ / "model.onnx"), IoError);
  EXPECT_EQ(read_file(folder_ / "model.onnx"), "before");
  EXPECT_EQ(names_in(folder_.path()).size(), 1u);
}

TEST_F(Onnx, TheSameModelGivesTheSameBytes) {
  const Dataset data = test::class_data(2, {1, 2}, {0}, 3);
  const Model model = model_of({.hidden = {3}}, schema_of(data));
  export_onnx(model, folder_ / "a.onnx");
  export_onnx(model.clone(), folder_ / "b.onnx");
  EXPECT_EQ(read_file(folder_ / "a.onnx"), read_file(folder_ / "b.onnx"));
}

}  // namespace
}  // namespace thalweg
