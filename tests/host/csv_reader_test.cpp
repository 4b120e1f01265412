#include <algorithm>
#include <cmath>

#include "tests/support/data_files.hpp"
#include "tests/support/deflate.hpp"

namespace thalweg {
namespace {

using test::deflated;
using test::expect_error;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;

class CsvReader : public test::DataFiles {
 protected:
  Dataset read(const std::string& text, TargetUse use = TargetUse::automatic) const {
    return read_training_data(config(write("d.csv", text)), use);
  }
};

TEST_F(CsvReader, TakesHeaderAndLastColumnAsTarget) {
  const Dataset d = read("a,b,y\n1,2.5,3\n-4,1e-3,+6\n");
  EXPECT_EQ(d.rows, 2);
  EXPECT_EQ(d.features, 2);
  EXPECT_EQ(d.dense_f32, (Floats{1, 2.5f, -4, 1e-3f}));
  EXPECT_EQ(d.target, (Floats{3, 6}));
  EXPECT_EQ(d.target_kind, TargetKind::number);
  EXPECT_EQ(d.transform.columns, (Texts{"a", "b"}));
  EXPECT_EQ(d.target_column, "y");
  EXPECT_EQ(d.source_line, (std::vector<std::int64_t>{2, 3}));
}

TEST_F(CsvReader, ReadsEveryDelimiterLineEndAndByteOrderMark) {
  for (const char* text :
       {"1,2,3\n4,5,6\n", "1;2;3\r\n4;5;6\r\n", "1\t2\t3\n4\t5\t6", "  1  2 3 \n 4 5\t6\n\n",
        "\xEF\xBB\xBF"
        "1,2,3\n\n4,5,6\n",
        " 1 , 2 , 3\n4,5 ,6\r\n"}) {
    const Dataset d = read(text);
    EXPECT_EQ(d.dense_f32, (Floats{1, 2, 4, 5})) << text;
    EXPECT_EQ(d.target, (Floats{3, 6})) << text;
  }
}

TEST_F(CsvReader, KeepsDelimitersNewlinesAndQuotesInsideQuotes) {
  const Dataset d =
      read("\"na,me\",\"a \"\"b\"\"\",y\n\"x,1\",2,\"no\nway\"\n\"x,1\",\"3\",yes\n\"z\"\"\",4,yes\n");
  EXPECT_EQ(d.transform.columns, (Texts{"na,me", "a \"b\""}));
  EXPECT_EQ(d.transform.categories[0], (Texts{"x,1", "z\""}));
  EXPECT_EQ(d.dense_f32, (Floats{1, 0, 2, 1, 0, 3, 0, 1, 4}));
  EXPECT_EQ(d.classes, (Texts{"no\nway", "yes"}));
  EXPECT_EQ(d.source_line, (std::vector<std::int64_t>{2, 4, 5}));
}

TEST_F(CsvReader, TakesTargetByNameIndexAndFromTheEnd) {
  const std::string file = write("d.csv", "y,a,b\n1,2,3\n4,5,6\n");
  for (const char* target : {"y", "0", "-3"}) {
    DataConfig c = config(file);
    c.target = target;
    EXPECT_EQ(read_training_data(c, TargetUse::automatic).target, (Floats{1, 4})) << target;
  }
}

TEST_F(CsvReader, LeavesOutIgnoredColumnsAndTakesWeights) {
  DataConfig c = config(write("d.csv", "id,a,w,y\nq,2,0.5,3\nr,5,2,6\n"));
  c.ignore = {"id"};
  c.weight = "w";
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.dense_f32, (Floats{2, 5}));
  EXPECT_EQ(d.weight, (Floats{0.4f, 1.6f})) << "over their mean, 5 / 4";
}

TEST_F(CsvReader, TextLabelsBecomeClassesInLexicalOrderAndNumbersInNumericalOrder) {
  const Dataset text = read("1,pear\n2,apple\n3,pear\n");
  EXPECT_EQ(text.classes, (Texts{"apple", "pear"}));
  EXPECT_EQ(text.target, (Floats{1, 0, 1}));
  const Dataset number = read("1,10\n2,9\n3,-1\n4,9.0\n", TargetUse::classes);
  EXPECT_EQ(number.classes, (Texts{"-1", "9", "10"}));
  EXPECT_EQ(number.target, (Floats{2, 1, 0, 1}));
}

TEST_F(CsvReader, ImputesMeanMedianAndTheMostFrequentText) {
  const std::string file = write("d.csv", "a,t,y\n1,u,0\nNA,v,1\n,v,2\n4,?,3\nnan,v,4\nnull,u,5\n10,v,6\n");
  DataConfig c = config(file);
  c.impute = Imputation::mean;
  Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.dense_f32[3 * 1], 5.0f);
  EXPECT_EQ(d.dense_f32[3 * 3 + 2], 1.0f);
  c.impute = Imputation::median;
  d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.dense_f32[3 * 1], 4.0f);
  EXPECT_EQ(d.transform.names, (Texts{"a", "t=u", "t=v"}));
}

TEST_F(CsvReader, ReadsRowRangesWithoutATraceOfOtherRows) {
  DataConfig c = config(write("d.csv", "t,y\na,p\nb,q\nc,r\nb,q\nonly one cell\n"));
  c.train_rows = "1:4";
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.classes, (Texts{"q", "r"}));
  EXPECT_EQ(d.transform.categories[0], (Texts{"b", "c"}));
  EXPECT_EQ(d.where(0), c.train + " line 3");
}

TEST_F(CsvReader, TargetsOutsideOfTheRowRangeDoNotTakeTheLabelsAway) {
  std::string text = "a,y\n1,2.0\n2,1.0\n";
  for (int r = 0; r < 1500; ++r) text += "3," + std::to_string(r) + ".5\n";
  DataConfig c = config(write("d.csv", text));
  c.train_rows = "0:2";
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).classes, (Texts{"1.0", "2.0"}));
  c.train_rows = "1:3";
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).target, (Floats{1, 0.5f}));
  c.train = write("d.csv", text + "1,2.0\n2,1.0\n");
  c.train_rows = "1502:";
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).classes, (Texts{"1.0", "2.0"}));
}

TEST_F(CsvReader, ManyBlocksGiveWhatOneLineAtATimeWould) {
  std::string text = "a,t,y\n";
  const int rows = 200000;
  for (int r = 0; r < rows; ++r)
    text += std::to_string(r) + ",\"k" + std::to_string(r % 7) + (r % 5 ? "" : "\n,\"\"") + "\"," +
            std::to_string(-r) + "\n";
  const Dataset plain = read(text);
  ASSERT_GT(text.size(), std::size_t{2} << 20);
  ASSERT_EQ(plain.rows, rows);
  ASSERT_EQ(plain.features, 15);
  for (int r = 0; r < rows; ++r) {
    ASSERT_EQ(plain.dense_f32[static_cast<std::size_t>(r) * 15], float(r));
    ASSERT_EQ(plain.target[static_cast<std::size_t>(r)], -float(r));
  }
  EXPECT_EQ(plain.source_line.back(), 1 + rows + rows / 5);
  const Dataset packed = read_training_data(config(write_gz("d.csv.gz", text)), TargetUse::automatic);
  EXPECT_EQ(packed.dense_f32, plain.dense_f32);
  EXPECT_EQ(packed.source_line, plain.source_line);
}

TEST_F(CsvReader, ReportsProgressToTheEnd) {
  std::string text;
  for (int r = 0; r < 600000; ++r) text += "1,2,3\n";
  std::int64_t last = 0, total = 0;
  int calls = 0;
  const ReadProgress progress = [&](const std::string&, std::int64_t done, std::int64_t all) {
    EXPECT_GE(done, last);
    last = done, total = all, ++calls;
  };
  read_training_data(config(write("d.csv", text)), TargetUse::automatic, {progress});
  EXPECT_GE(calls, 1);
  EXPECT_EQ(last, total);
  EXPECT_EQ(total, static_cast<std::int64_t>(text.size()));
}

TEST_F(CsvReader, ParsesOnAsManyThreadsAsItIsAllowed) {
  std::string text;
  for (int r = 0; r < 600000; ++r) text += "1,2,3\n";
  const std::string file = write("d.csv", text);
  for (const int threads : {1, 3}) {
    std::ptrdiff_t running = 0;
    const ReadProgress count = [&](const std::string&, std::int64_t, std::int64_t) {
      const std::filesystem::directory_iterator tasks("/proc/self/task");
      running = std::distance(begin(tasks), end(tasks));
    };
    read_training_data(config(file), TargetUse::automatic, {count, threads});
    EXPECT_EQ(running, threads);
  }
}

TEST_F(CsvReader, NumbersBelowFloatAreZeroAndBeyondItAnError) {
  EXPECT_EQ(read("1e-60,1\n2,2\n").dense_f32[0], 0.0f);
  expect_error<DataError>([&] { read("1,1\n1e60,2\n"); }, {"d.csv line 2, column 0", "1e60", "finite"});
}

TEST_F(CsvReader, ErrorsNameFileLineColumnAndWhatWasFound) {
  const auto fails = [&](const std::string& text, const std::vector<std::string>& words) {
    expect_error<DataError>([&] { read(text); }, words);
  };
  fails("", {"d.csv is empty"});
  fails("a,b,y\n", {"d.csv has no rows"});
  fails("a,b,y\n1,2,3\n4,5\n", {"d.csv line 3", "2 cells", "want 3"});
  fails("a,b,y\n1,2,3\n4,5,6,7\n", {"d.csv line 3", "4 cells", "want 3"});
  fails("a,b,y\n1,2,3\n4,5,6\n7,x8,9\n", {"d.csv line 4", "column \"b\" (1)", "\"x8\"", "want a number"});
  fails("a,b,y\n1,2,3\n4,,6\n", {"d.csv line 3", "column \"b\" (1)", "missing", "data.impute"});
  fails("a,b,y\n1,NaN,3\n4,2,6\n", {"d.csv line 2", "column \"b\" (1)", "missing"});
  fails("a,b,y\n1,inf,3\n4,2,6\n", {"d.csv line 2", "column \"b\" (1)", "\"inf\"", "finite"});
  fails("a,b,y\n1,2,3\n4,2,\n", {"d.csv line 3", "column \"y\" (2)", "missing"});
  fails("a,b,y\n1,2,3\n4,2,inf\n", {"d.csv line 3", "column \"y\" (2)", "finite"});
  fails("a,a,y\n1,2,3\n", {"d.csv line 1", "two columns", "\"a\""});
  fails("1,2,3\n4,\"5,6\n", {"d.csv line 2", "never closes"});
  fails("1,2,3\n4,5\"6,7\n", {"d.csv line 2", "quote"});
  fails("1,2,3\n4,\"5\"6,7\n", {"d.csv line 2", "after the closing quote"});
  fails("1,2,3\n4,5\r,6\n", {"d.csv line 2", "a carriage return inside a line"});
  fails("1,2\r3,4\r", {"d.csv line 1", "a carriage return inside a line"});
  fails("1\n2\n", {"no feature columns"});
  fails("a,y\n\xE9t\xE9,1\nu,2\n", {"column \"a\" (0)", "UTF-8"});
}

TEST_F(CsvReader, ZeroKeepsItsSignWhereTheNumberIsTooSmall) {
  const Dataset d = read("a,b,y\n-1e-60,1e-60,-1e-400\n");
  EXPECT_TRUE(std::signbit(d.dense_f32[0]));
  EXPECT_FALSE(std::signbit(d.dense_f32[1]));
  EXPECT_TRUE(std::signbit(d.target[0]));
}

TEST_F(CsvReader, ALineOfAMillionCellsIsNoTable) {
  expect_error<DataError>([&] { read(std::string((1 << 20) + 1, ',') + "\n"); },
                          {"d.csv line 1", "more than 1048576 cells"});
  std::string line = "0";
  for (int c = 1; c < 1 << 20; ++c) line += ",0";
  EXPECT_EQ(read(line + "\n").features, (1 << 20) - 1) << "the last of 1048576 cells is the target";
}

TEST_F(CsvReader, AFileThatInflatesWithoutEndIsRefused) {
  // blank lines, which take no memory, and one record, which takes all of it
  for (const char filling : {'\n', ' '}) {
    std::string bomb = deflated("1,2\n", test::kGzip);
    const std::string mebibyte = deflated(std::string(1 << 20, filling), test::kGzip);
    for (int i = 0; i < 300; ++i) bomb += mebibyte;
    write("bomb.gz", bomb);
    expect_error<DataError>([&] { read_training_data(config(path("bomb.gz")), TargetUse::automatic); },
                            {"bomb.gz inflates to more than 200 times"});
  }
}

TEST_F(CsvReader, SettingsThatTheFileContradictsAreConfigErrors) {
  const std::string file = write("d.csv", "age,income,y\n1,2,3\n4,5,6\n");
  const auto fails = [&](const auto& set, const std::vector<std::string>& words) {
    DataConfig c = config(file);
    set(c);
    expect_error<ConfigError>([&] { read_training_data(c, TargetUse::automatic); }, words);
  };
  fails([](DataConfig& c) { c.target = "incone"; },
        {"data.target", "\"incone\"", "did you mean \"income\"", "age"});
  fails([](DataConfig& c) { c.target = "7"; }, {"data.target", "\"7\"", "no such column"});
  fails([](DataConfig& c) { c.weight = "W"; }, {"data.weight", "\"W\""});
  fails([](DataConfig& c) { c.ignore = {"aeg"}; }, {"data.ignore", "did you mean \"age\""});
  fails([](DataConfig& c) { c.target = "age", c.ignore = {"age"}; }, {"data.target", "data.ignore"});
  fails([](DataConfig& c) { c.train_rows = "3"; }, {"data.train_rows", "begin:end"});
  fails([](DataConfig& c) { c.class_weight = "balanced"; }, {"data.class_weight", "numbers"});
}

TEST_F(CsvReader, CutOffGzipIsADataError) {
  std::string text;
  for (int r = 0; r < 20000; ++r) text += std::to_string(r * 7919) + ",2," + std::to_string(r) + "\n";
  const std::string file = write_gz("d.csv.gz", text);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  expect_error<DataError>([&] { read_training_data(config(file), TargetUse::automatic); },
                          {"d.csv.gz", "cut off"});
}

TEST_F(CsvReader, CaliforniaHousingHasItsMissingRoomsAndFiveProximities) {
  DataConfig c = config(test::data_folder() + "california_housing.csv");
  c.target = "median_house_value";
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); },
                          {"line 292", "column \"total_bedrooms\" (4)", "missing"});
  c.impute = Imputation::median;
  c.standardize = Tristate::automatic;
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.rows, 20640);
  EXPECT_EQ(d.features, 13);
  EXPECT_EQ(d.transform.impute[4], 435.0f);
  EXPECT_EQ(d.transform.categories[8], (Texts{"<1H OCEAN", "INLAND", "ISLAND", "NEAR BAY", "NEAR OCEAN"}));
  EXPECT_EQ(d.target[0], 452600.0f);
  for (std::size_t j = 0; j < 13; ++j) {
    double sum = 0, squares = 0;
    for (std::size_t r = 0; r < 20640; ++r)
      sum += d.dense_f32[r * 13 + j], squares += d.dense_f32[r * 13 + j] * double(d.dense_f32[r * 13 + j]);
    if (j < 8) {
      EXPECT_NEAR(sum / 20640, 0, 1e-4);
      EXPECT_NEAR(squares / 20640, 1, 1e-4);
    } else {
      EXPECT_EQ(sum, squares);
      EXPECT_GE(sum, 5);
    }
  }
}

}  // namespace
}  // namespace thalweg
