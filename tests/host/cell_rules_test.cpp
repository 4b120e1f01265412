// How the cells of text files are written: marks of numbers, missing values, comments, texts that look like
// numbers.
#include "host/data/cell_rules.hpp"

#include "host/data/number_looks.hpp"
#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;

class CellRulesOfCsv : public test::DataFiles {
 protected:
  template <class Set>
  Dataset read(const std::string& text, const Set& set) const {
    DataConfig c = config(write("d.csv", text));
    set(c);
    return read_training_data(c, TargetUse::automatic);
  }
  Dataset read(const std::string& text) const {
    return read(text, [](DataConfig&) {});
  }
};

std::string plain(const std::string& text, Decimal decimal, Thousands thousands = Thousands::none) {
  return plain_number(text, decimal, thousands).value_or("none");
}

TEST(PlainNumber, HasAPointWhereTheCommaStood) {
  EXPECT_EQ(plain("0,5", Decimal::comma), "0.5");
  EXPECT_EQ(plain(" -1,25e3 ", Decimal::comma), "-1.25e3");
  EXPECT_EQ(plain("7", Decimal::comma), "7");
  EXPECT_EQ(plain("0.123", Decimal::comma, Thousands::point), "none") << "123 or a fraction";
  EXPECT_EQ(plain("0,123", Decimal::comma, Thousands::point), "0.123");
  for (const char* text : {"1.5", "1,2,3", "1.234,5"}) EXPECT_EQ(plain(text, Decimal::comma), "none") << text;
}

TEST(PlainNumber, LosesTheMarksBetweenGroupsOfThreeDigits) {
  EXPECT_EQ(plain("1,234,567.5", Decimal::point, Thousands::comma), "1234567.5");
  EXPECT_EQ(plain("-1.234.567,5", Decimal::comma, Thousands::point), "-1234567.5");
  EXPECT_EQ(plain("1\xC2\xA0"
                  "234 567",
                  Decimal::point, Thousands::space),
            "1234567");
  EXPECT_EQ(plain("1'234", Decimal::point, Thousands::apostrophe), "1234");
  EXPECT_EQ(plain("1234567", Decimal::point, Thousands::comma), "1234567");
  EXPECT_EQ(plain("+1,234", Decimal::point, Thousands::comma), "+1234");
  EXPECT_EQ(plain("1\xE2\x80\xAF"
                  "234\xE2\x80\x89"
                  "567",
                  Decimal::point, Thousands::space),
            "1234567")
      << "a narrow space that does not break, and a thin one";
  for (const char* text : {"1,23", "1,2345", "1234,567", ",123", "1,234,5", "0,123", "-0,123", "012,345"})
    EXPECT_EQ(plain(text, Decimal::point, Thousands::comma), "none") << text;
}

TEST(MissingTexts, AreTheWordsForNothingInAnyCaseAndNoOthers) {
  const MissingTexts missing(DataConfig{}.missing);
  for (const char* text : {"", " ", "\t\r", "NA", "na", "Na", "N/A", "n/a", "NaN", "nan", "NAN", "null",
                           "NULL", "Null", "?", " ? ", " NA "})
    EXPECT_TRUE(missing.contains(text)) << '"' << text << '"';
  for (const char* text :
       {"0", "none", "nil", "-", "n", "a", "nanx", "nulls", "null0", "??", "N-A", "n a", "."})
    EXPECT_FALSE(missing.contains(text)) << '"' << text << '"';
}

TEST_F(CellRulesOfCsv, ADecimalCommaIsReadWhereTheSettingSaysSo) {
  const std::string text = "a;b;y\n0,5;-1,25;3\n1,5;2;4,75\n";
  const Dataset d = read(text, [](DataConfig& c) { c.decimal = Decimal::comma; });
  EXPECT_EQ(d.dense_f32, (Floats{0.5f, -1.25f, 1.5f, 2}));
  EXPECT_EQ(d.target, (Floats{3, 4.75f}));
}

TEST_F(CellRulesOfCsv, ThousandsMarksAreReadWhereTheSettingSaysSo) {
  const Dataset d =
      read("a,y\n\"5,125.73\",\"1,000\"\n125,2\n", [](DataConfig& c) { c.thousands = Thousands::comma; });
  EXPECT_EQ(d.dense_f32, (Floats{5125.73f, 125}));
  EXPECT_EQ(d.target, (Floats{1000, 2}));
  expect_error<ConfigError>(
      [&] { read("a,y\n1,2\n", [](DataConfig& c) { c.thousands = Thousands::point; }); },
      {"data.decimal = point and data.thousands = point are one mark"});
}

TEST_F(CellRulesOfCsv, TheSettingReplacesTheTextsOfMissingValues) {
  const std::string text = "t,x,y\nNA,1,NA\nDE,None,b\nDE,-999,b\n,-999.0,NA\n";
  const Dataset d = read(text, [](DataConfig& c) {
    c.missing = {"none", "-999"};
    c.impute = Imputation::mean;
  });
  EXPECT_EQ(d.classes, (Texts{"NA", "b"})) << "a label like any other";
  EXPECT_EQ(d.transform.categories.at(0), (Texts{"DE", "NA"}));
  EXPECT_EQ(d.transform.impute.at(1), 1.0f) << "None and -999 are missing";
  expect_error<DataError>([&] { read("a,y\n1,NA\n2,b\n3,c\n"); }, {"line 2", "\"NA\"; want a label"});
}

TEST_F(CellRulesOfCsv, CommentLinesAreLeftOutAndNamed) {
  const std::string text = "# made by \"us\na,t,y\n1,u,2\n# half\n3,v,4\n";
  const Dataset d = read(text, [](DataConfig& c) { c.comment = "#"; });
  EXPECT_EQ(d.dense_f32, (Floats{1, 1, 0, 3, 0, 1}));
  EXPECT_EQ(d.source_line, (std::vector<std::int64_t>{3, 5}));
  expect_error<DataError>([&] { read("# made by us\na,y\n1,2\n"); },
                          {"d.csv line 1 begins with \"#\"", "data.comment = \"#\""});
  expect_error<DataError>([&] { read("a,y\n1,2\n# half\n3,4\n"); }, {"line 3", "data.comment = \"#\""});
}

TEST_F(CellRulesOfCsv, ANumberBeginsNoComment) {
  expect_error<ConfigError>([&] { read("a,y\n0,1\n5,2\n", [](DataConfig& c) { c.comment = "0"; }); },
                            {"data.comment = \"0\": rows begin with it"});
}

TEST_F(CellRulesOfCsv, AQuoteInACommentLongerThanABlockOpensNothing) {
  std::string text = "a,y\n";
  for (int r = 0; r < 200'000; ++r) text += r % 1000 == 7 ? "#\"\n" : "1.5,2.25\n";
  const Dataset d = read(text, [](DataConfig& c) { c.comment = "#"; });
  EXPECT_EQ(d.rows, 199'800);
}

TEST(NumberLook, TellsEachWayToWriteANumber) {
  const std::pair<const char*, const char*> looks[] = {{"0,5", "decimal comma"},
                                                       {"0,123", "decimal comma"},
                                                       {"1,234", "decimal or thousands mark"},
                                                       {"5,125.73", "commas between"},
                                                       {"1.234.567", "points between"},
                                                       {"1.234,5", "points between"},
                                                       {"1 234 567", "spaces between"},
                                                       {"1'234.5", "apostrophes"},
                                                       {"12.5%", "a percentage"},
                                                       {"$0.5", "an amount of money"},
                                                       {"$452,600", "an amount of money"},
                                                       {"-$3", "an amount of money"},
                                                       {"3.50 EUR", "an amount of money"},
                                                       {"0x3E8", "hexadecimal"},
                                                       {"1.5D+00", "D exponent"},
                                                       {"(1.25)", "in parentheses"},
                                                       {"\xE2\x88\x92"
                                                        "5",
                                                        "minus sign"},
                                                       {"5-", "minus sign behind"},
                                                       {"2024-01-31", "a date"},
                                                       {"31.01.2024", "a date"},
                                                       {"1/2/24", "a date"},
                                                       {"2024-01-31T12:30:00Z", "a date"},
                                                       {"12:30", "a time"}};
  for (const auto& [text, what] : looks) {
    const std::optional<NumberLook> look = number_look(text);
    ASSERT_TRUE(look.has_value()) << text;
    EXPECT_NE(look->what.find(what), std::string_view::npos) << text << ": " << look->what;
  }
  for (const char* text : {"red", "A0", "20-30", "1-2", "3D2", "<1H OCEAN", "1st", "x,y", ",", "-", "",
                           "1:2:3:4", "12 kg", "no way", "1.2.3", "$", "%", "0x", "()"})
    EXPECT_FALSE(number_look(text).has_value()) << text;
}

TEST_F(CellRulesOfCsv, AColumnOfNumbersWrittenAnotherWayIsRefusedWithTheWayOut) {
  const auto fails = [&](const std::string& cells, const std::vector<std::string>& words) {
    expect_error<DataError>([&] { read("a;b;y\n" + cells); }, words);
  };
  fails("0,5;1;1\n1,5;2;2\n",
        {"d.csv line 2, column \"a\" (0): got \"0,5\", which looks like a number with a "
         "decimal comma; want data.decimal = \"comma\"",
         "data.categorical = [\"a\"]", "data.ignore"});
  fails("1;2;1,5\n2;3;2,5\n", {"line 2, column \"y\" (2)", "data.decimal"});
  fails("1;5,125.73;1\n2;6,125.73;2\n", {"column \"b\" (1)", "data.thousands = \"comma\""});
  fails("1;12.5%;1\n2;3%;2\n", {"a percentage; want a plain number"});
  fails("1;2024-01-01;1\n2;2024-01-02;2\n", {"\"2024-01-01\", which looks like a date"});
  fails("1;7;1\n2;1,5;2\n3;9;3\n", {"line 3, column \"b\" (1)", "data.decimal"});
  DataConfig c = config(path("d.csv"));
  c.categorical = {"b"};
  write("d.csv", "a;b;y\n1;2024-01-01;1\n2;2024-01-02;2\n");
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).features, 3);
}

TEST_F(CellRulesOfCsv, ADecimalPointWhereTheSettingSaysCommaIsRefused) {
  expect_error<DataError>(
      [&] { read("x;y\n1.5;1\n2.25;2\n3.5;3\n", [](DataConfig& c) { c.decimal = Decimal::comma; }); },
      {"line 2, column \"x\" (0)", "got \"1.5\"", "a number with a decimal point",
       "data.decimal = \"point\""});
}

TEST_F(CellRulesOfCsv, ADashAmongNumbersIsNoCategory) {
  for (const char* dash : {"-", ".", "None", "#N/A"}) {
    std::string rare = "a,y\n", often = rare;
    for (int r = 0; r < 10; ++r) {
      rare += (r == 4 ? dash : "7") + std::string(",1\n");
      often += (r == 4 ? "7" : dash) + std::string(",1\n");
    }
    const std::string way_out = std::string("data.missing = [\"") + dash + "\"]";
    expect_error<DataError>([&] { read(rare); }, {"line 6, column \"a\" (0)", way_out});
    expect_error<DataError>([&] { read(often); }, {"line 2, column \"a\" (0)", way_out});
  }
}

TEST_F(CellRulesOfCsv, TextsThatAreNearlyAllDistinctAreNeitherCategoriesNorLabels) {
  std::string names = "name,x,y\n", labels = "x,y\n";
  for (int r = 0; r < 60; ++r) {
    names += "n" + std::to_string(r) + "," + std::to_string(r) + ",1\n";
    labels += std::to_string(r) + ",n" + std::to_string(r % 40) + "\n";
  }
  expect_error<DataError>([&] { read(names); },
                          {"column \"name\" (0): 60 distinct texts in 60 rows", "data.id"});
  expect_error<DataError>([&] { read(labels); },
                          {"column \"y\" (1): the target has 40 distinct texts in 60 rows", "data.target"});
  EXPECT_EQ(read(names, [](DataConfig& c) { c.categorical = {"name"}; }).features, 61);
  EXPECT_EQ(read(labels, [](DataConfig& c) { c.categorical = {"y"}; }).classes.size(), 40u);
}

}  // namespace
}  // namespace thalweg
