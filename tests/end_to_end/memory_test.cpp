// Data in memory and the files with the same values: the bits of runs and of predictions are the same.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include "host/cli/cli.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/run_support.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/prepare.hpp"

namespace thalweg::test {
namespace {

using Floats = std::vector<float>;

constexpr std::int64_t kRows = 60;
constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

float first(std::int64_t row) { return static_cast<float>(row * 7 % 13) / 4 - 1.5F; }
float second(std::int64_t row) { return static_cast<float>(row * 5 % 11) * 100; }

/// Rows of two features, x0 with or without gaps, and a target of numbers or of two classes.
class Memory : public testing::Test {
 protected:
  static Config settings() {
    Config config;
    config.device = "cpu";
    config.optimizer.lr = 0.05;
    config.train.batch_size = 16;
    config.train.epochs = 3;
    config.train.threads = 2;
    return config;
  }
  static bool gap(std::int64_t row) { return row % 9 == 4; }

  std::string csv(bool gaps = false) const {
    std::ostringstream text;
    text.precision(9);
    text << "a,b,y\n";
    for (std::int64_t row = 0; row < kRows; ++row) {
      if (!gaps || !gap(row)) text << first(row);
      text << "," << second(row) << "," << target(row) << "\n";
    }
    return folder_.write("d.csv", text.str());
  }
  static float target(std::int64_t row) { return 20 + 3 * first(row) + second(row) / 64; }

  static Dataset numbers(bool gaps = false) {
    Floats cells, targets;
    for (std::int64_t row = 0; row < kRows; ++row) {
      cells.insert(cells.end(), {gaps && gap(row) ? kMissing : first(row), second(row)});
      targets.push_back(target(row));
    }
    return number_data(2, cells, targets);
  }

  static std::int64_t kind(std::int64_t row) { return first(row) * 200 + second(row) > 500 ? 1 : 0; }
  std::string classes_csv() const {
    std::ostringstream text;
    text << "a,b,y\n";
    for (std::int64_t row = 0; row < kRows; ++row)
      text << first(row) << "," << second(row) << "," << (kind(row) == 1 ? "yes" : "no") << "\n";
    return folder_.write("c.csv", text.str());
  }
  static Dataset classes() {
    Dataset data = numbers();
    for (std::int64_t row = 0; row < kRows; ++row)
      data.target[static_cast<std::size_t>(row)] = static_cast<float>(kind(row));
    data.target_kind = TargetKind::classes;
    data.classes = {"no", "yes"};
    return data;
  }

  /// Predictions of the program for a data file, as the numbers of its npy file.
  Floats told(const std::string& model, const std::string& file) const {
    const std::string to = folder_.path("p.npy");
    std::ostringstream out, err;
    EXPECT_EQ(cli::run({"predict", model, "--data.test=" + file, "--output=" + to}, {out, err}), 0)
        << err.str();
    std::ifstream stream(to, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    const std::size_t begin = bytes.find('\n') + 1;
    Floats values((bytes.size() - begin) / sizeof(float));
    std::memcpy(values.data(), bytes.data() + begin, values.size() * sizeof(float));
    return values;
  }

  /// Trains on `file` and on `data`: the runs have the same bits, and so do the predictions of the saved
  /// model for the file and for `raw`. `prepared`: data that have a transform already.
  void expect_same(Config config, const std::string& file, const Dataset& data, const Dataset& raw) const {
    config.data.train = file;
    config.out = folder_.path("run");
    const TrainReport of_file = train(config);
    EXPECT_GT(of_file.steps, 0);
    const Floats program = told(config.out, file);
    const Model model = Model::load(Context({.device = "cpu"}), config.out);
    EXPECT_EQ(model.predict(raw).values, program);
    config.data = in_memory(config.data);
    config.out = "";
    EXPECT_EQ(train(config, data).parameters_xxh3, of_file.parameters_xxh3);
  }

  static DataConfig in_memory(DataConfig data) {
    data.train = data.target = data.test = data.weight = "";
    return data;
  }

  TemporaryFolder folder_;
};

TEST_F(Memory, StandardisedFeaturesAndTargets) { expect_same(settings(), csv(), numbers(), numbers()); }

TEST_F(Memory, NothingDoneToTheFeatures) {
  Config config = settings();
  config.data.standardize = config.data.standardize_target = Tristate::no;
  config.optimizer.lr = 1e-6;
  expect_same(config, csv(), numbers(), numbers());
}

TEST_F(Memory, MissingValuesFilled) {
  Config config = settings();
  config.data.impute = Imputation::mean;
  expect_same(config, csv(true), numbers(true), numbers(true));
}

TEST_F(Memory, BytesScaledWhereTheyAreRead) {
  std::vector<std::uint8_t> bytes;
  for (std::int64_t row = 0; row < 2 * kRows; ++row) bytes.push_back(static_cast<std::uint8_t>(row * 37));
  const std::string file = folder_.write("x.npy", npy("|u1", "(60, 2)", bytes));
  Dataset data = numbers();
  data.dense_f32.clear();
  data.dense_u8 = bytes;
  Config config = settings();
  config.data.target = folder_.write("y.npy", npy("<f4", "(60,)", data.target));
  expect_same(config, file, data, data);
}

/// A table with texts, and numbers that float32 merges.
TEST_F(Memory, CategoriesAndOffsets) {
  std::ostringstream text;
  RawTable table{{{"time", {}, {}}, {"color", {}, {}}, {"y", {}, {}}}, ""};
  text << "time,color,y\n";
  for (std::int64_t row = 0; row < kRows; ++row) {
    const char* const color = row % 3 == 0 ? "red" : row % 3 == 1 ? "blue" : "green";
    table.columns[0].numbers.push_back(1.6e9 + static_cast<double>(row));
    table.columns[1].texts.emplace_back(color);
    table.columns[2].numbers.push_back(static_cast<double>(row) / 8 + static_cast<double>(row % 3));
    text << 1600000000 + row << "," << color << "," << table.columns[2].numbers.back() << "\n";
  }
  const std::string file = folder_.write("t.csv", text.str());
  Config config = settings();
  config.data.train = file;
  config.out = folder_.path("run");
  const TrainReport of_file = train(config);
  const Model model = Model::load(Context({.device = "cpu"}), config.out);
  std::swap(table.columns[0], table.columns[1]);
  const Dataset rows = prepare(table, model.spec().schema);
  EXPECT_EQ(model.predict(rows).values, told(config.out, file));
  EXPECT_GT(evaluate(model, rows)["r2"], 0.5);
  std::swap(table.columns[0], table.columns[1]);
  config.data = {};
  config.out = "";
  EXPECT_EQ(train(config, fit_transform(table, "y")).parameters_xxh3, of_file.parameters_xxh3);
}

TEST_F(Memory, ClassesWeightsAndRowsHeldOut) {
  Config config = settings();
  config.data.class_weight = "balanced";
  config.data.validation_fraction = 0.25;
  expect_same(config, classes_csv(), classes(), classes());
  config.data.train = classes_csv();
  const TrainReport of_file = train(config);
  config.data.train = "";
  const TrainReport of_memory = train(config, classes());
  EXPECT_EQ(of_memory.validation->values, of_file.validation->values);
  EXPECT_EQ(of_memory.summary.validation_rows, 15);
  EXPECT_TRUE(of_memory.summary.stratified);
}

TEST_F(Memory, WhatTheTargetsAreTheProgramSaysUnlessTheLossDoes) {
  Dataset data = classes();
  data.target_kind = TargetKind::number;
  data.classes.clear();
  EXPECT_EQ(train(settings(), data).summary.loss, Loss::squared);
  Config config = settings();
  config.model.loss = Loss::logistic;
  EXPECT_EQ(train(config, data).summary.classes, (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(train(settings(), classes()).summary.loss, Loss::logistic);
}

TEST_F(Memory, Folds) {
  Config config = settings();
  config.data.folds = 3;
  config.data.train = classes_csv();
  const TrainReport of_file = train(config);
  config.data.train = "";
  const TrainReport of_memory = train(config, classes());
  ASSERT_EQ(of_memory.folds.size(), 3U);
  for (std::size_t fold = 0; fold < 3; ++fold)
    EXPECT_EQ(of_memory.folds[fold].parameters_xxh3, of_file.folds[fold].parameters_xxh3) << fold;
}

TEST_F(Memory, PreparedFeaturesStayAsTheyAreAndTheirTargetsAreStandardised) {
  Config config = settings();
  config.data.train = csv();
  const TrainReport of_file = train(config);
  config.data.train = "";
  const TrainReport of_memory = train(config, fit_transform(numbers(), {}));
  EXPECT_EQ(of_memory.parameters_xxh3, of_file.parameters_xxh3);
  const std::vector<std::int64_t> few{0, 1, 2, 3};
  EXPECT_NE(train(config, fit_transform(numbers(), {}, &few)).parameters_xxh3, of_file.parameters_xxh3);
}

TEST_F(Memory, PreparedRowsAreWeightedAndHeldOutAsRawOnes) {
  Dataset raw = classes();
  for (const float cell : raw.dense_f32)
    raw.dense_u8.push_back(static_cast<std::uint8_t>(static_cast<int>(std::abs(cell)) % 256));
  raw.dense_f32.clear();  // the transform of bytes needs no statistics
  const Dataset prepared = fit_transform(raw, {});
  ASSERT_FALSE(prepared.transform.scale.empty());
  Config config = settings();
  config.data.class_weight = "balanced";
  config.data.folds = 3;
  const TrainReport a = train(config, raw), b = train(config, prepared);
  for (std::size_t fold = 0; fold < 3; ++fold)
    EXPECT_EQ(a.folds[fold].parameters_xxh3, b.folds[fold].parameters_xxh3) << fold;
  config.data.folds = 0;
  config.data.validation_fraction = 0.25;
  EXPECT_EQ(train(config, raw).validation->values, train(config, prepared).validation->values);
  config.data.class_weight = "none";
  config.data.stratify = Tristate::yes;
  Dataset numbers = fit_transform(Memory::numbers(), {});
  expect_error<ConfigError>([&] { train(config, numbers); },
                            {"data.stratify = true", "rows by hand are numbers"});
  config.data.stratify = Tristate::automatic;
  EXPECT_GT(train(config, numbers).summary.validation_rows, 0);
}

TEST_F(Memory, RowsOfWeightZeroHaveNoPartInTheUnitOfTheTarget) {
  Dataset weighted = numbers();
  weighted.weight.assign(kRows, 1);
  weighted.weight[3] = 0;
  weighted.target[3] = 1e6F;
  const auto mean_of = [&](const Dataset& data) {
    Config config = settings();
    config.out = folder_.path("weights");
    config.checkpoint.resume = "never";
    train(config, data);
    return Model::load(Context({.device = "cpu"}), config.out).spec().schema.target_transform.mean;
  };
  double sum = 0;
  for (std::int64_t row = 0; row < kRows; ++row) sum += row == 3 ? 0 : double{target(row)};
  EXPECT_NEAR(mean_of(weighted), sum / (kRows - 1), 1e-6);
  EXPECT_NEAR(mean_of(fit_transform(weighted, {})), sum / (kRows - 1), 1e-6);
}

TEST_F(Memory, TestRowsAreRawOrPreparedAndTheSummarySaysWhereTheyAre) {
  Config config = settings();
  config.data.train = config.data.test = csv();
  const TrainReport of_file = train(config);
  config.data.train = config.data.test = "";
  Dataset data = numbers();
  data.source = "";
  const TrainReport report = train(config, data, &data);
  EXPECT_EQ(report.test->values, of_file.test->values);
  EXPECT_EQ(report.summary.source, "memory");
  EXPECT_EQ(report.summary.test_source, "memory");
  EXPECT_EQ(report.summary.test_rows, kRows);
  data.source = "sensors";
  EXPECT_EQ(train(config, data).summary.source, "sensors");
  EXPECT_FALSE(train(config, data).test.has_value());
  config.data.standardize_target = Tristate::no;
  Dataset prepared = fit_transform(numbers(), {});
  prepared.source = "";
  EXPECT_EQ(train(config, prepared, &prepared).summary.test_source, "memory");
}

TEST_F(Memory, ARunGoesOnWithTheSameRowsAlone) {
  Config config = settings();
  config.schedule.name = ScheduleKind::constant;
  config.train.epochs = 6;
  const std::string whole = train(config, numbers()).parameters_xxh3;
  config.out = folder_.path("run");
  config.train.epochs = 3;
  train(config, numbers());
  config.train.epochs = 6;
  config.checkpoint.on_change = OnChange::allow;
  const TrainReport report = train(config, numbers());
  EXPECT_FALSE(report.resumed_from.empty());
  EXPECT_EQ(report.parameters_xxh3, whole);
  config.checkpoint.on_change = OnChange::error;
  Dataset other = numbers();
  other.dense_f32[0] += 1;
  EXPECT_THROW(train(config, other), Error);
}

TEST_F(Memory, ARunThatBeginsWithAModelTakesItsTransform) {
  Config config = settings();
  config.data.train = csv();
  config.out = folder_.path("first");
  train(config);
  Dataset other = numbers();
  for (float& cell : other.dense_f32) cell = cell * 2 + 1;
  std::ostringstream text;
  text.precision(9);
  text << "a,b,y\n";
  for (std::size_t row = 0; row < kRows; ++row)
    text << other.dense_f32[2 * row] << "," << other.dense_f32[2 * row + 1] << "," << other.target[row]
         << "\n";
  const std::string file = folder_.write("other.csv", text.str());
  config.model.init = config.out;
  config.out = "";
  const auto expect_as_of_file = [&](Config run) {
    run.data.train = file;
    const std::string of_file = train(run).parameters_xxh3;
    run.data.train = "";
    EXPECT_EQ(train(run, other).parameters_xxh3, of_file);
  };
  expect_as_of_file(config);
  config.data.train = csv();
  config.data.standardize_target = Tristate::no;
  config.out = folder_.path("in-the-unit-of-the-data");
  config.model.init = "auto";
  train(config);
  config.model.init = config.out;
  config.out = "";
  config.data.standardize_target = Tristate::automatic;
  expect_as_of_file(config);
}

TEST_F(Memory, SettingsThatNameFilesOrColumnsAreRefused) {
  for (const char* key : {"train", "validation", "test", "target", "test_target"}) {
    Config config = settings();
    set_config_value(config, std::string("data.") + key, "x.csv");
    expect_error<ConfigError>([&] { train(config, numbers()); },
                              {std::string("data.") + key + " = \"x.csv\"", "in memory"});
  }
  Config config = settings();
  config.data.train_rows = "0:10";
  expect_error<ConfigError>([&] { train(config, numbers()); }, {"data.train_rows = \"0:10\""});
  config = settings();
  config.data.weight = "w";
  expect_error<ConfigError>([&] { train(config, numbers()); }, {"data.weight"});
  expect_error<DataError>(
      [&] {
        train(settings(), number_data(2, {1, 2}, {}));
      },
      {"rows by hand has no targets"});
  expect_error<DataError>([&] { train(settings(), Dataset{}); }, {"memory has no rows"});
}

}  // namespace
}  // namespace thalweg::test
