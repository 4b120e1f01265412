// Data that pass by on their way into shards besides texts and single arrays: npz archives, sparse ones too,
// and columns whose missing cells take a median.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "host/data/column_medians.hpp"
#include "host/data/raw_data.hpp"
#include "host/data/shards/shard_store.hpp"
#include "tests/support/shard_data.hpp"
#include "tests/support/zip_archive.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using test::npy;
using test::zip;
using testing::ElementsAre;
using Floats = std::vector<float>;

/// Rows in memory, as a store gives them.
class FewRows : public RowStore {
 public:
  FewRows(std::int64_t features, Floats cells) : cells_(std::move(cells)) {
    form_.features = features;
    form_.rows = std::ssize(cells_) / features;
  }
  const StoredForm& form() const override { return form_; }
  void read(std::int64_t first, std::int64_t count, FeatureRows& to) const override {
    const auto begin = cells_.begin() + first * form_.features;
    to.f32.insert(to.f32.end(), begin, begin + count * form_.features);
    to.rows += count;
  }

 private:
  StoredForm form_;
  Floats cells_;
};

Floats medians(std::int64_t features, const Floats& cells, const std::vector<std::int64_t>& present,
               const Floats& weights = {}) {
  return column_medians(FewRows(features, cells), present, weights);
}

TEST(ColumnMedians, AreTheMiddleNumberOrTheMeanOfTheMiddleTwo) {
  EXPECT_THAT(medians(1, {5, -1, 3}, {3}), ElementsAre(3));
  EXPECT_THAT(medians(1, {10, 1, 4, 2}, {4}), ElementsAre(3));
  EXPECT_THAT(medians(1, {7}, {1}), ElementsAre(7));
  EXPECT_THAT(medians(1, {-8, -2, -4, -0.5F, -1}, {5}), ElementsAre(-2));
  EXPECT_THAT(medians(1, {-1, 1}, {2}), ElementsAre(0));
  EXPECT_THAT(medians(1, {0x1p-140F, 3e38F, 0x1p-149F}, {3}), ElementsAre(0x1p-140F));
  EXPECT_THAT(medians(2, {1, 40, 2, 10, 3, 30}, {3, 3}), ElementsAre(2, 30));
}

TEST(ColumnMedians, LeaveOutWhatIsMissingAndRowsOfWeightZero) {
  constexpr float kNone = kMissingForMedian;
  EXPECT_THAT(medians(2, {kNone, 40, 2, kNone, 3, 30}, {2, 2}), ElementsAre(2.5F, 35));
  EXPECT_THAT(medians(1, {1, 50, 2, 60, 3}, {3}, {1, 0, 2, 0, 0.5F}), ElementsAre(2));
  EXPECT_TRUE(std::isnan(medians(1, {kNone}, {0})[0]));
}

/// 2,600 columns take three rounds of reading, 3,000 rows several blocks.
TEST(ColumnMedians, AreThoseOfSortedColumnsWhateverTheirNumber) {
  constexpr std::int64_t kColumns = 2600, kRows = 3001;
  std::mt19937 random(3);
  Floats cells(kColumns * kRows);
  for (float& cell : cells) cell = static_cast<float>(static_cast<int>(random() % 200'001) - 100'000) / 64;
  const Floats found = medians(kColumns, cells, std::vector<std::int64_t>(kColumns, kRows));
  for (std::int64_t c = 0; c < kColumns; c += 101) {
    Floats column;
    for (std::int64_t r = 0; r < kRows; ++r)
      column.push_back(cells[static_cast<std::size_t>(r * kColumns + c)]);
    std::sort(column.begin(), column.end());
    EXPECT_EQ(found[static_cast<std::size_t>(c)], column[kRows / 2]) << c;
  }
}

class ConvertStreams : public test::DataFiles {
 protected:
  using Wholes = std::vector<std::int32_t>;

  /// Converts, opens and compares with what reading gives in memory.
  Dataset expect_as_in_memory(const DataConfig& config, const ConvertOptions& options = {}) const {
    const Dataset memory = read_training_data(config, options.use);
    std::filesystem::remove_all(path("shards"));
    EXPECT_THAT(convert(config, path("shards"), options).notes, ElementsAre());
    Dataset stored = open_shards(path("shards"));
    test::expect_rows_of(memory, stored);
    return stored;
  }
  ShardCells cells() const { return read_shard_manifest(path("shards")).facts.cells; }
  /// How many blocks of rows pass by; none: they are returned.
  static int blocks_of(const DataConfig& config) {
    int blocks = 0;
    RowTakers takers;
    takers.companions = [](RawData&&) {};
    takers.rows = [&](RawData&& block) { blocks += block.rows > 0; };
    const RawData rest = read_raw_training_data(config, TargetUse::automatic, {}, takers);
    EXPECT_TRUE(rest.cells.empty() && rest.columns.empty());
    return blocks;
  }
  static std::string shape(std::size_t rows, std::size_t width = 0) {
    return "(" + std::to_string(rows) + "," + (width > 0 ? std::to_string(width) : "") + ")";
  }
  /// 40,000 rows of 0 to 6 entries among 50 columns, a row's entries from the last to the first.
  std::string sparse_archive(bool with_labels, int twice = -1) const {
    Wholes indptr{0}, indices;
    std::vector<double> values, targets;
    for (int r = 0; r < 40'000; ++r) {
      for (int k = r % 7; k-- > 0;) {
        indices.push_back((r + 7 * k) % 43 + (r == twice ? 0 : k % 2));
        values.push_back(r % 100 + k / 8.0);
      }
      if (r == twice) indices.back() = indices[indices.size() - 2];
      indptr.push_back(static_cast<std::int32_t>(indices.size()));
      targets.push_back(r % 977 / 8.0);
    }
    std::vector<std::pair<std::string, std::string>> members{
        {"indices.npy", npy("<i4", shape(indices.size()), indices)},
        {"indptr.npy", npy("<i4", shape(indptr.size()), indptr)},
        {"format.npy", npy("|S3", "()", std::vector<char>{'c', 's', 'r'})},
        {"shape.npy", npy("<i8", "(2,)", std::vector<std::int64_t>{40'000, 50})},
        {"data.npy", npy("<f8", shape(values.size()), values)}};
    if (with_labels) members.emplace_back("y.npy", npy("<f8", shape(targets.size()), targets));
    return write("sparse.npz", zip(members, true));
  }
  std::string table_with_gaps() const {
    std::string text = "a,b,w,y\n";
    for (int r = 0; r < 60'000; ++r)
      text += (r % 97 == 3 ? "" : std::to_string(r * 31 % 1009) + ".25") + "," + std::to_string(r % 5) + "," +
              std::to_string(r % 3) + "," + std::to_string(r % 11) + ".5\n";
    return write("d.csv", text);
  }
};

TEST_F(ConvertStreams, MissingCellsTakeTheMedianOfRowsThatPassedBy) {
  DataConfig config;
  config.train = table_with_gaps();
  config.impute = Imputation::median;
  const Dataset stored = expect_as_in_memory(config, {.shard_bytes = 300'000});
  EXPECT_EQ(cells(), ShardCells::unfilled) << "the rows passed by";
  EXPECT_THAT(stored.transform.impute, ElementsAre(504.25F, 2, 1));
  config.weight = "w";
  EXPECT_EQ(expect_as_in_memory(config).transform.impute.size(), 2U);
  config.standardize = Tristate::no;
  EXPECT_TRUE(expect_as_in_memory(config).transform.scale.empty());
}

TEST_F(ConvertStreams, TheMedianIsOfTheRowsThatCount) {
  DataConfig config = DataFiles::config(write("d.csv", "x,w,y\n1,1,0\n,8,1\n50,0,2\n4,2,3\n6,1,4\n"));
  config.impute = Imputation::median;
  config.weight = "w";
  convert(config, path("shards"), {.use = TargetUse::numbers});
  EXPECT_THAT(test::features_of(open_shards(path("shards"))).f32, ElementsAre(1, 4, 50, 4, 6));
}

TEST_F(ConvertStreams, AColumnWithoutAnyNumberHasNoMedian) {
  DataConfig config = DataFiles::config(write("d.csv", "x,z,y\n1,,0\n2,,1\n3,,2\n"));
  config.impute = Imputation::median;
  expect_error<DataError>([&] { convert(config, path("shards")); },
                          {"d.csv, column \"z\" (1): every value to train on is missing"});
  EXPECT_FALSE(std::filesystem::exists(path("shards")));
}

TEST_F(ConvertStreams, AnArrayOfAnArchivePassesByBehindItsLabelsAndWeights) {
  constexpr std::size_t kRows = 30'000, kWidth = 20;
  Floats x(kRows * kWidth), y(kRows), w(kRows);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 31 % 257) / 4 - 16;
  for (std::size_t r = 0; r < kRows; ++r)
    y[r] = static_cast<float>(r % 977) / 8, w[r] = static_cast<float>(r % 3);
  for (const bool deflated : {false, true}) {
    DataConfig config;
    config.train = write("d.npz", zip({{"y.npy", npy("<f4", shape(kRows), y)},
                                       {"X.npy", npy("<f4", shape(kRows, kWidth), x)},
                                       {"mine.npy", npy("<f4", shape(kRows), w)}},
                                      deflated));
    expect_as_in_memory(config);
    EXPECT_EQ(cells(), ShardCells::unscaled) << "the rows passed by";
    EXPECT_EQ(blocks_of(config), 3) << "of a MiB";
    config.weight = "mine";
    config.train_rows = "100:29000";
    EXPECT_EQ(expect_as_in_memory(config).rows, 28'900);
    EXPECT_EQ(open_shards(path("shards")).weight[2], 0) << "102 % 3";
  }
}

TEST_F(ConvertStreams, ASparseArchivePassesBy) {
  DataConfig config;
  config.train = sparse_archive(true);
  EXPECT_EQ(blocks_of(config), 3) << "of 16,384 rows";
  const Dataset stored = expect_as_in_memory(config, {.shard_bytes = 200'000});
  EXPECT_EQ(stored.rows, 40'000);
  EXPECT_EQ(stored.features, 50);
  FeatureRows row;
  stored.store->read(20'003, 1, row);  // 20,003 % 7 is 4
  EXPECT_THAT(row.columns, ElementsAre(8, 16, 22, 30));
  EXPECT_THAT(row.values, ElementsAre(3, 3.125F, 3.25F, 3.375F));
  config.train_rows = "16380:16390";
  EXPECT_EQ(expect_as_in_memory(config).rows, 10);
}

TEST_F(ConvertStreams, LabelsOfASparseArchiveMayLieInAFile) {
  DataConfig config;
  config.train = sparse_archive(false);
  std::string labels;
  for (int r = 0; r < 40'000; ++r) labels += r % 3 == 0 ? "no\n" : "yes\n";
  config.target = write("y.txt", labels);
  EXPECT_THAT(expect_as_in_memory(config).classes, ElementsAre("no", "yes"));
}

TEST_F(ConvertStreams, AFaultInALaterBlockNamesItsRowAndLeavesNothing) {
  DataConfig config;
  config.train = sparse_archive(true, 39'997);
  expect_error<DataError>([&] { convert(config, path("shards")); },
                          {"sparse.npz row 39997: index ", " comes twice"});
  EXPECT_FALSE(std::filesystem::exists(path("shards")));
}

TEST_F(ConvertStreams, BytesBehindTheRowsOfASparseArchiveAreStillCompared) {
  const std::string file = sparse_archive(true);
  std::string bytes;
  {
    std::ifstream in(file, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  const std::size_t name = bytes.find("data.npy");
  bytes[name + 5000] = static_cast<char>(bytes[name + 5000] ^ 4);
  DataConfig config;
  config.train = write("sparse.npz", bytes);
  expect_error<DataError>([&] { convert(config, path("shards")); }, {"sparse.npz", "damaged"});
}

}  // namespace
}  // namespace thalweg
