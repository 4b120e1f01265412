// Texts that pass by in blocks on their way into shards: what is read back is what reading gives in memory.
#include <gmock/gmock.h>

#include <cmath>

#include "host/checkpoint/files.hpp"
#include "host/data/offset_watch.hpp"
#include "host/data/shard_data.hpp"
#include "host/data/shards/shard_store.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/shard_data.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using test::npy;
using testing::ElementsAre;
using testing::HasSubstr;

/// Rows of two columns, whose second one has these numbers.
RawData rows_of(const std::vector<double>& numbers) {
  RawData block;
  block.rows = std::ssize(numbers);
  block.width = 2;
  for (const double number : numbers)
    block.cells.insert(block.cells.end(), {0.5F, static_cast<float>(number)});
  block.precise[1] = numbers;
  return block;
}

/// What all blocks together tell: a column in doubt, or -1; "early": the last of them tells it alone.
std::string doubt(const std::vector<std::vector<double>>& blocks, const std::vector<float>& weights = {}) {
  OffsetWatch watch(2);
  for (const std::vector<double>& numbers : blocks)
    if (const std::int64_t column = watch.add(rows_of(numbers), weights); column >= 0)
      return "early " + std::to_string(column);
  return std::to_string(watch.first_in_doubt());
}

TEST(OffsetWatch, AColumnThatVariesMuchNeedsNoOffset) {
  EXPECT_EQ(doubt({{1.3, 1.3}, {500.3}}), "-1");
  EXPECT_EQ(doubt({{1.3, 1.3}}), "1") << "nothing but one number";
  EXPECT_EQ(doubt({{100.3}, {135.3}}), "-1") << "3.87 times its range";
  EXPECT_EQ(doubt({{100.3}, {134.7}}), "1") << "3.92 times its range";
  EXPECT_EQ(doubt({{-100.3}, {-135.3}}), "-1");
  EXPECT_EQ(doubt({{-134.7}, {-100.3}}), "1");
  EXPECT_EQ(doubt({{16777215.3}}), "1");
  EXPECT_EQ(doubt({{16777216.5}}), "early 1") << "whole numbers of float32 have gaps from here on";
  EXPECT_EQ(doubt({{-16777216.5}}), "early 1");
  EXPECT_EQ(doubt({{1.3, 500.3}}, {1, 0}), "1") << "a row of weight 0 does not count";
  EXPECT_EQ(OffsetWatch(2).first_in_doubt(), -1);
}

TEST(OffsetWatch, NumbersThatFloat32MergesAreInDoubt) {
  std::vector<double> numbers{0, 1e5 + 0.001, 1e5 + 0.002, 1e5 + 0.003, 1e5 + 0.0015, NAN};
  EXPECT_EQ(doubt({numbers}), "-1") << "5 numbers are 2 in float32";
  EXPECT_EQ(doubt({numbers, {1e5 + 0.0025}}), "1") << "6 are 2";
  numbers.push_back(1e5 + 0.0025);
  EXPECT_EQ(doubt({numbers}, {1, 1, 1, 1, 1, 1, 0}), "-1");
  std::vector<double> many;
  for (int k = 1; k <= 65536; ++k)
    for (const double more : {0.0, 1e-9, 2e-9}) many.push_back(k + more);
  EXPECT_EQ(doubt({many}), "1");
  for (const double more : {0.0, 1e-9, 2e-9}) many.push_back(65537 + more);
  EXPECT_EQ(doubt({many}), "-1") << "float32 makes many numbers of them";
}

/// Blocks of text are about a megabyte; these rows make more than one.
class ConvertBlocks : public test::DataFiles {
 protected:
  static constexpr int kRows = 30'000;

  /// Eight numbers with three decimals, from a linear congruence, and what `last` says of each row.
  template <class Last>
  std::string table(const Last& last) const {
    std::string text = "a,b,c,d,e,f,g,h,y\n";
    std::uint32_t state = 1;
    for (int r = 0; r < kRows; ++r) {
      for (int c = 0; c < 8; ++c) {
        state = state * 1664525 + 1013904223;
        const std::uint32_t value = state >> 12;
        text +=
            std::to_string(static_cast<int>(value >> 10) - 500) + "." + std::to_string(value % 1000) + ",";
      }
      text += std::string(last(r)) + "\n";
    }
    return text;
  }
  DataConfig numbers() const {
    DataConfig config;
    config.train = write("d.csv", table([](int r) { return std::to_string(r % 997) + ".5"; }));
    return config;
  }

  ShardManifest manifest() const { return read_shard_manifest(path("shards")); }
  /// Every file of a set, one behind the other.
  std::string bytes_of(const std::string& folder) const {
    std::string bytes = read_file(folder + "/manifest.json");
    for (const ShardEntry& shard : read_shard_manifest(folder).shards)
      bytes += read_file(folder + "/" + shard.name);
    return bytes;
  }

  Dataset expect_as_in_memory(const DataConfig& config, const ConvertOptions& options = {}) const {
    std::filesystem::remove_all(path("shards"));
    const Dataset memory = read_training_data(config, options.use);
    report_ = convert(config, path("shards"), options);
    Dataset stored = open_shards(path("shards"));
    EXPECT_EQ(manifest().facts.source_fingerprint, "") << "the rows were never in memory";
    test::expect_rows_of(memory, stored);
    EXPECT_EQ(report_.rows, memory.rows);
    return stored;
  }
  void expect_nothing_left() const { EXPECT_FALSE(std::filesystem::exists(path("shards"))); }

  mutable ConvertReport report_;
};

TEST_F(ConvertBlocks, ATableOfNumbersBecomesTheDataSetOfTheSameRowsInMemory) {
  const Dataset stored = expect_as_in_memory(numbers());
  EXPECT_EQ(manifest().facts.cells, ShardCells::unscaled);
  EXPECT_EQ(stored.rows, kRows);
  EXPECT_THAT(stored.transform.names, ElementsAre("a", "b", "c", "d", "e", "f", "g", "h"));
  EXPECT_EQ(stored.target_column, "y");
  EXPECT_EQ(stored.target[998], 1.5F);
  EXPECT_THAT(report_.notes, ElementsAre());
}

TEST_F(ConvertBlocks, TargetsOfMoreNumbersThanLabelsAreKeptAreNumbers) {
  DataConfig config;
  config.train = write("d.csv", table([](int r) { return std::to_string(r); }));
  const Dataset stored = expect_as_in_memory(config);
  EXPECT_EQ(stored.target_kind, TargetKind::number);
  EXPECT_EQ(stored.target[29'999], 29'999);
}

TEST_F(ConvertBlocks, AnyNumberOfThreadsGivesTheSameBytes) {
  const DataConfig config = numbers();
  // 30,000 rows of 32 bytes
  EXPECT_EQ(convert(config, path("1"), {.shard_bytes = 300'000, .reading = {.threads = 1}}).shards, 4);
  const std::string bytes = bytes_of(path("1"));
  for (const int threads : {2, 3, 4}) {
    const std::string folder = path(std::to_string(threads));
    convert(config, folder, {.shard_bytes = 300'000, .reading = {.threads = threads}});
    EXPECT_TRUE(bytes_of(folder) == bytes) << threads;
  }
}

/// Labels come in another order than their classes have, and all but 0 and 1 in other numbers.
TEST_F(ConvertBlocks, LabelsBecomeClassesWhenAllOfThemAreKnown) {
  const std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> cases{
      {{"b", "c", "a"}, {"a", "b", "c"}},
      {{"1", "-1"}, {"-1", "1"}},
      {{"1", "0"}, {"0", "1"}},
      {{"30", "10.0", "20"}, {"10.0", "20", "30"}}};
  for (const auto& [labels, classes] : cases) {
    DataConfig config;
    const std::size_t count = labels.size();
    config.train = write(
        "d.csv", table([&, &texts = labels](int r) { return texts[static_cast<std::size_t>(r) % count]; }));
    const Dataset stored = expect_as_in_memory(config, {.shard_bytes = 300'000});
    EXPECT_EQ(stored.classes, classes);
    EXPECT_EQ(report_.shards, 4);
    const auto each = static_cast<std::int64_t>(kRows / count);
    EXPECT_EQ(manifest().class_rows, std::vector<std::int64_t>(count, each));
    EXPECT_EQ(classes[static_cast<std::size_t>(stored.target[29'999])], labels[29'999 % count]);
  }
}

TEST_F(ConvertBlocks, TargetsOfMoreThanAPieceAreWrittenAnew) {
  std::string text = "x,y\n";
  for (int r = 0; r < 300'000; ++r) text += r % 3 == 1 ? "2,a\n" : "1,b\n";
  DataConfig config;
  config.train = write("d.csv", text);
  const Dataset stored = expect_as_in_memory(config);
  EXPECT_EQ(report_.shards, 1);
  EXPECT_THAT(manifest().class_rows, ElementsAre(100'000, 200'000));
  EXPECT_EQ(stored.target[0], 1);
  EXPECT_EQ(stored.target[299'998], 0);
}

TEST_F(ConvertBlocks, WeightsOfATableStayAndThoseOfZeroCountInNoMean) {
  DataConfig config;
  config.train = write("d.csv", "x,w,y\n1,1,0\n2,8,1\n3,0.5,2\n4,2,3\n1000,0,4\n");
  config.weight = "w";
  convert(config, path("shards"), {.use = TargetUse::numbers});
  const Dataset stored = open_shards(path("shards"));
  EXPECT_THAT(stored.weight, ElementsAre(1, 8, 0.5, 2, 0));
  EXPECT_FLOAT_EQ(stored.transform.scale[0], static_cast<float>(1 / std::sqrt(1.25))) << "of 1 2 3 4";
  EXPECT_EQ(manifest().weight_sum, 11.5);
}

TEST_F(ConvertBlocks, RowsOfARangeAndOfSeveralFilesAreOneSet) {
  DataConfig config = numbers();
  config.train_rows = "25000:29000";
  EXPECT_EQ(expect_as_in_memory(config).target[0], 25'000 % 997 + 0.5F);
  config.train = path("part*.csv");
  config.train_rows.clear();
  write("part1.csv", "x,y\n1,2\n2,4\n");
  write("part2.csv", "x,y\n3,5\n4,9\n5,8\n");
  EXPECT_THAT(expect_as_in_memory(config).target, ElementsAre(2, 4, 5, 9, 8));
  write("part2.csv", "x,y\n3,5\n,9\n");
  std::filesystem::remove_all(path("shards"));
  expect_error<DataError>([&] { convert(config, path("shards")); },
                          {"part2.csv line 3, column \"x\" (0): missing value"});
}

TEST_F(ConvertBlocks, ARowThatIsRefusedIsNamedByItsLineAndNothingIsLeft) {
  const auto refused = [&](const std::string& row, const std::vector<std::string>& words) {
    DataConfig config = numbers();
    std::ofstream(config.train, std::ios::app) << row;
    config.weight = "h";
    expect_error<DataError>([&] { convert(config, path("shards")); }, words);
    expect_nothing_left();
  };
  refused("1,2,3,4,5,6,7,-1,9\n", {"d.csv line", "the weight is -"});
  DataConfig config = numbers();
  std::ofstream(config.train, std::ios::app) << "1,2,3,,5,6,7,8,9\n";
  expect_error<DataError>([&] { convert(config, path("shards")); },
                          {"d.csv line 30002, column \"d\" (3): missing value", "data.impute"});
  expect_nothing_left();
  config = numbers();
  std::ofstream(config.train, std::ios::app) << "1,2,3,4,5,6,7,8,1e300\n";
  expect_error<DataError>([&] { convert(config, path("shards")); },
                          {"d.csv line 30002: the target is 1e+300", "float32"});
  expect_nothing_left();
}

TEST_F(ConvertBlocks, WhyATableIsReadIntoMemoryIsSaid) {
  DataConfig config;
  config.train = write("d.csv", "a,c,y\n1,red,0\n2,blue,1\n4,red,1\n7,green,0\n");
  EXPECT_THAT(convert(config, path("1")).notes,
              ElementsAre(HasSubstr("d.csv: column \"c\" (1) has texts, so the rows were read into memory")));
  config.train = write("t.csv", "a,t,y\n1,1700000000.25,3\n2,1700000000.5,4\n4,1700000001,8\n");
  EXPECT_THAT(convert(config, path("2")).notes,
              ElementsAre(HasSubstr("column \"t\" (1) has numbers that float32 rounds off")));
  EXPECT_EQ(open_shards(path("2")).transform.offset[1], 1700000000.25);
}

/// Every 97th cell of a column is missing; the second one has none.
TEST_F(ConvertBlocks, MissingCellsTakeTheMeanOfAllRowsWhenTheyAreRead) {
  std::string text = "a,b,w,y\n";
  for (int r = 0; r < 80'000; ++r)
    text += (r % 97 == 3 ? "" : std::to_string(r % 7) + ".25") + "," + std::to_string(r % 5) + "," +
            std::to_string(r % 3) + "," + std::to_string(r % 11) + ".5\n";
  DataConfig config;
  config.train = write("d.csv", text);
  config.impute = Imputation::mean;
  expect_as_in_memory(config, {.shard_bytes = 300'000});
  EXPECT_EQ(manifest().facts.cells, ShardCells::unfilled);
  config.weight = "w";
  const Dataset weighted = expect_as_in_memory(config);
  EXPECT_EQ(weighted.transform.scale.size(), 2U);
  config.standardize = Tristate::no;
  EXPECT_TRUE(expect_as_in_memory(config).transform.scale.empty());
}

TEST_F(ConvertBlocks, TheMeanIsOfTheRowsThatCount) {
  DataConfig config = DataFiles::config(write("d.csv", "x,w,y\n1,1,0\n,8,1\n5,0,2\n4,2,3\n"));
  config.impute = Imputation::mean;
  config.weight = "w";
  convert(config, path("shards"), {.use = TargetUse::numbers});
  EXPECT_THAT(test::features_of(open_shards(path("shards"))).f32, ElementsAre(1, 2.5, 5, 4));
  DataSchema other = schema_of(open_shards(path("shards")));
  other.transform.impute = {7};
  EXPECT_THAT(test::features_of(open_shards_as(path("shards"), other, true, 1)).f32, ElementsAre(1, 7, 5, 4))
      << "a model has its own";
  other.transform.scale = {2};
  other.transform.shift = {1};
  EXPECT_THAT(test::features_of(open_shards_as(path("shards"), other, true, 1)).f32,
              ElementsAre(3, 15, 11, 9));
}

TEST_F(ConvertBlocks, ATableWithoutMissingCellsIsKeptAsItIs) {
  DataConfig config = numbers();
  config.impute = Imputation::mean;
  EXPECT_EQ(expect_as_in_memory(config).transform.impute.size(), 8U);
  EXPECT_EQ(manifest().facts.cells, ShardCells::unscaled);
}

TEST_F(ConvertBlocks, MissingCellsOfHalvesStayMissing) {
  DataConfig config = DataFiles::config(write("d.csv", "x,y\n1,0\n,1\n3,2.5\n"));
  config.impute = Imputation::mean;
  EXPECT_THAT(convert(config, path("shards"), {.floats = CellFloats::f16}).notes, ElementsAre());
  EXPECT_THAT(test::features_of(open_shards(path("shards"))).f32, ElementsAre(1, 2, 3));
}

TEST_F(ConvertBlocks, AColumnWithoutAnyNumberCannotBeFilled) {
  DataConfig config = DataFiles::config(write("d.csv", "x,z,y\n1,,0\n2,,1\n3,,2\n"));
  config.impute = Imputation::mean;
  expect_error<DataError>([&] { convert(config, path("shards")); },
                          {"d.csv, column \"z\" (1): every value to train on is missing"});
  expect_nothing_left();
}

/// Blocks of a sorted column vary little, though all of it varies much.
TEST_F(ConvertBlocks, ASortedColumnOfDecimalsNeedsNoOffset) {
  const auto sorted = [&](const std::vector<std::string>& numbers) {
    std::string text = "x,y\n";
    for (const std::string& number : numbers)
      for (int r = 0; r < 150'000; ++r) text += number + (r % 2 == 0 ? ",1.5\n" : ",2.5\n");
    DataConfig config;
    config.train = write("d.csv", text);
    return config;
  };
  expect_as_in_memory(sorted({"1.3", "500.3", "1000.3"}));
  EXPECT_THAT(report_.notes, ElementsAre());
  EXPECT_THAT(convert(sorted({"1000.3", "1200.3"}), path("all")).notes,
              ElementsAre(HasSubstr("column \"x\" (0) has numbers that float32 rounds off")))
      << "an offset may be better";
}

TEST_F(ConvertBlocks, AColumnOfManyNumbersThatFloat32MergesIsRefused) {
  std::string text = "x,y\n";
  for (int r = 0; r < 200'000; ++r)
    text +=
        (r < 100'000 ? "0" : "1000" + std::to_string(r).substr(1, 2) + "." + std::to_string(r)) + ",1.5\n";
  DataConfig config;
  config.train = write("d.csv", text);
  expect_error<DataError>([&] { convert(config, path("shards"), {.use = TargetUse::numbers}); },
                          {"d.csv, column \"x\" (0): ", " distinct values are ", " in float32"});
  expect_nothing_left();
}

TEST_F(ConvertBlocks, HashedTablesPassByToo) {
  DataConfig config;
  config.train = write("d.csv", table([](int r) { return r % 2 == 0 ? "yes" : "no"; }));
  config.categorical = {"a"};
  config.hash_bits = 12;
  const Dataset stored = expect_as_in_memory(config);
  EXPECT_EQ(stored.features, 4096);
  EXPECT_THAT(stored.classes, ElementsAre("no", "yes"));
}

/// Lines "label 1:x 7:y", more than a block of them; the last one as given.
class SparseBlocks : public ConvertBlocks {
 protected:
  DataConfig sparse(const std::string& last) const {
    std::string text;
    for (int r = 0; r < 60'000; ++r)
      text += (r % 2 == 0 ? "1 " : "-1 ") + std::to_string(1 + r % 5) + ":0.5 7:" + std::to_string(r % 100) +
              "\n";
    DataConfig config;
    config.train = write("d.svm", text + last);
    return config;
  }
};

TEST_F(SparseBlocks, SparseRowsPassByAsTheyAreReadInMemory) {
  const Dataset stored = expect_as_in_memory(sparse("1 2:1 9:4\n"), {.shard_bytes = 500'000});
  EXPECT_EQ(stored.features, 9);
  EXPECT_EQ(stored.index_base, 1);
  EXPECT_THAT(manifest().class_rows, ElementsAre(30'000, 30'001));
  EXPECT_GT(report_.shards, 2);
}

TEST_F(SparseBlocks, AnIndexZeroThatComesLateMakesTheFileCountFromZero) {
  const Dataset stored = expect_as_in_memory(sparse("1 0:3\n"));
  EXPECT_EQ(stored.features, 8);
  EXPECT_EQ(stored.index_base, 0);
}

TEST_F(SparseBlocks, TheNumberOfFeaturesIsKept) {
  DataConfig config = sparse("");
  config.features = 20;
  EXPECT_EQ(expect_as_in_memory(config).features, 20);
  config.features = 6;
  std::filesystem::remove_all(path("shards"));
  expect_error<DataError>([&] { convert(config, path("shards")); },
                          {"d.svm line 1: index 7; want at most 6 (6 features from index 1)"});
  expect_nothing_left();
}

TEST_F(SparseBlocks, NumbersThatFloat32MergesAreRefused) {
  std::string text;
  for (int r = 0; r < 40; ++r) text += "1 1:" + std::to_string(1700000000 + r) + "\n2 1:0\n";
  DataConfig config;
  config.train = write("d.svm", text);
  expect_error<DataError>([&] { convert(config, path("shards")); },
                          {"d.svm, index 1: 39 distinct values are 1 in float32"});
  expect_nothing_left();
}

TEST_F(SparseBlocks, FilesOfLabelsAndWeightsAreReadBesideTheRows) {
  DataConfig config;
  config.train = write("d.svm", "1 1:2\n1 2:3\n");
  config.weight = write("w.txt", "3\n5\n");
  convert(config, path("shards"), {.use = TargetUse::numbers});
  EXPECT_THAT(open_shards(path("shards")).weight, ElementsAre(3, 5));
}

TEST_F(SparseBlocks, ImportancesCountFromTheFirstThatIsNotOne) {
  std::string text;
  for (int r = 0; r < 60'000; ++r) text += (r % 2 == 0 ? "1 1 | a:" : "-1 1 | b:") + std::to_string(r) + "\n";
  DataConfig config;
  config.train = write("d.vw", text);
  EXPECT_TRUE(expect_as_in_memory(config).weight.empty());
  config.train = write("d.vw", text + "1 3 | a\n");
  const Dataset stored = expect_as_in_memory(config);
  ASSERT_EQ(stored.weight.size(), 60'001U);
  EXPECT_EQ(stored.weight[0], 1);
  EXPECT_EQ(stored.weight[60'000], 3);
  config.train = write("d.vw", text + "1 3 | a:3e38 a:3e38\n");
  std::filesystem::remove_all(path("shards"));
  expect_error<DataError>([&] { convert(config, path("shards")); }, {"d.vw line 60001", "the value is inf"});
}

}  // namespace
}  // namespace thalweg
