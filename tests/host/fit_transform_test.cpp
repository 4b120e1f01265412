// Transforms that are found on data in memory: data sets of numbers, and tables with texts.
#include "thalweg/prepare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/data_files.hpp"
#include "tests/support/small_models.hpp"

namespace thalweg::test {
namespace {

using testing::ElementsAre;
using Floats = std::vector<float>;
using Doubles = std::vector<double>;
using Ids = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

TEST(FitTransform, FindsTheStandardisationOfTheRowsToTrainOn) {
  const Dataset raw = number_data(1, {1, 3, 9}, {0, 1, 2});
  const Ids train{0, 1};
  const Dataset some = fit_transform(raw, {}, &train), all = fit_transform(raw, {});
  EXPECT_EQ(some.transform.scale, (Floats{1}));
  EXPECT_EQ(some.transform.shift, (Floats{-2}));
  EXPECT_EQ(some.dense_f32, (Floats{-1, 1, 7}));
  EXPECT_FLOAT_EQ(all.transform.scale[0], static_cast<float>(1 / std::sqrt(104.0 / 9)));
  EXPECT_EQ(all.target, (Floats{0, 1, 2}));
  EXPECT_EQ(all.source, "rows by hand");
}

TEST(FitTransform, TheMatrixIsNotCopied) {
  Dataset raw = number_data(2, Floats(20000, 1.0F), Floats(10000));
  raw.dense_f32[0] = 2;
  const float* const before = raw.dense_f32.data();
  EXPECT_EQ(fit_transform(std::move(raw), {}).dense_f32.data(), before);
}

TEST(FitTransform, WhatIsKnownOfTheRowsStays) {
  Dataset raw = number_data(1, {1, 3}, {0, 1});
  raw.row_names = {"u", "v"};
  raw.row_name_column = "id";
  raw.target_column = "y";
  raw.transform.columns = {"x"};
  raw.first_source_row = 7;
  raw.source_line = {3, 4};
  raw.index_base = 0;
  raw.filled = 5;
  raw.unseen = 6;
  raw.notes = {"a note"};
  const Dataset data = fit_transform(raw, {});
  EXPECT_EQ(data.row_names, raw.row_names);
  EXPECT_EQ(data.row_name_column, "id");
  EXPECT_EQ(data.target_column, "y");
  EXPECT_EQ(data.transform.columns, (Texts{"x"}));
  EXPECT_EQ(data.first_source_row, 7);
  EXPECT_EQ(data.source_line, raw.source_line);
  EXPECT_EQ(data.index_base, 0);
  EXPECT_EQ(data.filled, 5);
  EXPECT_EQ(data.unseen, 6);
  EXPECT_EQ(data.notes, raw.notes);
}

TEST(FitTransform, FillsWeightsAndStandardisesTargetsByTheSettings) {
  DataConfig config;
  config.standardize = Tristate::no;
  config.impute = Imputation::mean;
  config.standardize_target = Tristate::yes;
  const Dataset numbers = fit_transform(number_data(1, {1, kMissing, 4}, {2, 4, 6}), config);
  EXPECT_EQ(numbers.dense_f32, (Floats{1, 2.5F, 4}));
  EXPECT_EQ(numbers.filled, 1);
  EXPECT_EQ(numbers.target_transform.mean, 4);
  EXPECT_FLOAT_EQ(numbers.target[2], static_cast<float>(std::sqrt(1.5)));
  config.class_weight = "balanced";
  const Dataset classes = fit_transform(class_data(1, {1, 2, 3, 4}, {0, 0, 0, 1}, 2), config);
  EXPECT_THAT(classes.weight, ElementsAre(2 / 3.0F, 2 / 3.0F, 2 / 3.0F, 2.0F));
}

TEST(FitTransform, ClassesKeepTheOrderThatTheProgramGaveThem) {
  Dataset raw = class_data(1, {1, 2, 3}, {0, 1, 0}, 2);
  raw.classes = {"yes", "no"};
  const Dataset data = fit_transform(raw, {});
  EXPECT_EQ(data.classes, (Texts{"yes", "no"}));
  EXPECT_EQ(data.target, (Floats{0, 1, 0}));
}

TEST(FitTransform, RefusesSettingsOutOfTheirRange) {
  DataConfig config;
  config.validation_fraction = 1.5;
  const std::vector<std::string> words{"data.validation_fraction", "1.5"};
  expect_error<ConfigError>([&] { fit_transform(number_data(1, {1, 2}, {0, 1}), config); }, words);
  const RawTable table{.columns = {{.name = "x", .numbers = {1, 2}, .texts = {}},
                                   {.name = "y", .numbers = {0, 1}, .texts = {}}}};
  expect_error<ConfigError>([&] { fit_transform(table, "y", config, TargetUse::numbers); }, words);
  const DataSchema schema = schema_of(fit_transform(table, "y", {}, TargetUse::numbers));
  expect_error<ConfigError>([&] { prepare(table, schema, config); }, words);
}

TEST(FitTransform, RefusesWhatIsNotRawAndSettingsOfFiles) {
  Dataset rows = number_data(1, {1, 2}, {0, 1});
  const Ids none, beyond{0, 2};
  expect_error<ShapeError>([&] { fit_transform(rows, {}, &none); }, {"train_rows is empty"});
  expect_error<ShapeError>([&] { fit_transform(rows, {}, &beyond); },
                           {"row id 2 at position 1", "rows by hand has the rows 0 to 1"});
  expect_error<DataError>([&] { fit_transform(Dataset{}, {}); }, {"memory has no rows"});
  expect_error<DataError>([&] { fit_transform(number_data(1, {1, 2}, {}), {}); }, {"has no targets"});
  DataConfig config;
  config.train = "a.csv";
  expect_error<ConfigError>([&] { fit_transform(rows, config); }, {"data.train = \"a.csv\"", "in memory"});
  config = {};
  config.categorical = {"a"};
  expect_error<ConfigError>([&] { fit_transform(rows, config); }, {"data.categorical", "has its features"});
  config = {};
  config.hash_bits = 3;
  expect_error<ConfigError>([&] { fit_transform(rows, config); }, {"data.hash_bits", "in memory"});
  rows.target_transform.mean = 1;
  expect_error<DataError>([&] { fit_transform(rows, {}); }, {"rows by hand has a transform already"});
  rows = number_data(1, {1, 2}, {0, 1});
  rows.transform.scale = rows.transform.shift = {1};
  expect_error<DataError>([&] { fit_transform(rows, {}); }, {"rows by hand has a transform already"});
}

class RawTableTest : public DataFiles {
 protected:
  static RawTable table() {
    return {{{"n", {1, 2, std::nan(""), 5}, {}},
             {"color", {}, {"red", " blue ", "red", "n/a"}},
             {"time", {1.6e9 + 1, 1.6e9 + 2, 1.6e9 + 3, 1.6e9 + 8}, {}},
             {"who", {}, {"x", "y", "z", "u"}},
             {"w", {1, 1, 2, 4}, {}},
             {"kind", {7, 8, 7, 7}, {}},
             {"skip", {0, 0, 0, 0}, {}},
             {"y", {}, {"no", "yes", "no", "yes"}}},
            ""};
  }
  static DataConfig settings() {
    DataConfig config;
    config.impute = Imputation::mean;
    config.id = "who";
    config.weight = "w";
    config.categorical = {"kind"};
    config.ignore = {"skip"};
    return config;
  }
  const std::string csv_ =
      "n,color,time,who,w,kind,skip,y\n1,red,1600000001,x,1,7,0,no\n2,blue,1600000002,y,1,8,0,yes\n"
      ",red,1600000003,z,2,7,0,no\n5,,1600000008,u,4,7,0,yes\n";
};

void expect_equal(const Dataset& a, const Dataset& b) {
  EXPECT_EQ(schema_to_json(schema_of(a)), schema_to_json(schema_of(b)));
  EXPECT_EQ(a.dense_f32, b.dense_f32);
  EXPECT_EQ(a.target, b.target);
  EXPECT_EQ(a.weight, b.weight);
  EXPECT_EQ(a.row_names, b.row_names);
  EXPECT_EQ(a.filled, b.filled);
  EXPECT_EQ(a.unseen, b.unseen);
}

TEST_F(RawTableTest, ATableIsTheDataSetOfTheCsvFileWithTheSameValues) {
  DataConfig of_file = settings();
  of_file.train = write("t.csv", csv_);
  const Dataset read = read_training_data(of_file, TargetUse::automatic);
  expect_equal(fit_transform(table(), "y", settings()), read);
  expect_equal(prepare(table(), schema_of(read), settings()),
               read_data_as(of_file, of_file.train, "", "", schema_of(read), true));
}

TEST_F(RawTableTest, ATableIsCrossedAsTheModelsFileWas) {
  DataConfig of_file = config(write("c.csv", "color,size,age,y\nred,L,3,0\nblue,S,4,1\nred,S,5,1\n"));
  of_file.crosses = {"color*size"};
  const DataSchema schema = schema_of(read_training_data(of_file, TargetUse::numbers));
  const RawTable rows{{{"age", {7, 8}, {}}, {"size", {}, {"L", "S"}}, {"color", {}, {"red", "blue"}}}, ""};
  EXPECT_EQ(prepare(rows, schema, {}).dense_f32, (Floats{0, 1, 1, 0, 7, 0, 1, 0,  //
                                                         1, 0, 0, 1, 8, 1, 0, 0}))
      << "blue and red, L and S, the age, then blue*S, red*L and red*S";
}

TEST_F(RawTableTest, AModelThatHashesItsFeaturesTakesNoTable) {
  DataConfig of_file = config(write("h.csv", "color,y\nred,0\nblue,1\n"));
  of_file.hash_bits = 20;
  const DataSchema schema = schema_of(read_training_data(of_file, TargetUse::numbers));
  expect_error<DataError>(
      [&] {
        prepare(RawTable{{{"color", {}, {"red"}}}, ""}, schema, {});
      },
      {"memory is a table", "hashes its features (data.hash_bits = 20)", "want a file"});
}

TEST_F(RawTableTest, TextsNumbersAndNamesOfRowsGetTheirRoles) {
  DataConfig config = settings();
  config.standardize = Tristate::no;
  const Dataset data = fit_transform(table(), "y", config);
  EXPECT_EQ(data.transform.names, (Texts{"n", "color=blue", "color=red", "time", "kind=7", "kind=8"}));
  EXPECT_EQ(data.transform.columns, (Texts{"n", "color", "time", "kind"}));
  EXPECT_EQ(data.classes, (Texts{"no", "yes"}));
  EXPECT_EQ(data.row_names, (Texts{"x", "y", "z", "u"}));
  EXPECT_EQ(data.row_name_column, "who");
  EXPECT_EQ(data.weight, (Floats{0.5F, 0.5F, 1, 2}));
  EXPECT_EQ(data.filled, 2);
  EXPECT_EQ(data.dense_f32[1], 0);  // of the first row: red
  EXPECT_EQ(data.dense_f32[2], 1);
  EXPECT_EQ(data.source, "memory");
}

TEST_F(RawTableTest, LargeNumbersLoseTheirOffsetInDouble) {
  const Dataset data = fit_transform(table(), "y", settings());
  EXPECT_EQ(data.transform.offset, (Doubles{0, 0, 1.6e9 + 1, 0}));
  const Dataset one = prepare(
      RawTable{{{"time", {1.6e9 + 2.5}, {}}, {"kind", {7}, {}}, {"color", {}, {"red"}}, {"n", {1}, {}}},
               "a query"},
      schema_of(data));
  const std::size_t time = 3;
  EXPECT_EQ(one.dense_f32[time], std::fma(1.5F, data.transform.scale[time], data.transform.shift[time]));
  EXPECT_TRUE(one.target.empty()) << "a table to predict may lack the target";
}

TEST_F(RawTableTest, ACategoryThatTrainingDidNotHaveIsLeftOutAndCountedOrRefused) {
  const DataSchema schema = schema_of(fit_transform(table(), "y", settings()));
  RawTable rows = table();
  rows.columns[1].texts[0] = "green";
  DataConfig config = settings();
  EXPECT_EQ(prepare(rows, schema, config).unseen, 1);
  config.unseen = Unseen::error;
  expect_error<DataError>([&] { prepare(rows, schema, config); },
                          {"memory row 0", "\"color\"", "\"green\" was not seen in training"});
}

TEST_F(RawTableTest, TextsThatMeanAMissingValueAreThoseOfTheSetting) {
  DataConfig config;
  config.missing = {"-", "-999"};
  config.impute = Imputation::median;
  const RawTable rows{
      {{"a", {1, -999, 3, 4}, {}}, {"b", {}, {"-", "p", "q", "p"}}, {"y", {1, 2, 3, 4.5}, {}}}, ""};
  const Dataset data = fit_transform(rows, "", config);
  EXPECT_EQ(data.filled, 2);
  EXPECT_EQ(data.transform.impute, (Floats{3, 0}));
  EXPECT_EQ(data.target, (Floats{1, 2, 3, 4.5F})) << "the last column, where none is named";
}

TEST_F(RawTableTest, ColumnsWithoutNamesGoByPosition) {
  const Dataset data =
      fit_transform(RawTable{{{"", {1, 3}, {}}, {"", {}, {"p", "q"}}, {"", {5, 6.5}, {}}}, ""}, "");
  EXPECT_TRUE(data.transform.columns.empty());
  EXPECT_EQ(data.target, (Floats{5, 6.5F}));
  const RawTable query{{{"", {2}, {}}, {"", {}, {"q"}}}, ""};
  EXPECT_EQ(prepare(query, schema_of(data)).dense_f32, (Floats{0, 0, 1}));
}

TEST_F(RawTableTest, TheCallSaysWhetherTargetsAreNumbers) {
  RawTable rows = table();
  EXPECT_EQ(fit_transform(rows, "w", {.ignore = {"who", "n", "color"}}, TargetUse::numbers).target_kind,
            TargetKind::number);
  EXPECT_EQ(fit_transform(rows, "w", {.ignore = {"who", "n", "color"}}, TargetUse::classes).classes,
            (Texts{"1", "2", "4"}));
}

TEST_F(RawTableTest, StatisticsComeFromTheRowsToTrainOn) {
  const Ids train{0, 1};
  const RawTable rows{{{"a", {1, 3, 100}, {}}, {"y", {1, 2, 3.5}, {}}}, ""};
  EXPECT_EQ(fit_transform(rows, "y", {}, TargetUse::automatic, &train).dense_f32, (Floats{-1, 1, 98}));
}

TEST_F(RawTableTest, TooManyTextsAreNoCategoriesAndNoClasses) {
  RawTable rows{{{"a", {}, {}}, {"b", {}, {}}}, ""};
  for (int row = 0; row < 60; ++row) {
    rows.columns[0].texts.push_back(std::to_string(row) + "th");
    rows.columns[1].texts.emplace_back(row % 2 == 0 ? "even" : "odd");
  }
  expect_error<DataError>([&] { fit_transform(rows, "b"); },
                          {"memory, column \"a\" (0): 60 distinct texts in 60 rows"});
  expect_error<DataError>([&] { fit_transform(rows, "a"); }, {"the target has 60 distinct texts in 60 rows"});
  for (int row = 0; row < 2000; ++row) {
    rows.columns[0].texts.push_back(std::to_string(row / 2) + "x");
    rows.columns[1].texts.emplace_back("odd");
  }
  expect_error<DataError>([&] { fit_transform(rows, "b"); }, {"more than 1000 distinct texts"});
}

TEST_F(RawTableTest, DataToPredictMayLackColumnsThatAreNoFeatures) {
  const DataSchema schema = schema_of(fit_transform(table(), "y", settings()));
  RawTable rows = table();
  rows.columns.erase(rows.columns.begin() + 6, rows.columns.end());        // skip, y
  rows.columns.erase(rows.columns.begin() + 3, rows.columns.begin() + 5);  // who, w
  EXPECT_EQ(prepare(rows, schema, settings()).rows, 4);
  EXPECT_THROW(fit_transform(rows, "kind", settings()), ConfigError);
  rows.columns.push_back({"y", {}, {"no", "yes", "no", "no"}});
  const Dataset data = prepare(rows, schema, settings());
  EXPECT_EQ(data.target, (Floats{0, 1, 0, 0}));
  rows.columns.back().texts[3] = "perhaps";
  expect_error<DataError>([&] { prepare(rows, schema, settings()); }, {"memory row 3: label \"perhaps\""});
  rows.columns.back() = {"z", {1, 2, 3, 4}, {}};
  expect_error<DataError>([&] { prepare(rows, schema, settings()); },
                          {"column \"z\"", "the model's training data did not have"});
}

TEST_F(RawTableTest, ColumnsThatDoNotFitAreRefused) {
  RawTable rows = table();
  rows.columns[2].numbers.pop_back();
  expect_error<ShapeError>([&] { fit_transform(rows, "y"); },
                           {"memory, column \"time\" (2) has 3 rows; the first has 4"});
  rows = table();
  rows.columns[2].texts = {"1"};
  expect_error<ShapeError>([&] { fit_transform(rows, "y"); }, {"\"time\" (2) has numbers and texts"});
  rows = table();
  rows.columns[2].name = "n";
  expect_error<DataError>([&] { fit_transform(rows, "y"); }, {"memory has two columns \"n\""});
  expect_error<ShapeError>([&] { fit_transform(RawTable{}, "y"); }, {"memory has no columns"});
  expect_error<DataError>(
      [&] {
        fit_transform(RawTable{{{"a", {}, {}}, {"y", {}, {}}}, ""}, "y");
      },
      {"memory has no rows"});
  expect_error<ConfigError>([&] { fit_transform(table(), "z"); }, {"data.target = \"z\"", "no such column"});
  DataConfig config = settings();
  config.weight = "color";
  config.categorical = {};
  expect_error<DataError>([&] { fit_transform(table(), "y", config); }, {"\"color\"", "numbers as weights"});
  config = {};
  config.missing = {"-999"};
  expect_error<DataError>(
      [&] {
        fit_transform(RawTable{{{"a", {1, 2}, {}}, {"y", {-999, 2.5}, {}}}, ""}, "y", config);
      },
      {"memory row 0: the target is nan"});
  rows = table();
  rows.columns[7].texts[2] = "NA";
  expect_error<DataError>([&] { fit_transform(rows, "y", settings()); },
                          {"memory row 2, column \"y\" (7)", "want a label"});
}

}  // namespace
}  // namespace thalweg::test
