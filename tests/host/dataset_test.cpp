#include <cmath>
#include <random>

#include "host/data/memory_rows.hpp"
#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using test::npy;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;

class DatasetOf : public test::DataFiles {
 protected:
  Dataset train(const std::string& text, TargetUse use = TargetUse::automatic) {
    config_ = config(write("train.csv", text));
    config_.standardize = Tristate::automatic;
    return read_training_data(config_, use);
  }
  Dataset as(const DataSchema& schema, const std::string& text, bool need_target = true) const {
    return read_data_as(config_, write("test.csv", text), "", "", schema, need_target);
  }
  DataConfig config_;
};

TEST_F(DatasetOf, StandardizesWithTheMomentsOfATwoPassSum) {
  const std::int64_t rows = 9001, features = 5;
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  std::vector<float> x;
  for (std::int64_t r = 0; r < rows; ++r)
    for (double mean : {0.0, 1e4, -3.0, 1e-3, 42.0})
      x.push_back(float(mean + (mean == 42 ? 0 : normal(random))));
  DataConfig c;
  c.train = write("x.npy", npy("<f4", "(9001, 5)", x));
  c.target = write("y.npy", npy("<f4", "(9001,)", Floats(rows, 1.0f)));
  const Dataset d = read_training_data(c, TargetUse::automatic);
  for (std::int64_t j = 0; j < features; ++j) {
    double mean = 0, variance = 0;
    for (std::int64_t r = 0; r < rows; ++r) mean += x[std::size_t(r * features + j)];
    mean /= rows;
    for (std::int64_t r = 0; r < rows; ++r) variance += std::pow(x[std::size_t(r * features + j)] - mean, 2);
    variance /= rows;
    const double scale = j == 4 ? 1 : 1 / std::sqrt(variance);
    // One rounding to float, and sums of 9001 terms in double.
    EXPECT_NEAR(d.transform.scale[std::size_t(j)], scale, scale * 0x1p-23);
    EXPECT_NEAR(d.transform.shift[std::size_t(j)], -mean * scale, std::abs(mean * scale) * 0x1p-23 + 1e-12);
    for (std::int64_t r = 0; r < rows; ++r) {
      const auto i = std::size_t(r * features + j);
      ASSERT_EQ(d.dense_f32[i],
                std::fma(x[i], d.transform.scale[std::size_t(j)], d.transform.shift[std::size_t(j)]));
    }
  }
  EXPECT_EQ(d.transform.shift[4], -42.0f);
}

TEST_F(DatasetOf, Uint8IsStandardizedWhereItIsRead) {
  DataConfig c;
  c.train = write("x.npy", npy("|u1", "(2, 2)", std::vector<std::uint8_t>{10, 7, 30, 7}));
  c.target = write("y.npy", npy("<f4", "(2,)", Floats{1, 2}));
  c.standardize = Tristate::yes;
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.dense_u8, (std::vector<std::uint8_t>{10, 7, 30, 7}));
  EXPECT_EQ(d.transform.scale, (Floats{0.1f, 1.0f / 255}));
  EXPECT_EQ(d.transform.shift, (Floats{-2, static_cast<float>(-7.0 / 255)}));
}

TEST_F(DatasetOf, TestDataTakeTheTrainingTransform) {
  const Dataset d = train("a,t,y\n1,u,no\n3,v,yes\n");
  const DataSchema schema = schema_of(d);
  const Dataset same = as(schema, "t,a,y\nv,5,yes\nu,1,no\n");
  EXPECT_EQ(same.dense_f32, (Floats{3, 0, 1, -1, 1, 0}));
  EXPECT_EQ(same.target, (Floats{1, 0}));
  const Dataset unlabelled = as(schema, "a,t\n5,v\n", false);
  EXPECT_EQ(unlabelled.dense_f32, (Floats{3, 0, 1}));
  EXPECT_TRUE(unlabelled.target.empty());
  EXPECT_TRUE(as(schema, "a,t,y\n5,v,maybe\n", false).target.empty());
}

TEST_F(DatasetOf, TestDataThatDoNotFitNameWhatIsWrong) {
  const DataSchema schema = schema_of(train("a,t,y\n1,u,no\n3,v,yes\n"));
  const auto fails = [&](const std::string& text, const std::vector<std::string>& words) {
    expect_error<DataError>([&] { as(schema, text); }, words);
  };
  config_.unseen = Unseen::error;
  fails("a,t,y\n1,u,no\n1,u,maybe\n", {"test.csv line 3", "label \"maybe\"", "no, yes"});
  fails("a,t,y\n1,u,no\n1,w,no\n", {"test.csv line 3", "column \"t\" (1)", "\"w\" was not seen", "u, v"});
  fails("a,t,extra,y\n1,u,1,no\n", {"test.csv", "\"extra\"", "data.ignore"});
  fails("a,y\n1,no\n", {"test.csv lacks the column \"t\""});
  fails("1,u,3,no\n", {"test.csv has 3 feature columns", "trained on 2"});
  fails("a,t\n1,u\n", {"test.csv lacks the column \"y\", the target of the training data", "columns a, t"});
  expect_error<DataError>(
      [&] {
        config_.test_target = write("y.npy", npy("<f4", "(1,)", Floats{1}));
        read_data_as(config_, write("x.npy", npy("<f4", "(1, 3)", Floats{1, 2, 3})), config_.test_target, "",
                     {.features = 4}, true);
      },
      {"x.npy", "3 features", "trained on 4"});
  expect_error<DataError>([&] { read_data_as({}, write("s", "1 1:1\n"), "", "", {.features = 4}, true); },
                          {"sparse", "dense"});
}

TEST_F(DatasetOf, SchemaSurvivesJsonBitForBit) {
  config_ = config(write("train.csv", "a,\"t \"\"x\"\"\",y\n0.1,\xC3\xA9,no\n3e-30,v,\"y,es\"\n,v,no\n"));
  config_.standardize = Tristate::automatic;
  config_.impute = Imputation::mean;
  const DataSchema s = schema_of(read_training_data(config_, TargetUse::automatic));
  const DataSchema back = schema_from_json(schema_to_json(s));
  EXPECT_EQ(back.features, s.features);
  EXPECT_EQ(back.classes, s.classes);
  EXPECT_EQ(back.target_column, "y");
  EXPECT_EQ(back.target_kind, s.target_kind);
  EXPECT_EQ(back.index_base, s.index_base);
  EXPECT_EQ(back.transform.columns, s.transform.columns);
  EXPECT_EQ(back.transform.names, (Texts{"a", "t \"x\"=v", "t \"x\"=\xC3\xA9"}));
  EXPECT_EQ(back.transform.categories, s.transform.categories);
  EXPECT_EQ(back.transform.impute, s.transform.impute);
  EXPECT_EQ(back.transform.scale, s.transform.scale);
  EXPECT_EQ(back.transform.shift, s.transform.shift);
  EXPECT_EQ(schema_to_json(back), schema_to_json(s));
}

TEST_F(DatasetOf, DamagedSchemasAreRefused) {
  const std::string good = schema_to_json(schema_of(train("1,u,3\n2,v,4\n")));
  expect_error<DataError>([&] { schema_from_json(good.substr(1)); }, {"schema"});
  expect_error<DataError>([&] { schema_from_json("{}"); }, {"schema", "target_kind"});
  std::string other = good;
  other.replace(other.find("\"features\":3"), 12, "\"features\":9");
  expect_error<DataError>([&] { schema_from_json(other); }, {"contradicts"});
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  expect_error<DataError>([&] { schema_from_json(with("\"features\":3", "\"features\":1e300")); },
                          {"whole number"});
  expect_error<DataError>([&] { schema_from_json(with("\"index_base\":1", "\"index_base\":4294967297")); },
                          {"index_base 4294967297"});
  const std::string deep = std::string(1000000, '[') + std::string(1000000, ']');
  expect_error<DataError>([&] { schema_from_json(with("\"impute\":[]", "\"impute\":" + deep)); }, {"deep"});
}

TEST_F(DatasetOf, ClassWeightsMultiplySampleWeights) {
  DataConfig c = config(write("d.csv", "x,w,y\n1,2,a\n2,1,b\n3,1,b\n4,1,b\n"));
  c.weight = "w";
  c.class_weight = "balanced";  // 5 / (2 * 2) and 5 / (2 * 3); the mean of the products is 5 / 4
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).weight,
            (Floats{2, float(2.0 / 3), float(2.0 / 3), float(2.0 / 3)}));
  c.class_weight = "0.5, 3";
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).weight, (Floats{0.4f, 1.2f, 1.2f, 1.2f}));
  c.class_weight = "1,2,3";
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::automatic); },
                            {"class_weight", "3 numbers", "a, b"});
  c.class_weight = "high";
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::automatic); },
                            {"class_weight", "\"high\""});
}

TEST_F(DatasetOf, ASubsetOfTheRowsHasAllThatTheyHad) {
  const std::vector<std::int64_t> rows{2, 0};
  Dataset d = read_training_data(config(write("d.csv", "a,b,y\n1,2,3\n4,5,6\n7,8,10\n")), TargetUse::numbers);
  d.weight = {0.5f, 1, 1.5f};
  d.row_names = {"r", "s", "t"};
  d.row_name_column = "key";
  d.target_transform = {.mean = 1, .deviation = 2, .offset = 3};
  d.transform.scale = {2, 3};
  const Dataset dense = select_rows(d, rows);
  EXPECT_EQ(dense.rows, 2);
  EXPECT_EQ(dense.dense_f32, (Floats{7, 8, 1, 2}));
  EXPECT_EQ(dense.target, (Floats{10, 3}));
  EXPECT_EQ(dense.weight, (Floats{1.5f, 0.5f}));
  EXPECT_EQ(dense.row_names, (std::vector<std::string>{"t", "r"}));
  EXPECT_EQ(dense.row_name_column, "key");
  EXPECT_EQ(dense.where(0), d.source + " line 4");
  EXPECT_EQ(schema_to_json(schema_of(dense)), schema_to_json(schema_of(d)));
  const Dataset whole =
      read_training_data(config(write("d.svm", "1 0:5\n0\n1 0:6 2:7\n")), TargetUse::classes);
  const Dataset sparse = select_rows(whole, rows);
  EXPECT_TRUE(sparse.sparse);
  EXPECT_EQ(sparse.offsets, (std::vector<std::int64_t>{0, 2, 3}));
  EXPECT_EQ(sparse.columns, (std::vector<std::int32_t>{0, 2, 0}));
  EXPECT_EQ(sparse.values, (Floats{6, 7, 5}));
  EXPECT_EQ(sparse.features, 3);
  EXPECT_EQ(schema_to_json(schema_of(sparse)), schema_to_json(schema_of(whole)));
  Dataset bytes;
  bytes.rows = 3, bytes.features = 2, bytes.dense_u8 = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(select_rows(bytes, rows).dense_u8, (std::vector<std::uint8_t>{5, 6, 1, 2}));
}

TEST_F(DatasetOf, ASubsetOfTheRowsNamesTheirPlaces) {
  Dataset d;
  d.rows = 6, d.features = 1, d.dense_f32 = {0, 1, 2, 3, 4, 5};
  d.source = "a,b";
  d.source_files = {{"a", 0, 10}, {"b", 3, 0}};
  const Dataset run = select_rows(d, {2, 3, 4});
  EXPECT_EQ(run.where(0), "a row 12");
  EXPECT_EQ(run.where(2), "b row 1");
  d.source_line = {1, 2, 3, 1, 2, 3};
  const Dataset some = select_rows(d, {5, 1, 4});
  EXPECT_EQ(some.where(0), "b line 3");
  EXPECT_EQ(some.where(1), "a line 2");
  EXPECT_EQ(some.where(2), "b line 2");
  d.source_files.clear(), d.source_line.clear();
  d.first_source_row = 7;
  EXPECT_EQ(select_rows(d, {4, 5}).where(1), "a,b row 12");
}

TEST_F(DatasetOf, WrongWeightsAndTargetsNameTheRow) {
  DataConfig c = config(write("d.csv", "x,w,y\n1,2,1\n2,-1,2\n"));
  c.weight = "w";
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); },
                          {"d.csv line 3", "weight is -1"});
  c = config(write("d.csv", "x,w,y\n1,0,1\n2,0,2\n"));
  c.weight = "w";
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); }, {"every weight is 0"});
  c = config(write("x.npy", npy("<f4", "(2, 1)", Floats{1, 2})));
  c.target = write("y.npy", npy("<f4", "(2,)", Floats{1, NAN}));
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); },
                          {"x.npy row 1", "target", "nan"});
  expect_error<DataError>([&] { train("1,cat\n2,dog\n", TargetUse::numbers); },
                          {"line 1", "\"cat\"", "number"});
}

TEST_F(DatasetOf, FingerprintChangesWithAnyRowWhenFullAndWithSampledRowsOtherwise) {
  std::string text;
  for (int r = 0; r < 5000; ++r) text += std::to_string(r % 97) + ",1," + std::to_string(r % 89) + "\n";
  const Dataset d = train(text);
  EXPECT_EQ(fingerprint(d, true).size(), 32u);
  EXPECT_EQ(fingerprint(d, true), fingerprint(train(text), true));
  EXPECT_EQ(fingerprint(d, false), fingerprint(train(text), false));
  for (const std::size_t row : {std::size_t{0}, std::size_t{1}, std::size_t{4999}}) {
    Dataset changed = d;
    changed.dense_f32[row * 2] += 1;
    EXPECT_NE(fingerprint(changed, true), fingerprint(d, true));
    EXPECT_EQ(fingerprint(changed, false) == fingerprint(d, false), row == 1);
    changed = d;
    changed.target[row] += 1;
    EXPECT_NE(fingerprint(changed, true), fingerprint(d, true));
  }
}

/// Rows of validation hold values that would show in every statistic that they had a part in.
TEST_F(DatasetOf, ValidationRowsHaveNoPartInWhatIsFoundInTheData) {
  constexpr std::int64_t kRows = 50;
  const Split split = split_rows(kRows, 0.3, 7);
  ASSERT_FALSE(split.validation.empty());
  std::vector<bool> held_out(kRows);
  for (const std::int64_t row : split.validation) held_out[static_cast<std::size_t>(row)] = true;
  const auto file = [&](bool classes) {
    std::string text = "a,b,y\n", trained_on = text;
    for (std::int64_t row = 0; row < kRows; ++row) {
      const bool out = held_out[static_cast<std::size_t>(row)];
      const std::string b = row == split.train[0] ? "" : out ? "-900" : std::to_string(row % 7);
      const std::string y = classes ? (out || row % 3 == 0 ? "no" : "yes") : std::to_string(out ? 5000 : row);
      const std::string line = (out ? "1e6" : std::to_string(row)) + "," + b + "," + y + "\n";
      text += line;
      if (!out) trained_on += line;
    }
    return std::pair(text, trained_on);
  };
  for (const bool classes : {false, true}) {
    const auto [text, trained_on] = file(classes);
    DataConfig c = config(write("all.csv", text)), alone = config(write("train.csv", trained_on));
    for (DataConfig* each : {&c, &alone}) {
      each->target = "y";
      each->impute = Imputation::mean;
      each->standardize = Tristate::yes;
      each->standardize_target = classes ? Tristate::no : Tristate::yes;
      each->class_weight = classes ? "balanced" : "none";
    }
    c.validation_fraction = 0.3;
    c.stratify = Tristate::no;
    const auto use = classes ? TargetUse::classes : TargetUse::numbers;
    const auto [data, parts] = read_and_split(c, use, 7);
    const Dataset want = read_training_data(alone, use);
    EXPECT_EQ(parts.train, split.train);
    EXPECT_EQ(data.transform.impute, want.transform.impute);
    EXPECT_EQ(data.transform.scale, want.transform.scale);
    EXPECT_EQ(data.transform.shift, want.transform.shift);
    EXPECT_EQ(data.target_transform, want.target_transform);
    for (std::size_t i = 0; i < parts.train.size() && classes; ++i)
      EXPECT_EQ(data.weight[static_cast<std::size_t>(parts.train[i])], want.weight[i]);
  }
}

TEST_F(DatasetOf, ASplitThatLeavesNothingToTrainOnIsRefused) {
  DataConfig c = config(write("one.csv", "1,2\n"));
  c.validation_fraction = 0.9999999;
  expect_error<DataError>([&] { read_and_split(c, TargetUse::numbers, 1); },
                          {"one.csv", "no rows to train on"});
}

TEST_F(DatasetOf, MissingAndUnreadableFilesHaveTheirOwnErrors) {
  expect_error<NoInputError>([&] { read_training_data(config(path("nowhere.csv")), TargetUse::automatic); },
                             {"nowhere.csv", "no such file"});
  expect_error<NoInputError>([&] { read_training_data(config(path("")), TargetUse::automatic); }, {"folder"});
  expect_error<ConfigError>([&] { read_training_data(DataConfig{}, TargetUse::automatic); }, {"data.train"});
  expect_error<DataError>([&] { read_training_data(config(write("e", "")), TargetUse::automatic); },
                          {"is empty"});
  expect_error<DataError>(
      [&] {
        read_training_data(config(write("b", std::string("\x7F"
                                                         "ELF\0\0\1\2",
                                                         8))),
                           TargetUse::automatic);
      },
      {"is binary"});
}

}  // namespace
}  // namespace thalweg
