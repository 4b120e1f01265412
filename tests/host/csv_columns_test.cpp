// What the columns of a CSV file are taken for: delimiter, header, numbers or texts, features, target,
// weight.
#include <gmock/gmock.h>

#include "host/data/csv_dialect.hpp"

#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;

class CsvColumns : public test::DataFiles {
 protected:
  Dataset read(const std::string& text, TargetUse use = TargetUse::automatic) const {
    return read_training_data(config(write("d.csv", text)), use);
  }
};

TEST(CsvDelimiter, IsTheOneThatStandsMostOftenOutsideOfQuotesInTheFirstLine) {
  const auto found = [](const std::string& text) { return detect_delimiter(DataConfig{}, "d.csv", text); };
  EXPECT_EQ(found("a,b,c;d\n"), ',');
  EXPECT_EQ(found("a;b;c,d\n"), ';');
  EXPECT_EQ(found("a\tb\tc,d\n"), '\t');
  EXPECT_EQ(found("a b\n1,2\n"), ' ') << "of the first line";
  EXPECT_EQ(found("\"a,b,c\";d\n"), ';');
  EXPECT_EQ(found("\"a\n,,\";d\n"), ';') << "a line break in quotes ends no line";
  EXPECT_EQ(found("a"), ' ');
  EXPECT_EQ(found("a|b|c,d\n"), '|');
}

TEST(CsvDelimiter, IsNotTheCommaInsideOfNumbers) {
  const auto found = [](const std::string& text, Decimal decimal = Decimal::point) {
    return detect_delimiter(DataConfig{.decimal = decimal}, "d.csv", text);
  };
  EXPECT_EQ(found("0,5;1,5;2,5;1,0\n"), ';');
  EXPECT_EQ(found("0,5\t1,5\t2\n"), '\t');
  EXPECT_EQ(found("0,5 1,5 2\n"), ' ');
  EXPECT_EQ(found("1, 2, 3\n"), ',') << "a comma at the end of a word separates";
  EXPECT_EQ(found("a,b;c,d,e\n"), ',');
  EXPECT_EQ(found("a,b;c,d,e\n", Decimal::comma), ';');
}

TEST(CsvDelimiter, IsLookedForBelowTheComments) {
  DataConfig c;
  c.comment = "//";
  EXPECT_EQ(detect_delimiter(c, "d.csv", "// a,b,c,d\n// e,f\n1;2\n"), ';');
}

TEST(CsvDelimiter, IsTheOneThatTheSettingNames) {
  const std::string text = "a,b;c\td e\n";
  for (const auto& [setting, delimiter] : {std::pair{Delimiter::comma, ','},
                                           {Delimiter::semicolon, ';'},
                                           {Delimiter::tab, '\t'},
                                           {Delimiter::space, ' '},
                                           {Delimiter::bar, '|'}})
    EXPECT_EQ(detect_delimiter(DataConfig{.delimiter = setting}, "d.tsv", text), delimiter)
        << name_of(setting);
  EXPECT_EQ(detect_delimiter(DataConfig{}, "d.tsv", text), '\t');
  EXPECT_EQ(detect_delimiter(DataConfig{}, "d.tsv.gz", text), '\t');
  EXPECT_EQ(detect_delimiter(DataConfig{}, "D.TSV", text), '\t');
  EXPECT_EQ(detect_delimiter(DataConfig{.format = DataFormat::tsv}, "d.txt", text), '\t');
  EXPECT_EQ(detect_delimiter(DataConfig{}, "dtsv", "a,b\n"), ',');
}

TEST_F(CsvColumns, CommasBetweenCellsAreNamedWhereTheyAreDecimalMarks) {
  DataConfig c;
  c.decimal = Decimal::comma;
  const auto read_as = [&](const std::string& text) {
    c.train = write("d.csv", text);
    return read_training_data(c, TargetUse::automatic);
  };
  const auto refused = [&](const std::string& text, const std::string& line) {
    expect_error<DataError>([&] { read_as(text); },
                            {"d.csv: the first line is \"" + line + "\", with no delimiter but commas",
                             "data.decimal = comma", "want data.delimiter = \"comma\""});
  };
  refused("a,b,y\n1,2,3\n4,5,6\n", "a,b,y");
  refused("1.5,2,3\n4,5,6\n", "1.5,2,3");
  refused("a,y\n1,2\n", "a,y");
  refused("\"0,5\",\"1,5\",2\n", "\"0,5\",\"1,5\",2");
  c.standardize = Tristate::no;
  EXPECT_EQ(read_as("0,5 1,5 2\n1,5 2,5 3\n").dense_f32, (Floats{0.5f, 1.5f, 1.5f, 2.5f}));
  EXPECT_EQ(read_data_as(c, write("x.csv", "0,5\n1,5\n"), "", "", {.features = 1}, false).dense_f32,
            (Floats{0.5f, 1.5f}));
  c.delimiter = Delimiter::space;
  EXPECT_EQ(read_as("a,b c,d y\n0,5 1,5 2\n").dense_f32, (Floats{0.5f, 1.5f}));
  c.delimiter = Delimiter::comma;
  EXPECT_EQ(read_as("\"0,5\",\"1,5\",2\n2,3,4\n").dense_f32, (Floats{0.5f, 1.5f, 2, 3}));
}

TEST_F(CsvColumns, AQuotedCellMayEndAtABlank) {
  const Dataset d = read("\"1\" 2 3\n4 \"5\"\t6\n");
  EXPECT_EQ(d.dense_f32, (Floats{1, 2, 4, 5}));
  EXPECT_EQ(d.target, (Floats{3, 6}));
}

TEST_F(CsvColumns, TheFormatTsvMeansTabs) {
  DataConfig c = config(write("d.txt", "1,5,0\t2\n3,5,0\t4\n"));
  c.format = DataFormat::tsv;
  const Dataset d = read_training_data(c, TargetUse::numbers);
  EXPECT_EQ(d.transform.categories.at(0), (Texts{"1,5,0", "3,5,0"}));
  EXPECT_EQ(d.target, (Floats{2, 4}));
}

TEST_F(CsvColumns, AFirstLineWithANumberOrNothingInACellIsNoHeader) {
  EXPECT_EQ(read("a,b\n1,2\n").rows, 1);
  EXPECT_EQ(read("u,1\nv,2\n").rows, 2);
  DataConfig c = config(write("d.csv", "u,,1\nv,2,3\n"));
  c.impute = Imputation::mean;
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).rows, 2);
}

TEST_F(CsvColumns, TheSettingSaysWhetherThereIsAHeader) {
  DataConfig c = config(write("d.csv", "1,2\n3,4\n"));
  c.header = Header::yes;
  const Dataset named = read_training_data(c, TargetUse::numbers);
  EXPECT_EQ(named.dense_f32, (Floats{3}));
  EXPECT_EQ(named.transform.columns, (Texts{"1"}));
  EXPECT_EQ(named.target_column, "2");
  c = config(write("d.csv", "a,b\nc,d\n"));
  c.header = Header::no;
  EXPECT_EQ(read_training_data(c, TargetUse::classes).classes, (Texts{"b", "d"}));
}

TEST_F(CsvColumns, AColumnIsTextWhereTextsAreMoreThanNumbers) {
  EXPECT_EQ(read("a,y\nu,1\nv,2\n3,3\n").transform.categories.at(0), (Texts{"3", "u", "v"}));
  expect_error<DataError>([&] { read("a,y\n1,1\n2,2\nu,3\nv,4\n"); },
                          {"d.csv line 4, column \"a\" (0): got \"u\"; want a number"});
  EXPECT_EQ(read("a,y\n1,p\n2,q\n3,1\n").classes, (Texts{"1", "p", "q"}));
  expect_error<DataError>([&] { read("a,y\n1,1\n2,q\n"); }, {"d.csv line 3, column \"y\" (1): got \"q\""});
}

TEST_F(CsvColumns, MissingCellsSayNothingOfWhatAColumnIs) {
  DataConfig c = config(write("d.csv", "a,y\nNA,1\n,2\n?,3\nu,4\n"));
  c.impute = Imputation::mean;
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).transform.categories.at(0), (Texts{"u"}));
}

TEST_F(CsvColumns, AnInfinityIsANumberThatIsRefused) {
  expect_error<DataError>([&] { read("a,y\ninf,1\n-inf,2\n3,3\n"); }, {"d.csv line 2", "\"inf\"", "finite"});
}

TEST_F(CsvColumns, TheFirstThousandRecordsDecideWhatAColumnIs) {
  for (const int numbers : {499, 500}) {
    std::string text;
    for (int r = 0; r < 2000; ++r) text += (r < numbers || r >= 1000 ? "1" : "u") + std::string(",0\n");
    DataConfig c = config(write("d.csv", text));
    c.header = Header::no;
    const auto read = [&] { return read_training_data(c, TargetUse::numbers).features; };
    if (numbers == 499)
      EXPECT_EQ(read(), 2) << "501 of 1000 are text: one-hot of 1 and u";
    else
      expect_error<DataError>(read, {"d.csv line 501, column 0: got \"u\""});
  }
}

TEST_F(CsvColumns, AThousandTextsAreCategoriesAndMoreAreRefused) {
  for (const int texts : {1000, 1001}) {
    std::string text = "a,t,y\n";
    for (int r = 0; r < 2 * texts; ++r) text += "1,k" + std::to_string(r / 2) + ",0\n";
    if (texts == 1000)
      EXPECT_EQ(read(text).features, 1001);
    else
      expect_error<DataError>([&] { read(text); },
                              {"d.csv, column \"t\" (1): more than 1000 distinct texts", "data.ignore"});
  }
}

TEST_F(CsvColumns, ATextHasOneNumberInWhateverOrderABlockMeetsTheTexts) {
  constexpr int kRows = 100'000;
  const auto letter = [](int r) { return (r < kRows / 2 ? "abc" : "cab")[r % 3]; };
  std::string text = "t,x,y\n";
  for (int r = 0; r < kRows; ++r)
    text += std::string(1, letter(r)) + ",1.000000000000000000000000000000," + letter(r) + "\n";
  ASSERT_GT(text.size(), std::size_t{3} << 20);
  const Dataset d = read(text);
  ASSERT_EQ(d.features, 4);
  for (int r = 0; r < kRows; ++r) {
    const auto code = static_cast<std::size_t>(letter(r) - 'a');
    ASSERT_EQ(d.dense_f32[static_cast<std::size_t>(r) * 4 + code], 1.0f) << r;
    ASSERT_EQ(d.target[static_cast<std::size_t>(r)], static_cast<float>(code)) << r;
  }
}

TEST_F(CsvColumns, ANameThatIsNotUtf8IsRefused) {
  expect_error<DataError>([&] { read("a,\xFFx,y\n1,2,3\n"); }, {"d.csv line 1: a column name is not UTF-8"});
}

TEST_F(CsvColumns, AMissingColumnToIgnoreIsAnErrorInTrainingAlone) {
  DataConfig c = config(write("d.csv", "id,a,y\n7,1,2\n8,3,4\n"));
  c.ignore = {"id"};
  const DataSchema schema = schema_of(read_training_data(c, TargetUse::numbers));
  const Dataset without = read_data_as(c, write("t.csv", "a\n5\n"), "", "", schema, false);
  EXPECT_EQ(without.dense_f32, (Floats{5}));
  const Dataset with = read_data_as(c, write("t.csv", "a,id\n5,x\n"), "", "", schema, false);
  EXPECT_EQ(with.dense_f32, (Floats{5}));
  c.train = write("e.csv", "a,y\n1,2\n");
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::numbers); },
                            {"data.ignore = \"id\": no such column", "e.csv has the columns a, y"});
}

TEST_F(CsvColumns, AModelsDataMayLackIdsWhichIsNotedAndWeightsWhichIsNotedWhereTheyCount) {
  DataConfig c = config(write("d.csv", "id,w,a,y\np,1,1,2\nq,2,3,4\n"));
  c.id = "id", c.weight = "w";
  const DataSchema schema = schema_of(read_training_data(c, TargetUse::numbers));
  const auto notes = [&](const std::string& text, bool need_target) {
    return read_data_as(c, write("t.csv", text), "", "", schema, need_target).notes;
  };
  using testing::ElementsAre;
  using testing::HasSubstr;
  EXPECT_THAT(notes("a,y\n5,1\n", true), ElementsAre(HasSubstr("no column \"id\" (data.id)"),
                                                     HasSubstr("no column \"w\" (data.weight)")));
  EXPECT_THAT(notes("a\n5\n", false),
              ElementsAre(HasSubstr("t.csv has no column \"id\" (data.id): its rows")))
      << "no weight counts in a prediction";
  EXPECT_THAT(notes("id,w,a,y\nr,1,5,1\n", true), ElementsAre());
}

TEST_F(CsvColumns, IndicesCountFromBothEndsAndNoFurther) {
  const std::string file = write("d.csv", "1,2,3\n4,5,6\n");
  const auto target = [&](const std::string& index) {
    DataConfig c = config(file);
    c.target = index;
    return read_training_data(c, TargetUse::numbers).target;
  };
  for (const char* index : {"0", "-3"}) EXPECT_EQ(target(index), (Floats{1, 4})) << index;
  for (const char* index : {"2", "-1", ""}) EXPECT_EQ(target(index), (Floats{3, 6})) << index;
  for (const char* index : {"3", "-4"})
    expect_error<ConfigError>([&] { target(index); },
                              {"data.target", index, "no such column", "d.csv has 3 columns without names",
                               "want an index below 3"});
}

TEST_F(CsvColumns, ANameOfDigitsIsANameBeforeItIsAnIndex) {
  DataConfig c = config(write("d.csv", "1,0,b\n5,6,7\n"));
  c.header = Header::yes;
  c.target = "0";
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).target, (Floats{6}));
}

TEST_F(CsvColumns, TheTargetIsTheLastColumnThatIsNothingElse) {
  DataConfig c = config(write("d.csv", "a,b,w,id\n1,2,3,4\n5,6,7,8\n"));
  c.weight = "w";
  c.ignore = {"id"};
  const Dataset d = read_training_data(c, TargetUse::numbers);
  EXPECT_EQ(d.target, (Floats{2, 6}));
  EXPECT_EQ(d.target_column, "b");
  EXPECT_EQ(d.dense_f32, (Floats{1, 5}));
  c.ignore = {"id", "a", "b"};
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::numbers); },
                            {"d.csv: no column is left to be the target"});
}

TEST_F(CsvColumns, AColumnHasOneUse) {
  const std::string file = write("d.csv", "a,b,y\n1,2,3\n");
  const auto fails = [&](const auto& set, const std::string& words) {
    DataConfig c = config(file);
    set(c);
    expect_error<ConfigError>([&] { read_training_data(c, TargetUse::numbers); }, {words});
  };
  fails([](DataConfig& c) { c.weight = "b", c.ignore = {"b"}; },
        "data.weight = \"b\" is also in data.ignore; want it in one of them");
  fails([](DataConfig& c) { c.target = "b", c.ignore = {"b"}; },
        "data.target = \"b\" is also in data.ignore");
  fails([](DataConfig& c) { c.target = "b", c.weight = "b"; }, "data.target = \"b\" is also data.weight");
}

TEST_F(CsvColumns, TestDataWithoutNamesAreTakenByPosition) {
  const DataSchema schema = schema_of(read("a,t,y\n1,u,5\n2,v,6\n"));
  const DataConfig c = config("");
  EXPECT_EQ(read_data_as(c, write("t.csv", "3,v,7\n"), "", "", schema, true).dense_f32, (Floats{3, 0, 1}));
  EXPECT_EQ(read_data_as(c, write("t.csv", "3,v\n"), "", "", schema, false).dense_f32, (Floats{3, 0, 1}));
  expect_error<DataError>([&] { read_data_as(c, write("t.csv", "3,v,1,7\n"), "", "", schema, true); },
                          {"t.csv has 3 feature columns; the model was trained on 2"});
}

TEST_F(CsvColumns, ATextThatTrainingDidNotSeeNamesTheNearestThatItDid) {
  const DataSchema schema = schema_of(read("a,t,y\n1,north,5\n2,south,6\n"));
  DataConfig c = config("");
  c.unseen = Unseen::error;
  expect_error<DataError>(
      [&] { read_data_as(c, write("t.csv", "a,t,y\n1,south,5\n1,nort,5\n"), "", "", schema, true); },
      {"t.csv line 3, column \"t\" (1): \"nort\" was not seen in training; did you mean \"north\"?",
       "want one of north, south", "data.unseen = ignore"});
}

TEST_F(CsvColumns, ATextThatTrainingDidNotSeeIsNoCategoryAndIsCounted) {
  const DataSchema schema = schema_of(read("a,t,y\n1,north,5\n2,south,6\n"));
  const Dataset test = read_data_as(
      config(""), write("t.csv", "a,t,y\n1,east,5\n2,south,5\n3,west,5\n4,east,5\n"), "", "", schema, true);
  EXPECT_EQ(test.dense_f32, (Floats{1, 0, 0, 2, 0, 1, 3, 0, 0, 4, 0, 0}));
  EXPECT_EQ(test.unseen, 3);
  EXPECT_EQ(test.notes,
            (std::vector<std::string>{path("t.csv") +
                                      ": 3 cells with a category that training did not have, as "
                                      "\"east\" in column \"t\" (1); left out (data.unseen = ignore)"}));
  EXPECT_EQ(read("a,t,y\n1,north,5\n2,south,6\n").unseen, 0);
}

}  // namespace
}  // namespace thalweg
