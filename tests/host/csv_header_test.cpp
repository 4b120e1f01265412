// Headers that are hard to tell from rows, columns without a name, and columns that the settings make row
// names or categories.
#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;

class CsvHeader : public test::DataFiles {
 protected:
  Dataset read(const std::string& text) const {
    return read_training_data(config(write("d.csv", text)), TargetUse::automatic);
  }
};

TEST_F(CsvHeader, TheIndicesOfTheColumnsInOrderAreTheirNames) {
  const Dataset d = read("0,1,2\n5,6,7\n8,9,10\n");
  EXPECT_EQ(d.rows, 2);
  EXPECT_EQ(d.transform.columns, (Texts{"0", "1"}));
  EXPECT_EQ(d.target_column, "2");
  EXPECT_EQ(read("0,1,2\n5.5,red,7\n8,blue,10\n").rows, 2);
  EXPECT_EQ(read("0,1\n0.5,1.5\n2.5,3.0\n").rows, 2) << "the rows have fractions";
}

TEST_F(CsvHeader, NumbersThatMayBeARowAreARow) {
  EXPECT_EQ(read("0,1,2\n3,4,5\n6,7,8\n").rows, 3) << "they count on";
  EXPECT_EQ(read("0,1\n1,3\n").rows, 2) << "two columns";
  EXPECT_EQ(read("1,2,3\n4,5,6\n").rows, 2);
  EXPECT_EQ(read("0,2,1\n4,5,6\n").rows, 2);
  EXPECT_EQ(read("0,1,2\n").rows, 1);
}

TEST_F(CsvHeader, YearsBesideAWordAreRefusedWithTheSetting) {
  expect_error<DataError>([&] { read("2019,2020,y\n1,2,3\n4,5,6\n"); },
                          {"d.csv line 1, column 2: got \"y\"", "data.header = \"yes\""});
}

TEST_F(CsvHeader, ADateAboveADateIsARow) {
  expect_error<DataError>([&] { read("2024-01-01,u,v\n2024-01-02,w,x\n"); },
                          {"d.csv line 1, column 0: got \"2024-01-01\", which looks like a date"});
}

TEST_F(CsvHeader, AnEmptyCellAmongNamesIsAColumnWithoutAName) {
  const Dataset d = read(",a,b,y\n0,1,2,3\n1,4,5,6\n");
  EXPECT_EQ(d.transform.columns, (Texts{"Unnamed: 0", "a", "b"}));
  EXPECT_EQ(d.dense_f32, (Floats{0, 1, 2, 1, 4, 5}));
  EXPECT_EQ(d.target, (Floats{3, 6}));
  EXPECT_EQ(read(",a,y\n0,u,v\n1,w,x\n").transform.columns, (Texts{"Unnamed: 0", "a"}));
  EXPECT_EQ(read("a,NA\n1,2\n").target_column, "NA");
  expect_error<DataError>([&] { read(",red,v\nu,red,w\n"); }, {"d.csv line 1, column 0: missing"});
}

TEST_F(CsvHeader, ADelimiterAtTheEndOfEachLineMakesNoColumn) {
  for (const char* text : {"a,b,y,\n1,2,3,\n4,5,6,\n", "1,2,3,\n4,5,6,\n"}) {
    const Dataset d = read(text);
    EXPECT_EQ(d.dense_f32, (Floats{1, 2, 4, 5})) << text;
    EXPECT_EQ(d.target, (Floats{3, 6})) << text;
  }
  const DataSchema schema = schema_of(read("a,b,y,\n1,2,3,\n4,5,6,\n"));
  const Dataset test = read_data_as(config(""), write("t.csv", "b,a,\n7,8,\n"), "", "", schema, false);
  EXPECT_EQ(test.dense_f32, (Floats{8, 7}));
  std::string text = "a,y,\n";
  for (int r = 0; r < 1500; ++r) text += r == 1400 ? "1,2,3\n" : "1,2,\n";
  expect_error<DataError>([&] { read(text); }, {"d.csv line 1402, column \"Unnamed: 2\" (2): got \"3\""});
}

TEST_F(CsvHeader, ABarSeparatesCells) {
  const Dataset d = read("a|b|y\n1|2|3\n4|5|6\n");
  EXPECT_EQ(d.transform.columns, (Texts{"a", "b"}));
  EXPECT_EQ(d.dense_f32, (Floats{1, 2, 4, 5}));
}

TEST_F(CsvHeader, ACategoricalColumnIsTextAsItIsWritten) {
  DataConfig c = config(write("d.csv", "zip,a,y\n01234,1,5\n1234,2,6\n01234,3,7\n"));
  c.categorical = {"zip"};
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.transform.names, (Texts{"zip=01234", "zip=1234", "a"}));
  EXPECT_EQ(d.dense_f32, (Floats{1, 0, 1, 0, 1, 2, 1, 0, 3}));
  const Dataset test = read_data_as(c, write("t.csv", "zip,a,y\n1234,9,1\n"), "", "", schema_of(d), true);
  EXPECT_EQ(test.dense_f32, (Floats{0, 1, 9}));
  c.categorical = {"0", "-1"};
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).classes, (Texts{"5", "6", "7"})) << "by index";
  c.categorical = {"zap"};
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::automatic); },
                            {"data.categorical = \"zap\": no such column; did you mean \"zip\"?"});
  c.categorical = {"a"};
  c.weight = "a";
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::automatic); },
                            {"data.categorical = \"a\" is also data.weight"});
}

TEST_F(CsvHeader, CodesThatAreNumbersOrNotAreCategoriesWhereTheSettingSaysSo) {
  DataConfig c = config(write("d.csv", "code,y\nA0,1\n2,2\n3,3\n"));
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); }, {"got \"A0\""});
  c.categorical = {"code"};
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).transform.categories.at(0), (Texts{"2", "3", "A0"}));
}

TEST_F(CsvHeader, TheColumnOfRowNamesIsKeptAndIsNoFeature) {
  DataConfig c = config(write("d.csv", "a,id,y\n1,x 1,3\n2, 007 ,6\n3,z,9\n"));
  c.id = "id";
  c.train_rows = "1:3";
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.row_names, (Texts{"007", "z"}));
  EXPECT_EQ(d.row_name_column, "id");
  EXPECT_EQ(d.dense_f32, (Floats{2, 3}));
  const Dataset with = read_data_as(c, write("t.csv", "id,a\np,7\n"), "", "", schema_of(d), false);
  EXPECT_EQ(with.row_names, (Texts{"p"}));
  const Dataset without = read_data_as(c, write("u.csv", "a\n7\n"), "", "", schema_of(d), false);
  EXPECT_TRUE(without.row_names.empty());
  EXPECT_EQ(without.row_name_column, "");
  c.ignore = {"id"};
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::automatic); },
                            {"data.id = \"id\" is also in data.ignore"});
  c.ignore = {};
  c.target = "id";
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::automatic); },
                            {"data.target = \"id\" is also data.id"});
}

}  // namespace
}  // namespace thalweg
