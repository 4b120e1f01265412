// Parquet files through the plugin. A stand-in of it reads text, so what is tested is everything but Arrow.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

#include "host/data/raw_data.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/shard_data.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using testing::ElementsAre;

const std::string kMark = std::string("PAR1\x15\0", 6) + "\n";

/// ctest says where the stand-in is; else it lies beside this program.
std::string folder_of_stand_in() {
  if (const char* const given = std::getenv("THALWEG_PLUGINS"); given != nullptr) return given;
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "plugins";
}

class Parquet : public test::DataFiles {
 protected:
  static inline const std::string plugins_ = folder_of_stand_in();

  void SetUp() override {
    DataFiles::SetUp();
    ::setenv("THALWEG_PLUGINS", plugins_.c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("THALWEG_PLUGINS");
    DataFiles::TearDown();
  }

  std::string parquet(const std::string& name, const std::string& lines) const {
    return write(name, kMark + lines);
  }
};

/// The first test of the program: what was loaded stays.
TEST_F(Parquet, AMissingPluginIsNamedWithTheWayToGetIt) {
  ::setenv("THALWEG_PLUGINS", "/nowhere", 1);
  const DataConfig c = config(parquet("rides.parquet", "x y\n1 2\n"));
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); },
                          {"rides.parquet is a Parquet file, and the plugin that reads them is missing",
                           "/nowhere/libthalweg_parquet.so", "./run parquet builds it"});
}

TEST_F(Parquet, ColumnsAreThoseOfATable) {
  DataConfig c = config(parquet("rides.parquet", "km minutes fare\n1 10 2.5\n3 10 4.5\n5 40 6.5\n"));
  c.target = "fare";
  c.ignore = {"minutes"};
  const Dataset data = read_training_data(c, TargetUse::automatic);
  EXPECT_THAT(data.dense_f32, ElementsAre(1, 3, 5));
  EXPECT_THAT(data.target, ElementsAre(2.5, 4.5, 6.5));
  EXPECT_THAT(data.transform.columns, ElementsAre("km"));
  EXPECT_EQ(data.target_column, "fare");
  EXPECT_TRUE(data.where(2).ends_with("rides.parquet row 2")) << data.where(2);
}

TEST_F(Parquet, ARowRangeTakesItsRows) {
  DataConfig c = config(parquet("d.parquet", "x y\n1 10\n2 20\n3 30\n4 40\n"));
  c.train_rows = "1:3";
  const Dataset data = read_training_data(c, TargetUse::numbers);
  EXPECT_THAT(data.dense_f32, ElementsAre(2, 3));
  EXPECT_THAT(data.target, ElementsAre(20, 30));
  EXPECT_TRUE(data.where(0).ends_with("d.parquet row 1")) << data.where(0);
  c.train_rows = "1:5";
  expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); }, {"has 4 rows"});
}

TEST_F(Parquet, AColumnOfAnyTypeMayBeLeftOut) {
  const std::string first = parquet("a.parquet", "tags@+l x when@tsu:UTC y\n0 1 0 10\n0 2 0 20\n"),
                    second = parquet("b.parquet", "tags@+l x when@tsu:UTC y\n0 3 0 30\n");
  DataConfig c = config(first + "," + second);
  expect_error<DataError>(
      [&] { read_training_data(c, TargetUse::numbers); },
      {"column \"tags\" of ", "a.parquet is of the Arrow type list (\"+l\")", "leave it out (data.ignore)"});
  c.ignore = {"tags"};
  expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); },
                          {"column \"when\" of ", "is of the Arrow type timestamp"});
  for (const std::vector<std::string>& ignored : {std::vector<std::string>{"tags", "when"}, {"0", "-2"}}) {
    c.ignore = ignored;
    const Dataset data = read_training_data(c, TargetUse::numbers);
    EXPECT_THAT(data.dense_f32, ElementsAre(1, 2, 3));
    EXPECT_THAT(data.target, ElementsAre(10, 20, 30));
    EXPECT_THAT(data.transform.columns, ElementsAre("x"));
  }
}

TEST_F(Parquet, SeveralFilesAreOneTable) {
  const std::string first = parquet("a.parquet", "x y\n1 10\n2 20\n"),
                    second = parquet("b.parquet", "x y\n3 30\n");
  DataConfig c = config(first + "," + second);
  const Dataset data = read_training_data(c, TargetUse::numbers);
  EXPECT_THAT(data.dense_f32, ElementsAre(1, 2, 3));
  EXPECT_TRUE(data.where(2).ends_with("b.parquet row 0")) << data.where(2);
  c.train = first + "," + parquet("c.parquet", "x z\n3 30\n");
  expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); },
                          {"c.parquet has other columns than", "a.parquet"});
}

TEST_F(Parquet, AFileWithoutRowsIsPartOfATable) {
  const std::string some = parquet("a.parquet", "x y\n1 10\n2 20\n"), none = parquet("b.parquet", "x y\n");
  for (const std::string& files : {some + "," + none, none + "," + some})
    EXPECT_THAT(read_training_data(config(files), TargetUse::numbers).target, ElementsAre(10, 20)) << files;
}

TEST_F(Parquet, ADamagedFileAPipeAndHashingAreRefused) {
  DataConfig c = config(parquet("d.parquet", "broken"));
  expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); },
                          {"d.parquet is damaged or not a Parquet file: Couldn't deserialize thrift"});
  c.train = write_gz("d.parquet.gz", kMark + "x y\n1 2\n");
  expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); },
                          {"d.parquet.gz is compressed or not a Parquet file"});
  c.train = parquet("e.parquet", "x y\n1 2\n");
  c.hash_bits = 4;
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::numbers); },
                            {"data.hash_bits hashes the texts of CSV and VW files; ", "is read as parquet"});
}

/// The rows of each block that passes by, as their features; the targets of all of them follow.
std::vector<std::vector<float>> blocks_of(const DataConfig& config) {
  std::vector<std::vector<float>> blocks;
  RowTakers takers;
  takers.companions = [](RawData&&) {};
  takers.rows = [&](RawData&& block) {
    if (block.rows > 0) blocks.push_back(block.cells);
  };
  const RawData rest = read_raw_training_data(config, TargetUse::numbers, {}, takers);
  blocks.emplace_back(rest.labels.numbers.begin(), rest.labels.numbers.end());
  return blocks;
}

TEST_F(Parquet, BatchesOfNumbersPassBy) {
  const std::string first = parquet("a.parquet", "x y\n1 10\n2 20\nbatch\n3 30\nbatch\n"),
                    second = parquet("b.parquet", "x y\n4 40\nbatch\n5 50\n6 60\n");
  DataConfig c = config(first + "," + second);
  EXPECT_THAT(blocks_of(c), ElementsAre(ElementsAre(1, 2), ElementsAre(3), ElementsAre(4), ElementsAre(5, 6),
                                        ElementsAre(10, 20, 30, 40, 50, 60)));
  c.train_rows = "1:5";
  EXPECT_THAT(blocks_of(c), ElementsAre(ElementsAre(2), ElementsAre(3), ElementsAre(4), ElementsAre(5),
                                        ElementsAre(20, 30, 40, 50)));
  c.train_rows = "3:9";
  expect_error<DataError>([&] { blocks_of(c); }, {"has 6 rows; the row range wants 3 to 9"});
  c = config(first);
  c.categorical = {"x"};
  EXPECT_THAT(blocks_of(c), ElementsAre(ElementsAre(10, 20, 30))) << "categories are those of all rows";
}

TEST_F(Parquet, RowsThatPassByAreThoseOfATableInMemory) {
  DataConfig c = config(parquet("a.parquet", "x z y w\n1 7 10 1\n2 nan 20 2\nbatch\n3 5 31 0\n4 4 40 1\n"));
  c.impute = Imputation::median;
  c.weight = "w";
  c.target = "y";
  const Dataset memory = read_training_data(c, TargetUse::numbers);
  EXPECT_THAT(convert(c, path("shards"), {.use = TargetUse::numbers}).notes, ElementsAre());
  const Dataset stored = open_shards(path("shards"));
  test::expect_rows_of(memory, stored);
  EXPECT_THAT(stored.weight, ElementsAre(1, 2, 0, 1)) << "as in the file";
  EXPECT_EQ(stored.transform.impute[1], 5.5F) << "of 7 and 4";
}

TEST_F(Parquet, AFaultInALaterBatchNamesFileAndRow) {
  const DataConfig c = config(parquet("a.parquet", "x y\n1 10\n2 20\n") + "," +
                              parquet("b.parquet", "x y\n3 30\n4 40\nbatch\n5 50\ninf 60\n"));
  expect_error<DataError>([&] { convert(c, path("shards"), {.use = TargetUse::numbers}); },
                          {"b.parquet row 3"});
  const DataConfig other =
      config(parquet("a.parquet", "x y\n1 10\n") + "," + parquet("c.parquet", "x z\n1 10\n"));
  expect_error<DataError>([&] { convert(other, path("shards"), {.use = TargetUse::numbers}); },
                          {"c.parquet has other columns than", "a.parquet"});
}

}  // namespace
}  // namespace thalweg
