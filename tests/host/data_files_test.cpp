// Several files as one source: which they are, in what order, and whose line a message names.
#include "host/data/data_files.hpp"

#include <gtest/gtest.h>

#include "host/data/input_file.hpp"
#include "tests/support/compressed.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/pipe.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;

class SeveralFiles : public test::DataFiles {
 protected:
  Dataset read(const std::string& names, const std::string& rows = "",
               TargetUse use = TargetUse::automatic) const {
    DataConfig c = config(names);
    c.train_rows = rows;
    return read_training_data(c, use);
  }
  std::string list(const std::string& a, const std::string& b) const { return path(a) + "," + path(b); }
};

TEST_F(SeveralFiles, AreNamedByAListAGlobOrAFolderInTheOrderOfTheirNames) {
  for (const char* name : {"b.csv", "a.csv", ".hidden.csv", "notes.txt", "c.tsv.gz"}) write(name, "1\n");
  std::filesystem::create_directories(path("sub.csv"));
  write("sub.csv/d.csv", "1\n");
  const std::string folder = path("");
  EXPECT_EQ(data_files(path("b.csv")), Texts{path("b.csv")});
  EXPECT_EQ(data_files(list("b.csv", "a.csv")), (Texts{path("b.csv"), path("a.csv")}));
  EXPECT_EQ(data_files(path("b.csv") + ", " + path("a.csv") + ","), (Texts{path("b.csv"), path("a.csv")}));
  EXPECT_EQ(data_files(path("[ab].csv")), (Texts{path("a.csv"), path("b.csv")}));
  EXPECT_EQ(data_files(path("s*.csv")), Texts{path("sub.csv/d.csv")});
  EXPECT_EQ(data_files(folder), (Texts{path("a.csv"), path("b.csv"), path("c.tsv.gz")}));
  EXPECT_EQ(data_files("-"), Texts{"-"});
  EXPECT_EQ(data_files("nowhere.csv"), Texts{"nowhere.csv"});
}

TEST_F(SeveralFiles, AFileWhoseNameHasACommaOrAStarIsOneFile) {
  write("a.csv", "1\n");
  EXPECT_EQ(data_files(write("a.csv,b.csv", "1\n")), Texts{path("a.csv,b.csv")});
  EXPECT_EQ(data_files(write("*.csv", "1\n")), Texts{path("*.csv")});
}

TEST_F(SeveralFiles, APatternOrAFolderOfNothingIsAnError) {
  write("notes.txt", "1\n");
  expect_error<NoInputError>([&] { data_files(path("*.csv")); }, {"*.csv: no file matches"});
  expect_error<NoInputError>([&] { data_files(path("")); },
                             {"is a folder without a file that has a name of data, as .csv"});
  write("a.csv", "x,y\n1,2\n");
  expect_error<NoInputError>([&] { read(list("a.csv", "b.csv")); }, {"b.csv: no such file"});
}

TEST_F(SeveralFiles, ASetOfShardsIsNoneOfThem) {
  const std::string table = write("d.csv", "x,y\n1,2\n3,4\n");
  for (const char* name : {"a.shards", "b.shards"}) convert(config(table), path(name));
  for (const std::string& names : {list("a.shards", "b.shards"), path("*.shards"), list("d.csv", "a.shards")})
    expect_error<ConfigError>([&] { read(names); },
                              {names + " names the set of shards " + path("a.shards") +
                               " in a list or by a glob; want the path of one set alone"});
  EXPECT_EQ(read(path("a.shards")).rows, 2);
}

TEST_F(SeveralFiles, OfCsvAreOneTableWithOneHeader) {
  write("a.csv", "x,c,y\n1,red,0\n2,blue,1\n");
  write("b.csv.zst", test::zstd_frame("x,c,y\n3,green,0\n"));
  write("c.csv", "x,c,y\n# note\n4,red,1\n");
  DataConfig c = config(path("*.csv*"));
  c.comment = "#";
  const Dataset many = read_training_data(c, TargetUse::numbers);
  const Dataset one = read_training_data(
      config(write("one", "x,c,y\n1,red,0\n2,blue,1\n3,green,0\n4,red,1\n")), TargetUse::numbers);
  EXPECT_EQ(fingerprint(many, true), fingerprint(one, true));
  EXPECT_EQ(many.dense_f32, (Floats{1, 0, 0, 1, 2, 1, 0, 0, 3, 0, 1, 0, 4, 0, 0, 1}));
  EXPECT_EQ(many.source, path("*.csv*"));
  EXPECT_EQ(many.where(0), path("a.csv") + " line 2");
  EXPECT_EQ(many.where(1), path("a.csv") + " line 3");
  EXPECT_EQ(many.where(2), path("b.csv.zst") + " line 2");
  EXPECT_EQ(many.where(3), path("c.csv") + " line 3");
}

TEST_F(SeveralFiles, OfCsvHaveTheSameHeader) {
  write("a.csv", "x,z,y\n1,2,0\n");
  const auto fails = [&](const std::string& text, const std::string& words) {
    write("b.csv", text);
    expect_error<DataError>([&] { read(list("a.csv", "b.csv")); }, {path("b.csv") + words, path("a.csv")});
  };
  fails("x,w,y\n1,2,0\n", " line 1: column 1 is called \"w\"; want \"z\", as in ");
  fails("z,x,y\n1,2,0\n", " line 1: column 0 is called \"z\"; want \"x\", as in ");
  fails("3,2,0\n", " line 1: column 0 is called \"3\"; want \"x\", as in ");
  fails("x,z\n3,2\n", " line 1: 2 columns; want 3, as in ");
  fails("x,z,y,w\n", " line 1: 4 columns; want 3, as in ");
  write("a.csv", "1,2,0\n");
  write("b.csv", "3,4,1\n");
  EXPECT_EQ(read(list("a.csv", "b.csv"), "", TargetUse::numbers).rows, 2) << "without headers";
}

TEST_F(SeveralFiles, AWrongCellIsNamedByItsFileAndLine) {
  write("a.csv", "x,y\n1,0\n2,1\n");
  write("b.csv", "x,y\n3,0\nred,1\n");
  expect_error<DataError>([&] { read(list("a.csv", "b.csv")); },
                          {path("b.csv") + " line 3, column \"x\" (0)"});
  write("b.csv", "x,y\n3,0\n4\n");
  expect_error<DataError>([&] { read(list("a.csv", "b.csv")); },
                          {path("b.csv") + " line 3: 1 cells; want 2"});
  write("b.csv", "x,y\n3,0\n,1\n");
  expect_error<DataError>([&] { read(list("a.csv", "b.csv")); },
                          {path("b.csv") + " line 3, column \"x\" (0): missing value"});
  write("b.csv", "");
  expect_error<DataError>([&] { read(list("a.csv", "b.csv")); }, {path("b.csv") + " is empty"});
  write("b.csv", std::string("\1\0\2", 3));
  expect_error<DataError>([&] { read(list("a.csv", "b.csv")); },
                          {path("b.csv") + " is binary; " + path("a.csv") + " is read as csv"});
}

TEST_F(SeveralFiles, ARowRangeCountsTheRowsOfAll) {
  write("a.csv", "x,y\n1,0\n2,1\n");
  write("b.csv", "x,y\n3,0\n4,1\n");
  write("c.csv", "x,y\nbad,worse\n");
  const std::string all = list("a.csv", "b.csv") + "," + path("c.csv");
  const Dataset d = read(all, "1:4", TargetUse::numbers);
  EXPECT_EQ(d.dense_f32, (Floats{2, 3, 4}));
  EXPECT_EQ(d.where(0), path("a.csv") + " line 3");
  EXPECT_EQ(d.where(2), path("b.csv") + " line 3");
  EXPECT_EQ(read(all, "3:4", TargetUse::numbers).where(0), path("b.csv") + " line 3");
  expect_error<DataError>([&] { read(list("a.csv", "b.csv"), "0:5"); },
                          {list("a.csv", "b.csv") + " has 4 rows; the row range wants 0 to 5"});
}

TEST_F(SeveralFiles, OfLibsvmAreOneSet) {
  write("a.svm", "1 1:2\n-1 3:1\n");
  write("b.svm", "# note\n1 2:5\n");
  const Dataset d = read(list("a.svm", "b.svm"));
  EXPECT_EQ(d.features, 3);
  EXPECT_EQ(d.columns, (std::vector<std::int32_t>{0, 2, 1}));
  EXPECT_EQ(d.where(1), path("a.svm") + " line 2");
  EXPECT_EQ(d.where(2), path("b.svm") + " line 2");
  write("b.svm", "1 2:x\n");
  expect_error<DataError>([&] { read(list("a.svm", "b.svm")); },
                          {path("b.svm") + " line 1, index 2: got \"x\""});
}

TEST_F(SeveralFiles, OfNpyAreOneMatrixWithOneFileOfLabels) {
  write("a.npy", test::npy<float>("<f4", "(2, 2)", {1, 2, 3, 4}));
  write("b.npy", test::npy<double>("<f8", "(1, 2)", {5, 6}));
  write("c.npy", test::npy<float>("<f4", "(2, 2)", {7, 8, 9, 10}));
  DataConfig c = config(path("?.npy"));
  c.target = write("y", "0\n1\n2\n3\n4\n");
  const Dataset all = read_training_data(c, TargetUse::numbers);
  EXPECT_EQ(all.dense_f32, (Floats{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(all.target, (Floats{0, 1, 2, 3, 4}));
  EXPECT_EQ(all.where(0), path("a.npy") + " row 0");
  EXPECT_EQ(all.where(2), path("b.npy") + " row 0");
  EXPECT_EQ(all.where(4), path("c.npy") + " row 1");
  c.train_rows = "1:4";
  const Dataset some = read_training_data(c, TargetUse::numbers);
  EXPECT_EQ(some.dense_f32, (Floats{3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(some.where(0), path("a.npy") + " row 1");
  EXPECT_EQ(some.where(2), path("c.npy") + " row 0");
  c.train_rows = "4:";
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).dense_f32, (Floats{9, 10}));
  c.train_rows = "4:6";
  expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); },
                          {path("?.npy") + " has 5 rows; the row range wants 4 to 6"});
  c.train_rows = "";
  write("c.npy", test::npy<float>("<f4", "(1, 3)", {7, 8, 9}));
  expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); },
                          {path("c.npy") + " has rows of 3 values of float32", path("a.npy")});
  write("c.npy", test::npy<std::uint8_t>("|u1", "(1, 2)", {7, 8}));
  expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); },
                          {path("c.npy") + " has rows of 2 values of uint8", path("a.npy")});
}

/// Between two days lie 86,400 of 1.7e9 seconds: float32 has steps of 128 there.
TEST_F(SeveralFiles, OfNpyKeepTheDigitsThatFloat32WouldLose) {
  write("a.npy", test::npy<double>("<f8", "(2, 1)", {1700000001, 1700000002}));
  write("b.npy", test::npy<double>("<f8", "(2, 1)", {1700000003, 1700000004}));
  DataConfig c;
  c.train = path("?.npy");
  c.target = write("y", "0\n1\n2\n3\n");
  const Dataset many = read_training_data(c, TargetUse::numbers);
  c.train =
      write("one.npy", test::npy<double>("<f8", "(4, 1)", {1700000001, 1700000002, 1700000003, 1700000004}));
  EXPECT_EQ(many.dense_f32, read_training_data(c, TargetUse::numbers).dense_f32);
  EXPECT_NEAR(many.dense_f32[1] - many.dense_f32[0], 1 / std::sqrt(1.25), 1e-6);
}

TEST_F(SeveralFiles, AModelReadsThemTooInTheOrderOfItsColumns) {
  const Dataset d = read(write("train", "x,z,y\n1,2,0\n3,4,1\n"), "", TargetUse::numbers);
  write("a.csv", "z,x\n5,6\n");
  write("b.csv", "z,x\n7,8\n");
  const Dataset again = read_data_as({}, list("a.csv", "b.csv"), "", "", schema_of(d), false);
  EXPECT_EQ(again.dense_f32, (Floats{6, 5, 8, 7}));
  EXPECT_EQ(again.where(1), path("b.csv") + " line 2");
}

TEST_F(SeveralFiles, AFormatWithoutPartsIsRefused) {
  write("a.npz", "PK\x05\x06");
  write("b.npz", "PK\x05\x06");
  expect_error<ConfigError>([&] { read(list("a.npz", "b.npz")); },
                            {"names 2 files, and " + path("a.npz") + " is read as npz"});
}

TEST_F(SeveralFiles, APipeIsInAListOnce) {
  const test::Pipe pipe("1,2\n");
  expect_error<ConfigError>([&] { require_pipes_once({pipe.path() + "," + pipe.path()}); },
                            {"is wanted twice, and the bytes of a pipe come once"});
  write("a.csv", "x,y\n1,2\n");
  const test::Pipe rows("x,y\n3,4\n");
  EXPECT_EQ(read(path("a.csv") + "," + rows.path(), "", TargetUse::numbers).target, (Floats{2, 4}));
  for (const char* list : {"-,-", "-,d.csv,-"})
    expect_error<ConfigError>([&] { require_pipes_once({list}); }, {"- is wanted twice", "standard input"});
  expect_error<ConfigError>([&] { require_pipes_once({"-", "", "-"}); }, {"- is wanted twice"});
  EXPECT_NO_THROW(require_pipes_once({"-", "d.csv"}));
}

}  // namespace
}  // namespace thalweg
