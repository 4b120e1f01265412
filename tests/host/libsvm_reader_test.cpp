#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;

class LibsvmReader : public test::DataFiles {
 protected:
  Dataset read(const std::string& text, IndexBase base = IndexBase::automatic, std::int64_t features = 0,
               TargetUse use = TargetUse::automatic) const {
    DataConfig c;
    c.train = write("d.svm", text);
    c.index_base = base;
    c.features = features;
    return read_training_data(c, use);
  }
};

TEST_F(LibsvmReader, ReadsLabelsEntriesCommentsAndQueryIds) {
  const Dataset d = read("# file\n+1 1:0.5 3:-2 # note\n\n-1\r\n+1 qid:7 2:1e-60 4:+3\n");
  EXPECT_TRUE(d.sparse);
  EXPECT_EQ(d.rows, 3);
  EXPECT_EQ(d.features, 4);
  EXPECT_EQ(d.offsets, (std::vector<std::int64_t>{0, 2, 2, 4}));
  EXPECT_EQ(d.columns, (std::vector<std::int32_t>{0, 2, 1, 3}));
  EXPECT_EQ(d.values, (Floats{0.5f, -2, 0, 3}));
  EXPECT_EQ(d.classes, (Texts{"-1", "+1"}));
  EXPECT_EQ(d.target, (Floats{1, 0, 1}));
  EXPECT_EQ(d.where(2), d.source + " line 5");
}

TEST_F(LibsvmReader, LeavesOutTheCommentLinesThatTheSettingNames) {
  DataConfig c = config(write("d.svm", "% made by us\n1 1:2\n  %\n2 1:3 # note\n"));
  expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); }, {"line 1", "label \"%\""});
  c.comment = "%";
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).target, (Floats{1, 2}));
}

TEST_F(LibsvmReader, RefusesMarksThatItsNumbersDoNotHave) {
  DataConfig c = config(write("d.svm", "1 1:2\n2 1:3\n"));
  c.decimal = Decimal::comma;
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::numbers); },
                            {"data.decimal = comma", "d.svm is read as libsvm, whose numbers have a point"});
  c.target = write("y.txt", "1,5\n2,5\n");
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).target, (Floats{1.5f, 2.5f})) << "the labels have them";
}

TEST_F(LibsvmReader, FindsTheIndexBase) {
  EXPECT_EQ(read("1 1:1 2:1\n2 2:1\n").features, 2);
  const Dataset zero = read("1 1:1 2:1\n2 0:1\n");
  EXPECT_EQ(zero.features, 3);
  EXPECT_EQ(zero.columns, (std::vector<std::int32_t>{1, 2, 0}));
  EXPECT_EQ(read("1 1:1 2:1\n", IndexBase::zero).features, 3);
  EXPECT_EQ(read("1 1:1 2:1\n", IndexBase::one, 10).features, 10);
}

TEST_F(LibsvmReader, LabelsAreClassesOrNumbersAsTheCallerSays) {
  EXPECT_EQ(read("3 1:1\n1 1:1\n10 1:1\n", IndexBase::automatic, 0, TargetUse::classes).classes,
            (Texts{"1", "3", "10"}));
  EXPECT_EQ(read("3 1:1\n1.5 1:1\n").target, (Floats{3, 1.5f}));
  EXPECT_EQ(read("3 1:1\n1 1:1\n", IndexBase::automatic, 0, TargetUse::numbers).target_kind,
            TargetKind::number);
}

TEST_F(LibsvmReader, ErrorsNameFileLineAndIndex) {
  const auto fails = [&](const std::string& text, IndexBase base, std::int64_t features,
                         const std::vector<std::string>& words) {
    expect_error<DataError>([&] { read(text, base, features); }, words);
  };
  fails("", IndexBase::automatic, 0, {"d.svm is empty"});
  fails("1 1:1\n1 0:1\n", IndexBase::one, 0, {"d.svm line 2", "index 0", "index_base"});
  fails("1 1:1\n1 3:1 2:1\n", IndexBase::automatic, 0,
        {"d.svm line 2", "index 2", "after index 3", "ascending"});
  fails("1 1:1\n1 3:1 3:1\n", IndexBase::automatic, 0, {"d.svm line 2", "index 3", "again"});
  fails("1 1:1\n1 2:nan\n", IndexBase::automatic, 0, {"d.svm line 2", "index 2", "\"nan\"", "finite"});
  fails("1 1:1\n1 2:1e99\n", IndexBase::automatic, 0, {"d.svm line 2", "index 2", "\"1e99\"", "finite"});
  fails("1 1:1\n1 2:abc\n", IndexBase::automatic, 0, {"d.svm line 2", "index 2", "\"abc\"", "number"});
  fails("1 1:1\n1 2:\n", IndexBase::automatic, 0, {"d.svm line 2", "index 2", "number"});
  fails("1 1:1\n1 two:1\n", IndexBase::automatic, 0, {"d.svm line 2", "\"two:1\"", "index:value"});
  fails("1 1:1\n1 -2:1\n", IndexBase::automatic, 0, {"d.svm line 2", "index -2"});
  fails("1 1:1\n1 99999999999:1\n", IndexBase::automatic, 0, {"d.svm line 2", "99999999999"});
  fails("1 1:1\n1 7:1\n", IndexBase::automatic, 5, {"d.svm line 2", "index 7", "at most 5"});
  fails("1 1:1\n1 7:1\n", IndexBase::one, 5, {"d.svm line 2", "index 7", "at most 5"});
  fails("1 1:1\nnan 2:1\n", IndexBase::automatic, 0, {"d.svm line 2", "label \"nan\""});
  fails("1 1:1\n2:1\n", IndexBase::automatic, 0, {"d.svm line 2", "\"2:1\"", "label"});
  for (const IndexBase base : {IndexBase::automatic, IndexBase::zero, IndexBase::one}) {
    DataConfig c = config(write("d.svm", "1\n2 # none\n"));
    c.format = DataFormat::libsvm;
    c.index_base = base;
    expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); }, {"d.svm has no features"});
  }
  fails("1 1:1\nyes 2:1\n", IndexBase::automatic, 0, {"d.svm line 2", "label \"yes\""});
}

TEST_F(LibsvmReader, TheLargestIndexIsTwoToTheThirtyOneLessTwo) {
  EXPECT_EQ(read("1 1:1 2147483646:1\n").features, 2147483646);
  EXPECT_EQ(read("1 0:1 2147483646:1\n").features, 2147483647);
  expect_error<DataError>([&] { read("1 1:1\n1 2147483647:1\n"); },
                          {"d.svm line 2: index 2147483647; want at most 2147483646"});
  expect_error<DataError>([&] { read("1 1:1\n1 2147483648:1\n"); }, {"d.svm line 2", "2147483648"});
}

TEST_F(LibsvmReader, TheWidthThatIsAskedForHoldsItsLastIndexAndNoMore) {
  for (const auto& [base, last] : {std::pair{IndexBase::zero, 4}, {IndexBase::one, 5}}) {
    EXPECT_EQ(read("1 1:1 " + std::to_string(last) + ":1\n", base, 5).features, 5) << name_of(base);
    expect_error<DataError>(
        [&] { read("1 1:1\n1 " + std::to_string(last + 1) + ":1\n", base, 5); },
        {"d.svm line 2: index " + std::to_string(last + 1) + "; want at most " + std::to_string(last)});
  }
  EXPECT_EQ(read("1 1:1 5:1\n", IndexBase::automatic, 5).features, 5);
  expect_error<DataError>([&] { read("1 1:1\n1\n1 6:1\n", IndexBase::automatic, 5); },
                          {"d.svm line 3: index 6; want at most 5 (5 features from index 1)"});
  expect_error<DataError>([&] { read("1 0:1\n1 5:1\n", IndexBase::automatic, 5); },
                          {"d.svm line 2: index 5; want at most 4 (5 features from index 0)"});
}

TEST_F(LibsvmReader, ACommentMayFollowAnythingWithoutABlank) {
  const Dataset d = read("1 1:2#3:4\n  2\t2:1e1 # 5:6\n#1 9:9\n3#\n");
  EXPECT_EQ(d.offsets, (std::vector<std::int64_t>{0, 1, 2, 2}));
  EXPECT_EQ(d.columns, (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(d.values, (Floats{2, 10}));
  EXPECT_EQ(d.target, (Floats{1, 2, 3}));
}

TEST_F(LibsvmReader, ARowRangeTakesItsRowsTheirLinesAndTheirLabels) {
  DataConfig c = config(write("d.svm", "7 1:1\n\n8 1:2 3:3\n# none\n9 2:4\n8 4:5\n"));
  c.train_rows = "1:3";
  const Dataset d = read_training_data(c, TargetUse::classes);
  EXPECT_EQ(d.offsets, (std::vector<std::int64_t>{0, 2, 3}));
  EXPECT_EQ(d.columns, (std::vector<std::int32_t>{0, 2, 1}));
  EXPECT_EQ(d.values, (Floats{2, 3, 4}));
  EXPECT_EQ(d.features, 3);
  EXPECT_EQ(d.classes, (Texts{"8", "9"}));
  EXPECT_EQ(d.target, (Floats{0, 1}));
  EXPECT_EQ(d.where(0), c.train + " line 3");
  EXPECT_EQ(d.where(1), c.train + " line 5");
  c.train_rows = "1:5";
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); },
                          {"d.svm has 4 rows; the row range wants 1 to 5"});
  c.train_rows = "3:";
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).target, (Floats{8}));
}

TEST_F(LibsvmReader, LabelsOutsideOfTheRowRangeLeaveNoTrace) {
  std::string text = "2.0 1:1\n1.0 1:2\n1:3\n";
  for (int r = 0; r < 66000; ++r) text += std::to_string(r) + ".5 1:4\n";
  DataConfig c = config(write("d.svm", text));
  c.train_rows = "0:2";
  const Dataset classes = read_training_data(c, TargetUse::classes);
  EXPECT_EQ(classes.classes, (Texts{"1.0", "2.0"}));
  EXPECT_EQ(classes.target, (Floats{1, 0}));
  const DataSchema schema{.sparse = true, .features = 1};
  EXPECT_EQ(read_data_as({}, c.train, "", "3:5", schema, false).target, (Floats{0.5f, 1.5f}));
  EXPECT_EQ(read_data_as({}, c.train, "", "1:4", schema, false).target, Floats{})
      << "a row of the range has no label";
}

TEST_F(LibsvmReader, ValuesThatAreOneInFloat32AreThoseOfTheRowRange) {
  std::string text = "1 1:5\n2 1:6\n";
  for (int r = 1; r <= 5; ++r) text += "3 1:" + std::to_string(1600000000 + r) + "\n";
  DataConfig c = config(write("d.svm", text + "4 1:7\n5 1:8\n"));
  const auto values = [&](const char* rows) {
    c.train_rows = rows;
    return read_training_data(c, TargetUse::numbers).values;
  };
  EXPECT_EQ(values(":2"), (Floats{5, 6}));
  EXPECT_EQ(values("7:"), (Floats{7, 8}));
  EXPECT_EQ(values(":5"), (Floats{5, 6, 1.6e9f, 1.6e9f, 1.6e9f})) << "three values, of which one is left";
  for (const char* rows : {":", "2:7", "1:8"})
    expect_error<DataError>([&] { values(rows); }, {"d.svm, index 1: 5 distinct values are 1 in float32"});
}

TEST_F(LibsvmReader, ManyBlocksGiveWhatOneLineAtATimeWould) {
  constexpr int kRows = 200'000;
  std::string text;
  for (int r = 0; r < kRows; ++r)
    text += std::to_string(r % 7) + " " + std::to_string(1 + r % 50) + ":" + std::to_string(r) + "\n";
  ASSERT_GT(text.size(), std::size_t{2} << 20);
  const Dataset d = read(text);
  ASSERT_EQ(d.rows, kRows);
  ASSERT_EQ(d.features, 50);
  ASSERT_EQ(d.classes.size(), 7u);
  for (int r = 0; r < kRows; ++r) {
    const auto i = static_cast<std::size_t>(r);
    ASSERT_EQ(d.offsets[i + 1], r + 1);
    ASSERT_EQ(d.columns[i], r % 50);
    ASSERT_EQ(d.values[i], static_cast<float>(r));
    ASSERT_EQ(d.target[i], static_cast<float>(r % 7));
    ASSERT_EQ(d.source_line[i], r + 1);
  }
}

TEST_F(LibsvmReader, WeightsComeFromAFileAndFromNoColumn) {
  DataConfig c = config(write("d.svm", "1 1:1\n2 2:1\n"));
  c.weight = write("w.txt", "0.5\n2\n");
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).weight, (Floats{0.4f, 1.6f}))
      << "over their mean, 5 / 4";
  c.weight = "3";
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::automatic); },
                            {"data.weight = \"3\": libsvm data have no weight column"});
}

TEST_F(LibsvmReader, StandardizeWouldDestroySparsity) {
  DataConfig c = config(write("d.svm", "1 1:1\n"));
  c.standardize = Tristate::yes;
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::automatic); },
                            {"standardize", "sparsity"});
}

TEST_F(LibsvmReader, TestDataFollowTheModelsBaseAndWidth) {
  const DataSchema one = schema_of(read("1 1:1 5:1\n2 2:1\n"));
  const std::string narrow = write("t.svm", "2 2:1\n1 1:1\n"), unlabelled = write("u.svm", "2:1\n1:1 3:1\n");
  const Dataset test = read_data_as({}, narrow, "", "", one, true);
  EXPECT_EQ(test.features, 5);
  EXPECT_EQ(test.target, (Floats{1, 0}));
  const Dataset predicted = read_data_as({}, unlabelled, "", "", one, false);
  EXPECT_TRUE(predicted.target.empty());
  EXPECT_EQ(predicted.columns, (std::vector<std::int32_t>{1, 0, 2}));
  expect_error<DataError>([&] { read_data_as({}, write("z.svm", "1 0:1\n"), "", "", one, true); },
                          {"z.svm line 1", "index 0"});
  const DataSchema zero = schema_of(read("1 0:1 4:1\n2 2:1\n"));
  EXPECT_EQ(read_data_as({}, narrow, "", "", zero, true).columns, (std::vector<std::int32_t>{2, 1}));
  expect_error<DataError>([&] { read_data_as({}, write("l.svm", "1 1:1\n3 2:1\n"), "", "", one, true); },
                          {"l.svm line 2", "label \"3\"", "1, 2"});
}

TEST_F(LibsvmReader, IndicesThatTrainingDidNotHaveAreLeftOutAndCounted) {
  const DataSchema schema = schema_of(read("1 1:1 5:1\n2 2:1\n"));
  DataConfig c;
  const std::string wide = write("w.svm", "1 6:9\n2 1:1 5:2 7:9 8:9\n1 2:3\n");
  const Dataset test = read_data_as(c, wide, "", "", schema, true);
  EXPECT_EQ(test.columns, (std::vector<std::int32_t>{0, 4, 1}));
  EXPECT_EQ(test.values, (Floats{1, 2, 3}));
  EXPECT_EQ(test.offsets, (std::vector<std::int64_t>{0, 0, 2, 3}));
  EXPECT_EQ(test.unseen, 3);
  EXPECT_EQ(test.notes, (Texts{wide + ": 3 entries with an index that training did not have, as 6 in " +
                               wide + " line 1; left out (data.unseen = ignore)"}));
  EXPECT_EQ(read_data_as(c, wide, "", "2:3", schema, true).unseen, 0)
      << "rows that are not read count nothing";
  c.unseen = Unseen::error;
  expect_error<DataError>([&] { read_data_as(c, wide, "", "", schema, true); },
                          {"w.svm line 1", "index 6; want at most 5", "data.unseen = ignore"});
  DataConfig training;
  training.train = wide;
  training.features = 5;
  expect_error<DataError>([&] { read_training_data(training, TargetUse::automatic); }, {"index 6"});
}

TEST_F(LibsvmReader, ReadsAdultWholeAndByRange) {
  DataConfig c;
  c.train = test::data_folder() + "a9a";
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.rows, 32561);
  EXPECT_EQ(d.features, 123);
  EXPECT_EQ(d.classes, (Texts{"-1", "+1"}));
  double positive = 0;
  for (const float t : d.target) positive += t;
  EXPECT_EQ(positive, 7841);
  const Dataset test = read_data_as(c, test::data_folder() + "a9a.t", "", "", schema_of(d), true);
  EXPECT_EQ(test.rows, 16281);
  EXPECT_EQ(test.features, 123);
  c.train_rows = "30000:30010";
  const Dataset part = read_training_data(c, TargetUse::automatic);
  ASSERT_EQ(part.rows, 10);
  EXPECT_EQ(part.where(0), c.train + " line 30001");
  const auto first = static_cast<std::size_t>(d.offsets[30000]);
  for (std::size_t i = 0; i < part.columns.size(); ++i) ASSERT_EQ(part.columns[i], d.columns[first + i]);
}

}  // namespace
}  // namespace thalweg
