// Numbers that float32 rounds off: offsets of columns and targets, and columns that collapse.
#include "host/data/precise.hpp"

#include <cmath>

#include "host/data/target_transform.hpp"
#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using test::npy;
using Doubles = std::vector<double>;

class Precise : public test::DataFiles {
 protected:
  /// Standardised, as by default.
  Dataset train(const std::string& file, const std::string& target = "") {
    config_ = config(file);
    config_.standardize = Tristate::automatic;
    config_.target = target;
    return read_training_data(config_, TargetUse::numbers);
  }
  std::string csv_of(const Doubles& column, const char* name = "d.csv") {
    std::string text = "a,x,y\n";
    for (std::size_t i = 0; i < column.size(); ++i)
      text += fmt_number(static_cast<double>(i)) + "," + fmt_number(column[i]) + "," +
              fmt_number(static_cast<double>(i)) + "\n";
    return write(name, text);
  }
  static std::string fmt_number(double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", value);
    return text;
  }
  /// The standardised steps 0, 1, ... count - 1, to float32's precision.
  static void expect_steps(const Dataset& d, std::int64_t column) {
    const double n = static_cast<double>(d.rows), deviation = std::sqrt((n * n - 1) / 12);
    for (std::int64_t r = 0; r < d.rows; ++r) {
      const double want = (static_cast<double>(r) - (n - 1) / 2) / deviation;
      ASSERT_NEAR(d.dense_f32[static_cast<std::size_t>(r * d.features + column)], want, 1e-5) << r;
    }
  }
  DataConfig config_;
};

Doubles steps(double first, double step, int count) {
  Doubles values;
  for (int i = 0; i < count; ++i) values.push_back(first + step * i);
  return values;
}

TEST_F(Precise, TimeStampsDatesAndIdsKeepWhatTellsThemApart) {
  for (const auto& [first, step] : {std::pair{1.6e9, 1.0},
                                    {1.6e12, 1.0},
                                    {20240103.0, 1.0},
                                    {202401011230.0, 1.0},
                                    {1e6, 1e-3},
                                    {-1.6e9, 1.0},
                                    {1764500000000000.0, 1.0},
                                    {9007199254740992.0, 2.0}}) {
    const Dataset d = train(csv_of(steps(first, step, 400)));
    EXPECT_EQ(d.transform.offset, (Doubles{0, first}));
    expect_steps(d, 0);
    expect_steps(d, 1);
  }
}

TEST_F(Precise, WholeNumbersBelowTwoToThe53AreNoNoiseHoweverCloseTheyLie) {
  // a range of 5 is less than 2^-48 of the numbers
  EXPECT_EQ(train(csv_of(steps(1764500000000000.0, 1, 6))).transform.offset,
            (Doubles{0, 1764500000000000.0}));
  EXPECT_EQ(train(csv_of(steps(16777217, 0, 6))).transform.offset, Doubles{}) << "a constant";
  EXPECT_EQ(train(csv_of(steps(1.5, 0x1p-51, 6))).transform.offset, Doubles{}) << "2^-49.3 of the numbers";
  EXPECT_EQ(train(csv_of(steps(1.5, 0x1p-47, 6))).transform.offset, (Doubles{0, 1.5}));
}

TEST_F(Precise, ValuesThatFloatsWouldMergeHaveAnOffsetFromFourTimesTheirRangeOn) {
  Doubles column = steps(20'000'000, 1, 400);  // float32 steps by 2 here
  column[0] = 17'500'000;                      // and the numbers are eight times their range
  EXPECT_EQ(train(csv_of(column)).transform.offset, (Doubles{0, 17'500'000}));
}

TEST_F(Precise, ArraysKeepThemInEveryOrderAndType) {
  std::vector<std::int64_t> whole;
  std::vector<std::uint32_t> small;
  Doubles real, by_column;
  for (int i = 0; i < 400; ++i) {
    whole.push_back(1600000000 + i), small.push_back(1600000000U + static_cast<unsigned>(i));
    real.insert(real.end(), {static_cast<double>(i), 1.6e9 + i});
  }
  for (int c = 0; c < 2; ++c)
    for (int i = 0; i < 400; ++i) by_column.push_back(real[static_cast<std::size_t>(2 * i + c)]);
  std::string lines;
  for (int i = 0; i < 400; ++i) lines += std::to_string(i) + "\n";
  const std::string y = write("y.txt", lines);
  const auto check = [&](const std::string& bytes) {
    const Dataset d = train(write("x.npy", bytes), y);
    ASSERT_EQ(d.transform.offset.size(), static_cast<std::size_t>(d.features));
    EXPECT_EQ(d.transform.offset.back(), 1.6e9);
    expect_steps(d, d.features - 1);
  };
  check(npy("<i8", "(400, 1)", whole));
  check(npy("<u4", "(400, 1)", small));
  check(npy("<f8", "(400, 2)", real));
  check(npy("<f8", "(400, 2)", by_column, true));
}

TEST_F(Precise, OrdinaryNumbersHaveNoOffset) {
  for (const Doubles& column :
       {steps(273.15, 0.1, 400), steps(10000000, 1, 400), steps(2000, 1, 40), steps(0.1, 0, 40),
        Doubles{0.3, 0.30000000000000004, 0.3}, steps(1e9, 1e7, 400)}) {
    const Dataset d = train(csv_of(column));
    EXPECT_TRUE(d.transform.offset.empty()) << column[0];
    EXPECT_EQ(schema_to_json(schema_of(d)).find("offset"), std::string::npos);
  }
}

TEST_F(Precise, AnOffsetBeginsInALaterBlockOfTheFile) {
  std::string text = "x,y\n";
  constexpr int kRows = 200'000;
  for (int i = 0; i < kRows; ++i) text += std::to_string(16777216 + i) + "," + std::to_string(i % 7) + "\n";
  ASSERT_GT(text.size(), std::size_t{2} << 20);
  const Dataset d = train(write("d.csv", text));
  EXPECT_EQ(d.transform.offset, (Doubles{16777216}));
  expect_steps(d, 0);
}

TEST_F(Precise, OtherDataTakeTheOffsetOfTheModel) {
  const Dataset d = train(csv_of(steps(1.6e9, 1, 400)));
  const DataSchema schema = schema_from_json(schema_to_json(schema_of(d)));
  EXPECT_EQ(schema.transform.offset, (Doubles{0, 1.6e9}));
  const Dataset one = read_data_as(config_, write("t.csv", "a,x,y\n7,1600000007,0\n"), "", "", schema, true);
  EXPECT_EQ(one.dense_f32[1], d.dense_f32[15]);
  EXPECT_EQ(one.dense_f32[0], d.dense_f32[14]);
}

TEST_F(Precise, OtherDataWithFewerColumnsThanTheModelAreRefused) {
  const DataSchema schema = schema_of(train(csv_of(steps(1.6e9, 1, 400))));
  const std::string narrow = write("n.npy", npy("<f8", "(3, 1)", Doubles{1, 2, 3}));
  expect_error<DataError>([&] { read_data_as(config_, narrow, "", "", schema, false); },
                          {"n.npy", "1 features", "2"});
}

TEST_F(Precise, MissingCellsAreFilledBelowTheOffset) {
  std::string text = "x,y\n";
  for (int i = 0; i < 401; ++i) text += i == 7 ? ",0\n" : std::to_string(1600000000 + i) + ",0\n";
  config_ = config(write("d.csv", text));
  config_.standardize = Tristate::yes;
  config_.impute = Imputation::median;
  const Dataset d = read_training_data(config_, TargetUse::numbers);
  EXPECT_EQ(d.transform.impute, (std::vector<float>{200.5F}));
}

TEST_F(Precise, ACollapsedColumnIsNamed) {
  Doubles column = steps(1.6e9, 1, 400);
  std::fill_n(column.begin(), 5, 0.0);  // so that no offset helps
  expect_error<DataError>([&] { train(csv_of(column)); },
                          {"d.csv, column \"x\" (1): 396 distinct values are 5 in float32", "data.ignore"});
  std::string ids = "x,y\n";
  for (int i = 0; i < 30; ++i) ids += "7656119800000000" + std::to_string(i % 3) + ",1\n";
  expect_error<DataError>([&] { train(write("d.csv", ids)); },
                          {"column \"x\" (0)", "float64", "data.ignore"});
}

TEST_F(Precise, ACollapsedIndexOfSparseDataIsNamed) {
  std::string text;
  for (int i = 0; i < 400; ++i)
    text += std::to_string(i) + " 1:1 3:" + std::to_string(1600000000 + i) +
            " 4:" + std::to_string(i * 1e7 + 0.1) + "\n";
  expect_error<DataError>([&] { train(write("d.svm", text)); },
                          {"d.svm, index 3: 396 distinct values are 4 in float32"});
  config_.train_rows = "0:2";
  EXPECT_NO_THROW(EXPECT_EQ(read_training_data(config_, TargetUse::numbers).rows, 2));
}

TEST_F(Precise, WithoutStandardisationValuesStayAsTheyAre) {
  config_ = config(csv_of(steps(20240103, 1, 2)));
  const Dataset d = read_training_data(config_, TargetUse::numbers);
  EXPECT_EQ(d.dense_f32, (std::vector<float>{0, 20240104, 1, 20240104}));
  EXPECT_TRUE(d.transform.offset.empty());
}

TEST_F(Precise, ATargetLosesNothingToItsOffset) {
  std::string text = "x,y\n";
  for (int i = 0; i < 400; ++i) text += "1," + std::to_string(1000000000 + i) + ".5\n";
  config_ = config(write("d.csv", text));
  config_.standardize_target = Tristate::yes;
  const Dataset d = read_training_data(config_, TargetUse::numbers);
  EXPECT_EQ(d.target_transform.offset, 1000000000.5);
  EXPECT_EQ(d.target_transform.mean, 1000000200.0);
  EXPECT_NEAR(d.target_transform.deviation, std::sqrt((400.0 * 400 - 1) / 12), 1e-9);
  EXPECT_NEAR(d.target[399], 199.5 / d.target_transform.deviation, 1e-6);
  const DataSchema schema = schema_from_json(schema_to_json(schema_of(d)));
  EXPECT_EQ(schema.target_transform, d.target_transform);
  const Dataset one = read_data_as(config_, write("t.csv", "x,y\n1,1000000399.5\n"), "", "", schema, true);
  EXPECT_EQ(one.target[0], d.target[399]);
}

TEST_F(Precise, ASchemaOfWrongOffsetsIsRefused) {
  const std::string good = schema_to_json(schema_of(train(csv_of(steps(1.6e9, 1, 400)))));
  std::string wrong = good;
  const std::size_t at = wrong.find("\"offset\":[");
  ASSERT_NE(at, std::string::npos) << good;
  wrong.insert(at + 10, "1,");
  expect_error<DataError>([&] { schema_from_json(wrong); }, {"a wrong number of offsets"});
}

}  // namespace
}  // namespace thalweg
