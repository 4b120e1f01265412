// Missing values: what stands in for them, column by column, and the one-hot inputs that text becomes.
#include <algorithm>
#include <cmath>

#include "host/data/transform.hpp"
#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using test::npy;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;

class ImputationTest : public test::DataFiles {
 protected:
  Dataset train(const std::string& text, Imputation impute) {
    config_ = config(write("train.csv", text));
    config_.impute = impute;
    return read_training_data(config_, TargetUse::numbers);
  }
  /// What stands in for a missing value in a column of these cells.
  float filled(const Texts& cells, Imputation impute) {
    std::string text = "x,y\nNA,0\n";
    for (const std::string& cell : cells) text += cell + ",1\n";
    return train(text, impute).transform.impute.at(0);
  }
  DataConfig config_;
};

TEST_F(ImputationTest, TheMedianOfAnEvenCountIsTheMeanOfTheMiddleTwoInAnyOrder) {
  Texts cells{"1", "3", "5", "9"};
  do {
    EXPECT_EQ(filled(cells, Imputation::median), 4.0f) << cells[0] << cells[1] << cells[2] << cells[3];
  } while (std::next_permutation(cells.begin(), cells.end()));
  EXPECT_EQ(filled({"8", "1", "9", "2", "10", "4"}, Imputation::median), 6.0f);  // 1 2 4 8 9 10
  EXPECT_EQ(filled({"7", "2"}, Imputation::median), 4.5f);
}

TEST_F(ImputationTest, TheMedianOfAnOddCountIsTheMiddleOne) {
  Texts cells{"-4", "1", "100"};
  do {
    EXPECT_EQ(filled(cells, Imputation::median), 1.0f);
  } while (std::next_permutation(cells.begin(), cells.end()));
  EXPECT_EQ(filled({"6"}, Imputation::median), 6.0f);
}

TEST_F(ImputationTest, TheMeanIsThatOfTheValuesThatAreThere) {
  EXPECT_EQ(filled({"1", "NA", "2", "4", "", "nan"}, Imputation::mean), static_cast<float>(7.0 / 3));
  EXPECT_EQ(filled({"3e38", "3e38"}, Imputation::mean), 3e38f) << "the sum is beyond float32";
}

TEST_F(ImputationTest, OfEquallyFrequentTextsTheFirstInTextOrderFills) {
  const auto filled_with = [&](const Texts& cells) {
    const Dataset d = train(
        [&] {
          std::string text = "x,y\nNA,0\n";
          for (const std::string& cell : cells) text += cell + ",1\n";
          return text;
        }(),
        Imputation::mean);
    return d.transform.categories.at(0).at(static_cast<std::size_t>(d.transform.impute.at(0)));
  };
  EXPECT_EQ(filled_with({"v", "u", "u", "v"}), "u");
  EXPECT_EQ(filled_with({"w", "v", "w", "v", "u"}), "v");
  EXPECT_EQ(filled_with({"w", "v", "w", "v", "u", "w"}), "w");
  EXPECT_EQ(filled_with({"z"}), "z");
}

TEST_F(ImputationTest, EachColumnHasAValueOfItsOwn) {
  const Dataset d = train("a,t,b,y\n1,u,,0\n3,,7,1\n,u,9,2\n,v,8,3\n", Imputation::median);
  EXPECT_EQ(d.transform.impute, (Floats{2, 0, 8}));
  EXPECT_EQ(d.transform.names, (Texts{"a", "t=u", "t=v", "b"}));
  EXPECT_EQ(d.dense_f32, (Floats{1, 1, 0, 8, 3, 1, 0, 7, 2, 1, 0, 9, 2, 0, 1, 8}));
}

TEST_F(ImputationTest, TestDataAreFilledWithTheValuesOfTraining) {
  const DataSchema schema = schema_of(train("a,t,y\n1,u,0\n3,v,1\n,v,2\n", Imputation::mean));
  const Dataset test =
      read_data_as(config_, write("test.csv", "a,t,y\n,u,0\n100,,1\n200,u,1\n"), "", "", schema, true);
  EXPECT_EQ(test.dense_f32, (Floats{2, 1, 0, 100, 0, 1, 200, 1, 0}));
}

TEST_F(ImputationTest, TestDataOfAModelThatDoesNotFillNameTheMissingCell) {
  const DataSchema schema = schema_of(train("a,b,y\n1,1,0\n3,2,1\n", Imputation::error));
  expect_error<DataError>(
      [&] { read_data_as(config_, write("test.csv", "a,b,y\n1,1,0\n1,NA,1\n"), "", "", schema, true); },
      {"test.csv line 3, column \"b\" (1): missing value",
       "want a number, or a model that was trained with data.impute"});
}

TEST_F(ImputationTest, AMissingTextWantsACategory) {
  expect_error<DataError>(
      [&] { train("t,b,y\nu,1,0\n,2,1\nv,3,1\n", Imputation::error); },
      {"line 3, column \"t\" (0): missing value", "want a category, or data.impute = \"mean\""});
}

TEST_F(ImputationTest, FilledCellsAreCounted) {
  EXPECT_EQ(train("a,t,y\n1,,0\n3,v,1\n,v,2\n", Imputation::mean).filled, 2);
  EXPECT_EQ(train("a,t,y\n1,u,0\n3,v,1\n", Imputation::mean).filled, 0);
}

TEST_F(ImputationTest, AColumnWithoutAnyValueIsNamed) {
  for (const Imputation impute : {Imputation::mean, Imputation::median})
    expect_error<DataError>(
        [&] { train("a,b,y\n1,,2\n3,NA,4\n", impute); },
        {"train.csv, column \"b\" (1): every value to train on is missing", "data.ignore"});
}

TEST_F(ImputationTest, AnInfinityIsAnErrorAndNoMissingValue) {
  DataConfig c = config(write("x.npy", npy("<f4", "(2, 2)", Floats{1, 2, INFINITY, 3})));
  c.target = write("y.npy", npy("<f4", "(2,)", Floats{1, 2}));
  c.impute = Imputation::median;
  expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); },
                          {"x.npy row 1, column 0: infinity"});
}

TEST_F(ImputationTest, ColumnsWithoutNamesAreCalledByTheirNumbers) {
  const Dataset d = train("1,u,5,0\n2,v,6,1\n", Imputation::error);
  EXPECT_EQ(d.transform.names, (Texts{"0", "1=u", "1=v", "2"}));
  EXPECT_TRUE(d.transform.columns.empty());
  EXPECT_TRUE(train("1,4,0\n2,5,1\n", Imputation::error).transform.names == (Texts{"0", "1"}));
}

}  // namespace
}  // namespace thalweg
