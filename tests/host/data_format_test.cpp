// Which reader a file goes to when nobody says, row ranges, and where test data come from.
#include "host/data/raw_data.hpp"
#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using Floats = std::vector<float>;

class DataFormatTest : public test::DataFiles {
 protected:
  bool is_sparse(const std::string& name, const std::string& text,
                 DataFormat format = DataFormat::automatic) const {
    DataConfig c = config(write(name, text));
    c.format = format;
    return read_training_data(c, TargetUse::automatic).sparse;
  }
};

TEST_F(DataFormatTest, ATextOfLabelsAndEntriesIsLibsvm) {
  for (const char* text : {"1 1:1\n", "-1.5 1:1\n", "+1\t7:0.5 8:1\n", "1 qid:3 1:1\n",
                           "# a comment\n1 1:1\n", "\n\n1 1:1\n", "1\n0\n1 2:1\n"})
    EXPECT_TRUE(is_sparse("d", text)) << text;
}

TEST_F(DataFormatTest, AnyOtherTextIsCsv) {
  for (const char* text : {"1 2\n3 4\n", "1,2\n", "a:1 2\nb:2 3\n", "1 a:1\n2 b:1\n"})
    EXPECT_FALSE(is_sparse("d", text)) << text;
}

TEST_F(DataFormatTest, TheNameOfACsvFileSaysWhatItIs) {
  const std::string text = "1 1:1\n2 2:1\n";
  EXPECT_TRUE(is_sparse("d.txt", text));
  EXPECT_FALSE(is_sparse("d.csv", text));
  EXPECT_FALSE(is_sparse("D.CSV", text));
  EXPECT_FALSE(is_sparse("d.tsv", "1\t1:1\n2\t2:1\n"));
  DataConfig c = config(write_gz("d.csv.gz", text));
  EXPECT_FALSE(read_training_data(c, TargetUse::automatic).sparse);
  c.train = write_gz("d.gz", text);
  EXPECT_TRUE(read_training_data(c, TargetUse::automatic).sparse);
}

TEST_F(DataFormatTest, TheNameOfALibsvmFileSaysWhatItIs) {
  for (const char* name : {"d.svm", "d.libsvm", "d.svmlight"}) EXPECT_TRUE(is_sparse(name, "1\n2\n1 1:1\n"));
  DataConfig c = config(write_gz("d.svm.gz", "1\n0\n1 1:1\n"));
  EXPECT_TRUE(read_training_data(c, TargetUse::automatic).sparse);
  c.train = write("d.svm", "1,2\n3,4\n");
  test::expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); },
                                {"d.svm line 1: several labels, \"1,2\"; want one"});
}

TEST_F(DataFormatTest, ALibsvmFileMayBeginWithManyLinesOfALabelAlone) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += i % 2 == 0 ? "1\n" : "0\n";
  EXPECT_TRUE(is_sparse("d.txt", text + "1 3:1\n"));
}

TEST_F(DataFormatTest, AGuessThatFailsSaysThatItIsOne) {
  const auto read = [&](const std::string& text, DataFormat format) {
    return [=, this] { is_sparse("d.txt", text, format); };
  };
  const std::string table = "3 12:30 0.5\n4 12:31 0.6\n";
  test::expect_error<DataError>(read(table, DataFormat::automatic),
                                {"d.txt line 1: got \"0.5\"", "read as libsvm", "data.format = \"csv\""});
  try {
    read(table, DataFormat::libsvm)();
    FAIL() << "no error";
  } catch (const DataError& error) {
    EXPECT_EQ(std::string(error.what()).find("read as libsvm"), std::string::npos);
  }
  test::expect_error<DataError>(read("1,2 1:0.5\n3 2:1\n", DataFormat::automatic),
                                {"d.txt line 1: several labels, \"1,2\"; want one"});
  test::expect_error<DataError>(read("12:30:15 1\n12:30:16 2\n", DataFormat::automatic),
                                {"d.txt line 1, column 0", "looks like a time of day"});
}

TEST_F(DataFormatTest, ABinaryFileOfNoKnownFormatIsRefusedByTheKnownOnes) {
  for (const char* name : {"d", "d.csv", "d.tsv"}) {
    expect_error<DataError>([&] { is_sparse(name, std::string("1 1:1\n\0\0", 8)); },
                            {name, "is binary", "want one of npy, npz, csv"});
  }
}

TEST_F(DataFormatTest, ContentTellsMoreThanTheName) {
  DataConfig c = config(write("x.csv", test::npy("<f4", "(2, 1)", Floats{1, 2})));
  c.target = write("y.txt", "1\n2\n");
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).rows, 2);
}

TEST_F(DataFormatTest, TheSettingNamesTheReader) {
  EXPECT_TRUE(is_sparse("d.csv", "1 1:1\n", DataFormat::libsvm));
  EXPECT_FALSE(is_sparse("d", "1 1:1\n2 2:1\n", DataFormat::csv));
  const auto fails = [&](DataFormat format, const char* words) {
    expect_error<DataError>([&] { is_sparse("d", "1 1:1 and more than eight bytes\n", format); }, {words});
  };
  EXPECT_THROW(is_sparse("d", "1 1:1\n", DataFormat::npy), ConfigError) << "asks for labels";
  fails(DataFormat::npz, "npz (zip) archive");
  DataConfig c = config(write("d", "1 1:1 and more than eight bytes\n"));
  c.target = write("y", "1\n");
  c.format = DataFormat::npy;
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); }, {"d is not a npy array"});
  c.format = DataFormat::idx;
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); }, {"d is not an IDX file"});
}

TEST_F(DataFormatTest, SettingsThatNameColumnsAreForCsvAlone) {
  DataConfig c = config(write("d", "1 1:1\n0 2:1\n"));
  const auto fails = [&](const std::string& words) {
    expect_error<ConfigError>([&] { read_training_data(c, TargetUse::automatic); },
                              {words, "d is read as libsvm"});
  };
  const DataSchema schema = schema_of(read_training_data(c, TargetUse::automatic));
  c.ignore = {"a"};
  fails("data.ignore names columns of a CSV file");
  c.categorical = {"a"};
  fails("data.categorical names columns");
  c.id = "a";
  fails("data.id names columns");
  EXPECT_EQ(read_data_as(c, c.train, "", "", schema, true).rows, 2) << "the training data had them";
}

TEST(RowRangeText, LeavesEitherSideOpen) {
  const auto range = [](const char* text) {
    const RowRange r = parse_row_range(text, "data.train_rows");
    return std::pair(r.begin, r.bounded() ? r.end : -1);
  };
  EXPECT_EQ(range(""), std::pair(std::int64_t{0}, std::int64_t{-1}));
  EXPECT_EQ(range(":"), std::pair(std::int64_t{0}, std::int64_t{-1}));
  EXPECT_EQ(range("3:7"), std::pair(std::int64_t{3}, std::int64_t{7}));
  EXPECT_EQ(range("3:"), std::pair(std::int64_t{3}, std::int64_t{-1}));
  EXPECT_EQ(range(":7"), std::pair(std::int64_t{0}, std::int64_t{7}));
  for (const char* text : {"3", "7:3", "3:3", "-1:3", "a:3", "3:b", "3:7:9", "0:0"})
    expect_error<ConfigError>([&] { range(text); },
                              {"data.train_rows = \"" + std::string(text) + "\": wanted \"begin:end\""});
}

class TestData : public test::DataFiles {
 protected:
  void SetUp() override {
    DataFiles::SetUp();
    config_ = config(write("train.csv", "x,y\n1,10\n2,20\n3,30\n4,40\n"));
    config_.train_rows = "0:2";
    schema_ = schema_of(read_training_data(config_, TargetUse::numbers));
  }
  DataConfig config_;
  DataSchema schema_;
};

TEST_F(TestData, AreTheFileThatTheSettingNames) {
  config_.test = write("test.csv", "x,y\n5,50\n6,60\n7,70\n");
  EXPECT_EQ(read_test_data(config_, schema_, true).target, (Floats{50, 60, 70}));
  config_.test_rows = "1:";
  EXPECT_EQ(read_test_data(config_, schema_, true).target, (Floats{60, 70}));
}

TEST_F(TestData, AreRowsOfTheTrainingFileWhereThereIsNoOther) {
  config_.test_rows = "2:";
  EXPECT_EQ(read_test_data(config_, schema_, true).target, (Floats{30, 40}));
  config_.test_rows.clear();
  expect_error<UsageError>([&] { read_test_data(config_, schema_, true); }, {"--data.test=FILE"});
}

TEST_F(TestData, OfAnArrayHaveLabelsOfTheirOwnUnlessTheyAreTheTrainingFile) {
  DataConfig c = config(write("x.npy", test::npy("<f4", "(2, 1)", Floats{1, 2})));
  c.target = write("y.txt", "1\n2\n");
  const DataSchema schema = schema_of(read_training_data(c, TargetUse::numbers));
  c.test = c.train;
  EXPECT_EQ(read_test_data(c, schema, true).target, (Floats{1, 2}));
  EXPECT_TRUE(read_test_data(c, schema, false).target.empty());
  c.test_target = write("z.txt", "3\n4\n");
  EXPECT_EQ(read_test_data(c, schema, true).target, (Floats{3, 4}));
  c.test = write("t.npy", test::npy("<f4", "(1, 1)", Floats{1}));
  c.test_target.clear();
  expect_error<ConfigError>([&] { read_test_data(c, schema, true); }, {"data.test_target is empty"});
  c.test.clear();
  c.test_rows = "1:2";
  EXPECT_EQ(read_test_data(c, schema, true).target, (Floats{2}));
}

}  // namespace
}  // namespace thalweg
