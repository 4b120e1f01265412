// A model that is asked about rows in memory: its transform, its columns, its classes.
#include "thalweg/prepare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <limits>

#include "host/model/importance.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/small_models.hpp"

namespace thalweg::test {
namespace {

using testing::ElementsAre;
using Floats = std::vector<float>;
using Ids = std::vector<std::int64_t>;

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

Context context() { return Context({.device = "cpu", .threads = 1}); }

/// The linear model of two features with the weights 2 and -1 and the bias 0.5, on data of this transform.
Model model_of(const FeatureTransform& transform, Loss loss = Loss::squared) {
  Dataset data = traits_of(loss).classification ? class_data(2, {0, 0}, {0}, 2) : number_data(2, {0, 0}, {0});
  data.transform = transform;
  ModelConfig config;
  config.loss = loss;
  return model_with(context(), config, data, {{2, -1}, {0.5F}});
}

/// x0' = 2 x0 + 1, x1' = x1: the row (1, 3) has the prediction 2 * 3 - 3 + 0.5.
FeatureTransform scaled() {
  FeatureTransform transform;
  transform.columns = {"a", "b"};
  transform.scale = {2, 1};
  transform.shift = {1, 0};
  return transform;
}

TEST(Prepare, AModelAppliesItsScaleToRawRows) {
  const Model model = model_of(scaled());
  EXPECT_THAT(model.predict(number_data(2, {1, 3, 0, 0}, {})).values, ElementsAre(3.5F, 2.5F));
}

TEST(Prepare, RowsThatHaveTheModelsTransformAreTakenAsTheyAre) {
  Dataset rows = number_data(2, {3, 3}, {});
  rows.transform = scaled();
  EXPECT_THAT(model_of(scaled()).predict(rows).values, ElementsAre(3.5F));
  EXPECT_EQ(prepare(rows, model_of(scaled()).spec().schema).dense_f32, (Floats{3, 3}));
}

TEST(Prepare, EachPartOfATransformMakesRowsOtherThanRaw) {
  FeatureTransform offset, impute, categories;
  offset.offset = {1, 0};
  impute.impute = {1, 0};
  categories.categories = {{"only"}, {}};
  EXPECT_THAT(model_of(offset).predict(number_data(2, {1, 3}, {})).values, ElementsAre(-2.5F));
  EXPECT_THAT(model_of(impute).predict(number_data(2, {kMissing, 3}, {})).values, ElementsAre(-0.5F));
  EXPECT_THROW(model_of(categories).predict(number_data(2, {1, 3}, {})), DataError);
  for (const FeatureTransform& transform : {offset, impute, categories}) {
    Dataset rows = number_data(2, {1, 3}, {});
    rows.transform = transform;
    EXPECT_THAT(model_of(transform).predict(rows).values, ElementsAre(-0.5F)) << "as they are";
  }
}

TEST(Prepare, OffsetsComeOffBeforeTheScale) {
  FeatureTransform transform = scaled();
  transform.offset = {100, 0};
  EXPECT_THAT(model_of(transform).predict(number_data(2, {101, 3}, {})).values, ElementsAre(3.5F));
}

TEST(Prepare, MissingValuesAreFilledByTheModelAndCounted) {
  FeatureTransform transform = scaled();
  transform.impute = {1, 7};
  const Model model = model_of(transform);
  const Dataset rows = prepare(number_data(2, {kMissing, 3, 2, kMissing}, {}), model.spec().schema);
  EXPECT_EQ(rows.dense_f32, (Floats{3, 3, 5, 7}));
  EXPECT_EQ(rows.filled, 2);
  EXPECT_THAT(model.predict(number_data(2, {kMissing, 3}, {})).values, ElementsAre(3.5F));
}

TEST(Prepare, AMissingValueThatNothingFillsNamesItsRowAndColumn) {
  const Model model = model_of(scaled());
  Dataset rows = number_data(2, {1, 3, 1, kMissing, 1, 3}, {});
  rows.source = "";
  expect_error<DataError>([&] { model.predict(rows); },
                          {"memory row 1", "column \"b\" (1)", "missing value"});
  expect_error<DataError>(
      [&] {
        model.predict(rows, Ids{0, 2, 1});
      },
      {"memory, among the chosen rows: row 2"});
  expect_error<DataError>([&] { model.predict(rows, Ids{1, 2}); }, {"memory row 1"});
  rows.first_source_row = 10;
  expect_error<DataError>([&] { model.predict(rows); }, {"memory row 11"});
  expect_error<DataError>([&] { model.predict(rows, Ids{1, 2}); }, {"memory row 11"});
  rows.source_line = {12, 14, 16};
  expect_error<DataError>([&] { model.predict(rows, Ids{2, 1}); }, {"memory line 14"});
}

TEST(Prepare, BytesAreScaledByTheModelWhereTheDataSetSaysNothing) {
  Dataset rows = number_data(2, {}, {});
  rows.rows = 1;
  rows.dense_u8 = {1, 3};
  EXPECT_THAT(model_of(scaled()).predict(rows).values, ElementsAre(3.5F));
  FeatureTransform transform = scaled();
  transform.offset = {1, 0};
  EXPECT_THAT(model_of(transform).predict(rows).values, ElementsAre(-0.5F)) << "2 * 1 - 3 + 0.5";
}

TEST(Prepare, ColumnsGoByTheirNamesInAnyOrder) {
  Dataset rows = number_data(2, {3, 1, 0, 5}, {});
  rows.transform.columns = {"b", "a"};
  EXPECT_THAT(model_of(scaled()).predict(rows).values, ElementsAre(3.5F, 22.5F));
  FeatureTransform plain;
  plain.columns = {"a", "b"};
  EXPECT_THAT(model_of(plain).predict(rows).values, ElementsAre(-0.5F, 10.5F)) << "also without a transform";
}

TEST(Prepare, OtherColumnsAreRefusedByName) {
  const Model model = model_of(scaled());
  Dataset rows = number_data(2, {3, 1}, {});
  rows.transform.columns = {"a", "c"};
  expect_error<DataError>([&] { model.predict(rows); },
                          {"rows by hand lacks the column \"b\"", "it has a, c"});
  rows = number_data(3, {3, 1, 1}, {});
  rows.transform.columns = {"a", "b", "c"};
  expect_error<DataError>([&] { model.predict(rows); }, {"rows by hand has the column \"c\""});
  rows.transform.columns = {"b", "a"};
  expect_error<ShapeError>([&] { model.predict(rows); }, {"a wrong number of column names"});
  rows.transform.columns = {"a", "b", "a"};
  expect_error<DataError>([&] { model.predict(rows); }, {"the columns a, b, a, the model a, b"});
}

TEST(Prepare, SparseRowsAreNotPutIntoAnotherOrder) {
  Dataset sparse;
  sparse.sparse = true, sparse.rows = 1, sparse.features = 2;
  sparse.offsets = {0, 1}, sparse.columns = {1}, sparse.values = {5}, sparse.target = {1};
  sparse.transform.columns = {"a", "b"};
  const Model model = model_with(context(), {.loss = Loss::squared}, sparse, {{1, -1}, {0}});
  EXPECT_THAT(model.predict(sparse).values, ElementsAre(-5));
  sparse.transform.columns = {"b", "a"};
  expect_error<DataError>([&] { model.predict(sparse); }, {"memory has the columns b, a, the model a, b"});
}

TEST(Prepare, AnotherTransformIsRefusedAndBothSidesAreNamed) {
  const Model model = model_of(scaled());
  Dataset rows = number_data(2, {3, 1}, {});
  rows.transform = scaled();
  rows.transform.scale[1] = 4;
  expect_error<DataError>(
      [&] { model.predict(rows); },
      {"rows by hand was transformed otherwise", "\"scale\" of column 1 is 4", "that of the model 1"});
  rows.transform = scaled();
  rows.transform.columns = {"b", "a"};
  expect_error<DataError>([&] { model.predict(rows); },
                          {"\"columns\" of column 0 is b, that of the model a"});
  rows.transform = scaled();
  expect_error<DataError>([&] { model_of({}).predict(rows); },
                          {"it has \"scale\" for 2 columns, the model for 0"});
  rows.transform.columns.clear();
  rows.transform.categories = {{}, {}};
  EXPECT_THAT(model.predict(rows).values, ElementsAre(5.5F)) << "neither names nor empty lists are needed";
}

TEST(Prepare, NoPartOfATransformMayDiffer) {
  FeatureTransform all = scaled();
  all.offset = {1, 2};
  all.impute = {3, 0};
  all.categories = {{}, {"only"}};
  const Model model = model_of(all);
  Dataset rows = number_data(2, {3, 1}, {});
  const auto expect_refused = [&](const FeatureTransform& transform, const std::string& words) {
    rows.transform = transform;
    expect_error<DataError>([&] { model.predict(rows); }, {words});
  };
  FeatureTransform other = all;
  other.offset[0] = 9;
  expect_refused(other, "\"offset\" of column 0 is 9, that of the model 1");
  other = all, other.impute[0] = 9;
  expect_refused(other, "\"impute\" of column 0 is 9, that of the model 3");
  other = all, other.shift[1] = 9;
  expect_refused(other, "\"shift\" of column 1 is 9, that of the model 0");
  other = all, other.categories[1] = {"other"};
  expect_refused(other, "\"categories\" of column 1 is other, that of the model only");
  other = all, other.categories = {{}, {}};
  expect_refused(other, "it has \"categories\" for 0 columns, the model for 2");
}

TEST(Prepare, NumbersAreNoCategories) {
  FeatureTransform transform;
  transform.columns = {"size", "color"};
  transform.categories = {{}, {"blue", "red"}};
  Dataset data = number_data(3, {0, 0, 0}, {0});
  data.transform = transform;
  const Model model = model_with(context(), {.loss = Loss::squared}, data, {{1, 2, 3}, {0}});
  expect_error<DataError>(
      [&] {
        model.predict(number_data(2, {1, 1000000}, {}));
      },
      {"row 0", "\"color\"", "got the number 1000000", "one of blue, red"});
  expect_error<DataError>(
      [&] {
        prepare(RawTable{{{"size", {}, {"large"}}, {"color", {}, {"red"}}}, ""}, model.spec().schema);
      },
      {"memory", "\"size\"", "got the text \"large\"", "trained on numbers"});
}

TEST(Prepare, ClassesGoByTheirNamesInAnyOrder) {
  const Model model = model_of(scaled(), Loss::logistic);  // class 1 where 2 x0' - x1' > -0.5
  Dataset rows = class_data(2, {1, 3, 0, 9, 5, 1}, {0, 1, 0}, 2);
  rows.classes = {"1", "0"};  // so the targets are 1, 0, 1
  const Metrics metrics = evaluate(model, rows);
  EXPECT_EQ(metrics["accuracy"], 1.0);
  EXPECT_THAT(metrics.confusion, ElementsAre(ElementsAre(1, 0), ElementsAre(0, 2)));
  rows.transform = scaled();
  EXPECT_EQ(prepare(rows, model.spec().schema).target, (Floats{1, 0, 1})) << "the features may be prepared";
  EXPECT_EQ(prepare(rows, model.spec().schema).dense_f32, rows.dense_f32);
}

TEST(Prepare, NumbersAreClassesOfThatName) {
  const Model model = model_of(scaled(), Loss::logistic);
  EXPECT_EQ(evaluate(model, number_data(2, {1, 3, 0, 9}, {1, 0}))["accuracy"], 1.0);
  expect_error<DataError>(
      [&] {
        evaluate(model, number_data(2, {1, 3, 0, 9}, {1, 3}));
      },
      {"row 1", "label \"3\" was not seen in training", "one of 0, 1"});
}

TEST(Prepare, OtherClassesAreRefusedWhereTargetsAreNeeded) {
  const Model model = model_of(scaled(), Loss::logistic);
  Dataset rows = class_data(2, {1, 3, 0, 9}, {0, 1}, 2);
  rows.classes = {"0", "maybe"};
  expect_error<DataError>([&] { evaluate(model, rows); }, {"label \"maybe\"", "one of 0, 1"});
  expect_error<DataError>([&] { prepare(rows, model.spec().schema); }, {"label \"maybe\""});
  EXPECT_THAT(model.predict(rows).predicted_class, ElementsAre(1, 0)) << "predictions need no targets";
  rows.target = {0, 2};
  EXPECT_THAT(model.predict(rows).predicted_class, ElementsAre(1, 0));
  expect_error<DataError>([&] { evaluate(model, rows); }, {"row 1: the class is 2", "from 0 to 1"});
  rows.target = {-1, 0};
  expect_error<DataError>([&] { evaluate(model, rows); }, {"row 0: the class is -1"});
  rows.target = {0, 0.5F};
  expect_error<DataError>([&] { evaluate(model, rows); }, {"the class is 0.5"});
}

TEST(Prepare, ClassesAreNoNumbers) {
  const Dataset rows = class_data(2, {1, 3}, {0}, 2);
  for (const FeatureTransform& transform : {scaled(), FeatureTransform{}}) {
    const Model model = model_of(transform);
    expect_error<DataError>([&] { evaluate(model, rows); },
                            {"the targets are text, as \"0\"", "trained on numbers"});
  }
}

TEST(Prepare, ChosenRowsComeWithTheirWeightsAndTheirTransform) {
  const Model model = model_of(scaled(), Loss::logistic);
  Dataset rows = class_data(2, {3, 3, 1, 9, 11, 1}, {0, 1, 0}, 2);
  rows.transform = scaled();
  rows.classes = {"1", "0"};
  rows.weight = {1, 2, 5};
  const Ids chosen{2, 1};
  EXPECT_THAT(evaluate(model, rows, &chosen).confusion, ElementsAre(ElementsAre(2, 0), ElementsAre(0, 5)));
}

/// Predicts 10 + 4 * 0 whatever the rows are.
Model standardised_target() {
  Dataset data = number_data(1, {0}, {0});
  data.target_transform = {.mean = 10, .deviation = 4, .offset = 0};
  return model_with(context(), {.loss = Loss::squared}, data, {{0}, {0}});
}

TEST(Prepare, TargetsInTheUnitOfTheDataAreStandardisedAsTheModels) {
  const Model model = standardised_target();
  const Dataset rows = number_data(1, {5, 6}, {12, 4});  // 0.5 and -1.5 deviations from the mean
  EXPECT_EQ(evaluate(model, rows)["mae"], 4);
  EXPECT_EQ(evaluate(model, rows)["loss"], 0.5 * (0.25 + 2.25) / 2);
  const Dataset prepared = prepare(rows, model.spec().schema);
  EXPECT_EQ(prepared.target, (Floats{0.5F, -1.5F}));
  EXPECT_EQ(evaluate(model, prepared)["mae"], 4) << "once is enough";
  EXPECT_THAT(per_sample_gradients(model, rows, {1}), ElementsAre(9, 1.5F)) << "1.5 times the input 6, and 1";
}

TEST(Prepare, TargetsOfAnotherUnitAreRefused) {
  Dataset rows = number_data(1, {5, 6}, {12, 4});
  rows.target_transform = {.mean = 10, .deviation = 8, .offset = 0};
  expect_error<DataError>([&] { evaluate(standardised_target(), rows); },
                          {"the mean 10 and the deviation 8", "by 10 and 4"});
  EXPECT_EQ(standardised_target().predict(rows).values, (Floats{10, 10}));
  rows = number_data(2, {1, 3}, {12});
  rows.target_transform = {.mean = 10, .deviation = 4, .offset = 0};
  DataSchema schema = model_of(scaled()).spec().schema;
  schema.target_transform = rows.target_transform;
  expect_error<DataError>([&] { prepare(rows, schema); }, {"targets are standardised and its features raw"});
  const Ids first{0};
  const Model model = model_of(scaled());
  expect_error<DataError>([&] { evaluate(model, rows, &first); }, {"targets are standardised"});
}

TEST(Prepare, GradientsErrorsAndImportanceAreThoseOfThePreparedRows) {
  const Model model = model_of(scaled());
  const Dataset raw = number_data(2, {1, 3, 2, 0, 4, 1, 0, 2, 5, 5}, {4, 10, 17, 1, 16});
  const Dataset prepared = prepare(raw, model.spec().schema);
  EXPECT_EQ(prepared.dense_f32, (Floats{3, 3, 5, 0, 9, 1, 1, 2, 11, 5}));
  EXPECT_THAT(per_sample_gradients(model, raw, {2, 0}), ElementsAre(4.5F, 0.5F, 0.5F, -1.5F, -1.5F, -0.5F))
      << "17.5 - 17 and 3.5 - 4 times the inputs, and 1";
  const auto errors = standard_errors(model, raw), wanted = standard_errors(model, prepared);
  for (std::size_t j = 0; j < 3; ++j) EXPECT_EQ(errors[j].standard_error, wanted[j].standard_error);
  EXPECT_GT(errors[0].standard_error, 0);
  const auto importance = permutation_importance(model, raw, {0, 1, 2, 3, 4}, {.metric = "rmse"});
  EXPECT_EQ(importance.baseline, evaluate(model, prepared)["rmse"]);
  EXPECT_EQ(importance.columns[0].column, "a");
}

TEST(Prepare, ALearnerLearnsFromRawRowsAsFromPreparedOnes) {
  const Dataset raw = number_data(2, {1, 3, 2, 0}, {3, 10});
  LearnerOptions options;
  options.optimizer.name = Rule::sgd;
  Model a = model_of(scaled()), b = model_of(scaled());
  const Dataset prepared = prepare(raw, b.spec().schema);
  Learner(a, raw, options).step(Ids{0}, 0.5);
  Learner(b, prepared, options).step(Ids{0}, 0.5);
  EXPECT_THAT(a.parameters()[0].values, ElementsAre(1.25F, -1.75F)) << "less 0.5 (3.5 - 3) 3";
  EXPECT_EQ(a.parameters()[0].values, b.parameters()[0].values);
}

TEST(Prepare, PredictTakesRowsInTheOrderOfTheCall) {
  const Dataset raw = number_data(2, {1, 3, 0, 0, 2, 2}, {});
  for (const FeatureTransform& transform : {scaled(), FeatureTransform{}}) {
    const Model model = model_of(transform);
    const Floats all = model.predict(raw).values;
    const Predictions some = model.predict(raw, Ids{2, 0, 2});
    EXPECT_EQ(some.rows, 3);
    EXPECT_THAT(some.values, ElementsAre(all[2], all[0], all[2]));
    EXPECT_EQ(model.predict(raw, Ids{}).rows, 0);
    expect_error<ShapeError>(
        [&] {
          model.predict(raw, Ids{0, 3});
        },
        {"row id 3 at position 1", "rows by hand has the rows 0 to 2"});
    expect_error<ShapeError>([&] { model.predict(raw, Ids{-1}); }, {"row id -1 at position 0"});
  }
}

TEST(Prepare, RowsThatAreNotThereAreRefusedEverywhere) {
  const Dataset raw = number_data(2, {1, 3, 0, 0, 2, 2}, {1, 2, 3});
  const Ids beyond{2, 3}, negative{-1};
  for (const FeatureTransform& transform : {scaled(), FeatureTransform{}}) {
    const Model model = model_of(transform);
    expect_error<ShapeError>([&] { evaluate(model, raw, &beyond); }, {"row id 3 at position 1"});
    expect_error<ShapeError>([&] { per_sample_gradients(model, raw, negative); },
                             {"row id -1 at position 0"});
  }
}

TEST(Prepare, AStopSignalEndsPredictions) {
  const std::atomic<int> stop = 2, go = 0;
  const Dataset raw = number_data(2, {1, 3, 0, 0}, {});
  for (const FeatureTransform& transform : {scaled(), FeatureTransform{}}) {
    expect_error<InterruptedError>([&] { model_of(transform).predict(raw, Ids{1}, &stop); },
                                   {"interrupted after 0 of 1 rows of rows by hand"});
    EXPECT_EQ(model_of(transform).predict(raw, Ids{1}, &go).rows, 1);
  }
}

TEST(Prepare, ManyRawRowsArePredictedInPartsThatLeaveNoSeam) {
  Floats cells;
  for (int row = 0; row < 9000; ++row) cells.insert(cells.end(), {static_cast<float>(row), 1});
  const Floats values = model_of(scaled()).predict(number_data(2, cells, {})).values;
  ASSERT_EQ(values.size(), 9000U);
  for (int row = 0; row < 9000; ++row)
    ASSERT_EQ(values[static_cast<std::size_t>(row)], static_cast<float>(4 * row) + 1.5F) << row;
}

TEST(Prepare, SparseRowsAreSelectedByTheirIds) {
  Dataset sparse;
  sparse.sparse = true, sparse.rows = 3, sparse.features = 2;
  sparse.offsets = {0, 1, 3, 3}, sparse.columns = {1, 0, 1}, sparse.values = {5, 1, 2};
  sparse.target = {12, 4, 10};
  Dataset schema = sparse;
  schema.target_transform = {.mean = 10, .deviation = 4, .offset = 0};
  const Model model = model_with(context(), {.loss = Loss::squared}, schema, {{1, -1}, {0}});
  const Ids rows{2, 1};  // predictions 10 + 4 * 0 and 10 + 4 * -1
  EXPECT_EQ(evaluate(model, sparse, &rows)["mae"], 1);
}

}  // namespace
}  // namespace thalweg::test
