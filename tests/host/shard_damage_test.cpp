#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <functional>
#include <random>

#include "host/checkpoint/checksum.hpp"
#include "host/checkpoint/files.hpp"
#include "host/data/shard_data.hpp"
#include "host/data/shards/shard_layout.hpp"
#include "host/data/shards/shard_store.hpp"
#include "host/data/shards/shard_writer.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/fault_ops.hpp"
#include "tests/support/files.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/shard_data.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {
namespace {

using test::dense_bytes;
using test::dense_floats;
using test::entries;
using test::expect_error;
using test::features_of;
using test::overwrite;
using test::same_bits;
using test::ScratchFolder;
using test::sparse_rows;

/// A set in a folder of its own, that can be damaged.
class ShardDamage : public ::testing::Test {
 protected:
  std::string file(const std::string& name) const { return root_ / ("set/" + name); }
  std::string folder() const { return root_ / "set"; }

  void write(const Dataset& data, std::int64_t shard_bytes) const {
    remove_path(folder());
    write_shards(data, folder(), {.shard_bytes = shard_bytes});
  }

  FeatureRows read_all() const {
    const Dataset stored = open_shards(folder());
    FeatureRows rows;
    stored.store->read(0, stored.rows, rows);
    return rows;
  }

  void expect_refused(const std::vector<std::string>& words) const {
    expect_error<DataError>([&] { read_all(); }, words);
  }

  /// The message of a typed error.
  std::string refusal() const {
    try {
      read_all();
    } catch (const Error& error) {
      return error.what();
    }
    return "(accepted)";
  }

  ShardManifest manifest() const {
    return parse_shard_manifest(read_file(file("manifest.json")), "manifest.json");
  }
  void save(const ShardManifest& manifest) const {
    overwrite(file("manifest.json"), shard_manifest_text(manifest));
  }

  /// Another text for a part of the manifest, with the checksum that fits.
  void rewrite(const std::string& from, const std::string& to) const {
    std::string text = read_file(file("manifest.json"));
    text.resize(text.rfind(",\n  \"manifest_xxh3\""));
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    overwrite(file("manifest.json"), text + ",\n  \"manifest_xxh3\": \"" + checksum(text) + "\"\n}\n");
  }

  /// Other bytes in a shard of less than a MiB, with the checksum that fits.
  template <class T>
  void patch(std::size_t shard, std::int64_t at, T value) const {
    ShardManifest m = manifest();
    ShardEntry& entry = m.shards.at(shard);
    std::string bytes = read_file(file(entry.name));
    bytes.replace(static_cast<std::size_t>(at), sizeof value, reinterpret_cast<const char*>(&value),
                  sizeof value);
    overwrite(file(entry.name), bytes);
    entry.pieces = {checksum64(bytes)};
    save(m);
  }
  ShardLayout layout(std::size_t shard) const {
    const ShardManifest m = manifest();
    const ShardEntry& entry = m.shards.at(shard);
    return shard_layout(m.form, entry);
  }

 private:
  const test::FaultyFiles no_disk_;
  ScratchFolder root_;
};

TEST_F(ShardDamage, EveryTruncationIsNamed) {
  write(dense_floats(7, 3), 80);
  for (const std::string& name : entries(folder())) {
    const std::string whole = read_file(file(name));
    for (std::size_t size = whole.size(); size-- > 0;) {
      ASSERT_EQ(::truncate(file(name).c_str(), static_cast<off_t>(size)), 0);
      const std::string message = refusal();
      ASSERT_NE(message.find(name), std::string::npos) << name << " of " << size << " bytes: " << message;
    }
    overwrite(file(name), whole);
  }
  read_all();
}

TEST_F(ShardDamage, BytesBehindTheEndAreNamed) {
  write(dense_floats(7, 3), 48);
  for (const std::string& name : entries(folder())) {
    const std::string whole = read_file(file(name));
    overwrite(file(name), whole + '\n');
    EXPECT_NE(refusal().find(name), std::string::npos) << refusal();
    overwrite(file(name), whole);
  }
}

void flip(std::string& bytes, std::size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
}

TEST_F(ShardDamage, EveryFlippedBitIsNamed) {
  std::mt19937_64 random(18);
  for (const Dataset& data : {dense_floats(40, 30), dense_bytes(90, 30), sparse_rows(90, 9)}) {
    write(data, 2000);
    const std::vector<std::string> names = entries(folder());
    for (int i = 0; i < 700; ++i) {
      const std::string& name = names[random() % names.size()];
      const std::string whole = read_file(file(name));
      std::string bytes = whole;
      const std::size_t bit = random() % (8 * bytes.size());
      flip(bytes, bit);
      overwrite(file(name), bytes);
      const std::string message = refusal();
      EXPECT_NE(message.find(name), std::string::npos) << name << " bit " << bit << ": " << message;
      overwrite(file(name), whole);
    }
    read_all();
  }
}

TEST_F(ShardDamage, AMissingShardIsNamed) {
  write(dense_floats(7, 3), 48);
  std::filesystem::remove(file("shard-00001.safetensors"));
  expect_refused({"shard-00001.safetensors", "missing"});
  std::filesystem::create_directory(file("shard-00001.safetensors"));
  expect_refused({"shard-00001.safetensors", "is not a file"});
}

TEST_F(ShardDamage, AMissingManifestIsNamed) {
  write(dense_floats(7, 3), 48);
  std::filesystem::remove(file("manifest.json"));
  expect_refused({file("manifest.json") + ": the manifest of this set of shards is missing"});
  EXPECT_TRUE(is_shard_set(folder())) << "so whoever names it hears of the manifest";
  std::filesystem::remove(file("shard-00000.safetensors"));
  EXPECT_FALSE(is_shard_set(folder()));
}

TEST_F(ShardDamage, AShardThatCannotBeOpenedIsAnIoError) {
  write(dense_floats(7, 3), 48);
  std::filesystem::remove(file("shard-00001.safetensors"));
  std::filesystem::create_symlink("shard-00001.safetensors", file("shard-00001.safetensors"));
  expect_error<IoError>([&] { read_all(); }, {"shard-00001.safetensors: cannot be opened: Too many levels"});
}

/// This one has a size, and each read of it fails.
TEST_F(ShardDamage, AShardThatCannotBeReadIsAnIoError) {
  const std::string path = "/sys/class/net/lo/speed";
  if (file_size(path) != 4096) GTEST_SKIP();
  const ShardEntry entry{.bytes = 4096, .pieces = {0}};
  const ShardFile file(path, entry);
  char bytes[8];
  expect_error<IoError>(
      [&] {
        file.read(16, 8, bytes, {5, 2});
      },
      {"lo/speed: rows 5 to 6 cannot be read at byte 0: Invalid argument"});
}

TEST_F(ShardDamage, AShardOfAnotherSetIsNamed) {
  Dataset other = dense_floats(8, 3);
  other.target[5] = 77;
  write(other, 48);
  const std::string shard = read_file(file("shard-00001.safetensors"));
  write(dense_floats(8, 3), 48);
  overwrite(file("shard-00001.safetensors"), shard);
  expect_error<DataError>([&] { open_shards(folder()); },
                          {"shard-00001.safetensors", "damaged", "rows 4 to 7"});
}

TEST_F(ShardDamage, AShardInThePlaceOfAnotherIsNamed) {
  write(dense_floats(8, 3), 48);
  ShardManifest m = manifest();
  std::swap(m.shards[0].pieces, m.shards[1].pieces);
  const std::string first = read_file(file(m.shards[0].name)), second = read_file(file(m.shards[1].name));
  overwrite(file(m.shards[0].name), second);
  overwrite(file(m.shards[1].name), first);
  save(m);
  expect_refused({"shard-00000.safetensors: its header is not the one of rows 0 to 3"});
}

TEST_F(ShardDamage, ADamagedPieceIsNamedWhenItsRowsAreRead) {
  write(dense_bytes(4000, 600), 4 << 20);  // 2.4 MB: rows of the last piece begin at 3,443
  std::string bytes = read_file(file("shard-00000.safetensors"));
  flip(bytes, 8 * (bytes.size() - 700));
  overwrite(file("shard-00000.safetensors"), bytes);
  const Dataset stored = open_shards(folder());
  FeatureRows rows;
  stored.store->read(0, 3400, rows);
  for (int time = 0; time < 2; ++time)
    expect_error<DataError>(
        [&] { stored.store->read(3990, 3, rows); },
        {"shard-00000.safetensors: damaged: bytes 2097152 to 2432767", "rows 3990 to 3992"});
  stored.store->read(0, 10, rows);
}

TEST_F(ShardDamage, APieceIsComparedWithItsChecksumOnce) {
  const Dataset data = dense_bytes(4000, 600);
  write(data, 4 << 20);
  const Dataset stored = open_shards(folder());
  FeatureRows rows;
  stored.store->read(3990, 1, rows);
  std::string bytes = read_file(file("shard-00000.safetensors"));
  flip(bytes, 8 * (bytes.size() - 700));
  overwrite(file("shard-00000.safetensors"), bytes);
  rows.clear();
  stored.store->read(3991, 3, rows);
  EXPECT_TRUE(same_bits(rows, features_of(data, 3991, 3)));
}

TEST_F(ShardDamage, AShardThatIsCutWhileItIsOpenIsNamed) {
  write(dense_bytes(4000, 600), 4 << 20);
  const Dataset stored = open_shards(folder());
  ASSERT_EQ(::truncate(file("shard-00000.safetensors").c_str(), 1 << 20), 0);
  FeatureRows rows;
  stored.store->read(0, 10, rows);
  expect_error<DataError>([&] { stored.store->read(3990, 3, rows); },
                          {"shard-00000.safetensors: it ended at byte", "rows 3990 to 3992"});
}

using Change = std::function<void(ShardManifest&)>;

TEST_F(ShardDamage, AManifestThatLiesAboutDenseRowsIsNamedWithItsKey) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  const std::pair<Change, std::string> changes[] = {
      {[](auto& m) { m.rows = 0; }, "\"rows\": a set of no rows"},
      {[](auto& m) { m.rows = 8; }, "\"rows\": got 8, the shards have 7"},
      {[](auto& m) { m.rows = 6; }, "shard-00002.safetensors: \"rows\": 1 of 0 rows left"},
      {[](auto& m) { m.rows = kHuge; }, "\"rows\": got 4611686018427387904, the shards have 7"},
      {[](auto& m) { m.form.features = 4; }, "\"features\": got 4, expected 3"},
      {[](auto& m) {
         m.form.features = m.facts.schema.features = kHuge;
         m.facts.schema.transform = {};
       },
       "are too many"},
      {[](auto& m) { m.form.sparse = true; }, "\"sparse\": got true, expected false"},
      {[](auto& m) { m.form.dtype = DType::f32; }, "\"bytes\""},
      {[](auto& m) { m.facts.cells = ShardCells::unscaled; }, "\"cells\": only dense float32"},
      {[](auto& m) { m.form.targets = false; }, "\"class_rows\": got 3 numbers, expected 0"},
      {[](auto& m) { m.form.weights = false; }, "\"weight_sum\": 6.5 without weights"},
      {[](auto& m) { m.entries = 1; }, "\"entries\": got 1, expected 0"},
      {[](auto& m) { m.longest_row = 1; }, "\"longest_row\": got 1, expected 0"},
      {[](auto& m) { m.weight_sum = 0; }, "\"weight_sum\": 0"},
      {[](auto& m) { m.weight_sum = -6.5; }, "\"weight_sum\": -6.5"},
      {[](auto& m) { m.weight_sum = 6.25; }, "add up to 6.5; \"weight_sum\" of its manifest is 6.25"},
      {[](auto& m) {
         m.class_rows = {2, 5, 0};
       },
       "3 rows are of class 0; \"class_rows\" of its manifest has 2"},
      {[](auto& m) {
         m.class_rows = {3, 3, 0};
       },
       "\"class_rows\": 1 rows have no class"},
      {[](auto& m) {
         m.class_rows = {3, 5, -1};
       },
       "\"class_rows\": 5 of 4 rows left"},
      {[](auto& m) {
         m.class_rows = {8, -1, 0};
       },
       "\"class_rows\": 8 of 7 rows left"},
      {[](auto& m) {
         m.class_rows = {3, -1, 5};
       },
       "\"class_rows\": -1 of 4 rows left"},
      {[](auto& m) { m.class_rows.pop_back(); }, "\"class_rows\": got 2 numbers, expected 3"},
      {[](auto& m) { m.shards.pop_back(); }, "\"rows\": got 7, the shards have 6"},
      {[](auto& m) { m.shards.clear(); }, "\"rows\": got 7, the shards have 0"},
      {[](auto& m) { m.shards[0].name = "../shard"; }, "got ../shard, expected shard-00000.safetensors"},
      {[](auto& m) { m.shards[1].name = m.shards[0].name; }, "expected shard-00001.safetensors"},
      {[](auto& m) { m.shards[1].first_row = 2; }, "\"first_row\": got 2, expected 3"},
      {[](auto& m) { m.shards[0].rows = 2; }, "shard-00000.safetensors: \"bytes\": got"},
      {[](auto& m) { m.shards[2].rows = 0; }, "\"rows\": 0 of 1 rows left"},
      {[](auto& m) { m.shards[0].entries = 1; }, "shard-00000.safetensors: \"entries\": 1 of 0"},
      {[](auto& m) { m.shards[0].bytes += 1; }, "shard-00000.safetensors: \"bytes\": got"},
      {[](auto& m) { m.shards[0].bytes = std::uint64_t{1} << 63; }, "\"bytes\""},
      {[](auto& m) { m.shards[0].pieces.clear(); }, "\"xxh3\": got 0, expected 1"},
      {[](auto& m) { m.shards[0].pieces.push_back(1); }, "\"xxh3\": got 2, expected 1"},
      {[](auto& m) { m.shards[0].pieces[0] ^= 1; }, "shard-00000.safetensors: damaged"},
      {[](auto& m) { m.facts.schema.classes.clear(); }, "\"schema\": "},
      {[](auto& m) { m.facts.schema.transform.scale.pop_back(); }, "\"schema\": "},
  };
  for (const auto& [change, words] : changes) {
    write(dense_bytes(7, 3), 9);
    ShardManifest m = manifest();
    change(m);
    save(m);
    expect_refused({folder(), words});
  }
}

TEST_F(ShardDamage, RowsWithoutAScaleAreNotUnscaled) {
  write(dense_floats(7, 3), 36);
  ShardManifest m = manifest();
  m.facts.schema.transform = {};
  save(m);
  read_all();
  m.facts.cells = ShardCells::unscaled;
  save(m);
  expect_refused({"manifest.json: \"cells\": only dense float32 rows with a scale can be unscaled"});
  m.facts.cells = ShardCells::unfilled;
  const std::string wanted =
      "\"cells\": only dense float32 rows with an imputation of each column can be unfilled";
  save(m);
  expect_refused({wanted});
  m.facts.schema.transform.categories = {{"a", "b"}, {}};  // two columns, three features
  m.facts.schema.transform.impute = {0, 1};
  save(m);
  expect_refused({wanted});
  m.facts.schema.transform = {};
  m.facts.schema.transform.impute = {1, 2, 3};
  save(m);
  EXPECT_EQ(read_all().f32, dense_floats(7, 3).dense_f32) << "no cell is missing";
  write(sparse_rows(10, 9), 100);
  m = manifest();
  m.facts.cells = ShardCells::unfilled;
  m.facts.schema.transform.impute.assign(9, 1);
  save(m);
  expect_refused({wanted});
}

TEST_F(ShardDamage, SparseRowsHaveNumbersOf32Bits) {
  write(sparse_rows(10, 9), 100);
  ShardManifest m = manifest();
  m.form.floats = CellFloats::bf16;
  save(m);
  expect_refused({"manifest.json: \"dtype\": got bf16, expected f32"});
}

TEST_F(ShardDamage, AManifestThatLiesAboutSparseRowsIsNamedWithItsKey) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  const std::pair<Change, std::string> changes[] = {
      {[](auto& m) { m.form.dtype = DType::u8; }, "\"dtype\": got u8, expected f32"},
      {[](auto& m) { m.entries = 12; }, "\"entries\": got 12, the shards have 13"},
      {[](auto& m) { m.entries = 31; }, "\"entries\": 31 in 10 rows of at most 3"},
      {[](auto& m) { m.longest_row = 10; }, "\"longest_row\": 10 of 13 entries and 9 features"},
      {[](auto& m) { m.longest_row = 2; }, "row 3: its entries are 3 to 6 of 6, a row has at most 2"},
      {[](auto& m) { m.facts.cells = ShardCells::unscaled; }, "\"cells\""},
      {[](auto& m) { m.shards[0].entries = 7; }, "shard-00000.safetensors: \"bytes\": got"},
      {[](auto& m) { m.shards[0].entries = 14; }, "shard-00000.safetensors: \"entries\": 14 of 13"},
      {[](auto& m) {
         m.rows = m.form.features = m.facts.schema.features = m.entries = m.shards[0].entries = kHuge;
       },
       "are too many"},
  };
  for (const auto& [change, words] : changes) {
    write(sparse_rows(10, 9), 80);
    ShardManifest m = manifest();
    change(m);
    save(m);
    expect_refused({folder(), words});
  }
}

TEST_F(ShardDamage, AManifestOfAnotherFormIsRefused) {
  const std::array<std::string, 3> changes[] = {
      {"thalweg shards", "thalweg checkpoint", "is not the manifest of a set of shards"},
      {"\"format\": ", "\"other\": ", "is not the manifest of a set of shards"},
      {"\"version\": 1", "\"version\": 5", "\"version\": the set is of version 5, this program reads 1 to 4"},
      {"\"version\": 1", "\"version\": 0", "\"version\": the set is of version 0, this program reads 1 to 4"},
      {"\"version\": 1", "\"version\": 4", "is not as it is written"},  // it has no ids
      {"\"version\": 1", "\"version\": 3", "is not as it is written"},  // it has no frames
      {"\"cells\"", "\"compress\": \"none\",\n  \"cells\"", "is not as it is written"},
      {"\"cells\"", "\"compress\": \"rar\",\n  \"cells\"", "\"compress\": \"rar\" is not known"},
      {"\"version\": 1", "\"version\": 2", "is not as it is written"},  // it has no notes
      {"\"schema\"", "\"filled\": 0,\n  \"schema\"", "is not as it is written"},
      {"\"schema\"", "\"filled\": -1,\n  \"schema\"", "\"filled\": wanted a number not below 0, got -1"},
      {"\"schema\"", "\"impute\": \"luck\",\n  \"schema\"", "\"impute\": \"luck\" is not known"},
      {"\"version\": 1", "\"version\": \"1\"", "\"version\": wanted a whole number"},
      {"\"rows\": 7", "\"rows\": -7", "\"rows\": wanted a number not below 0, got -7"},
      {"\"rows\": 7", "\"rows\": 7.5", "\"rows\": wanted a whole number"},
      {"\"rows\": 7,", "", "there is no \"rows\""},
      {"\"rows\": 7", "\"rows\":  7", "is not as it is written"},
      {"\"rows\": 7", "\"rows\": 7,\n  \"more\": 1", "is not as it is written"},
      {"\"u8\"", "\"f64\"", "\"dtype\": \"f64\" is not known"},
      {"\"inputs\"", "\"outputs\"", "\"cells\": \"outputs\" is not known"},
      {"\"entries\":0,\"bytes\"", "\"entries\":\"0\",\"bytes\"", "\"entries\": wanted a whole number"},
      {"\"xxh3\":\"", "\"xxh3\":\"0", "\"xxh3\" of \"shard-00000.safetensors\": 17 digits"},
      {"\"xxh3\":\"", "\"xxh3\":\"000000000000000G",
       "\"xxh3\" of \"shard-00000.safetensors\": wanted digits"},
      {"\"xxh3\":\"", "\"xxh3\":\"000000000000000/", "wanted digits 0 to f, got \"/\""},
      {"{\n", "", "parse error"},
  };
  for (const auto& [from, to, words] : changes) {
    write(dense_bytes(7, 3), 100);
    rewrite(from, to);
    expect_refused({"manifest.json: ", words});
  }
  write(dense_bytes(7, 3), 100);
  overwrite(file("manifest.json"), "");
  expect_refused({"manifest.json: "});
}

TEST_F(ShardDamage, AManifestThatIsTooLongIsNotRead) {
  write(dense_bytes(7, 3), 100);
  ASSERT_EQ(::truncate(file("manifest.json").c_str(), (64 << 20) + 1), 0);
  expect_refused({"manifest.json: has 67108865 bytes; allowed are 67108864"});
}

TEST_F(ShardDamage, TargetsThatTheSchemaDoesNotAllowAreNamed) {
  const std::pair<float, std::string> targets[] = {
      {3, "set row 4: the class is 3; want a whole number from 0 to 2"},
      {-1, "set row 4: the class is -1"},
      {0.5f, "set row 4: the class is 0.5"},
      {NAN, "set row 4: the class is nan"}};
  for (const auto& [target, words] : targets) {
    write(dense_bytes(7, 3), 9);
    patch(1, layout(1).y + 4, target);
    expect_refused({words});
  }
  write(dense_floats(7, 3), 36);
  patch(1, layout(1).y + 4, INFINITY);
  expect_refused({"set row 4: the target is inf"});
  write(dense_bytes(7, 3), 9);
  patch(1, layout(1).w + 4, -1.0f);
  expect_refused({"set row 4: the weight is -1"});
}

TEST_F(ShardDamage, AValueThatIsNotFiniteIsNamed) {
  write(dense_floats(7, 3), 36);
  patch(1, layout(1).x + 20, -INFINITY);
  expect_refused({"set row 4, feature 2: the value is -inf"});
  write(sparse_rows(10, 9), 80);
  patch(1, layout(1).values + 8, NAN);  // the third entry: row 6 has the second and the third
  expect_refused({"shard-00001.safetensors: row 6: the value of column 2 is nan"});
}

TEST_F(ShardDamage, ASparseRowThatIsOutOfItsBoundsIsNamed) {
  // rows 4 to 7 with 0 1 2 3 entries: columns 2 | 0 2 | 1 3 5
  const auto refused = [&](std::int64_t ShardLayout::*part, std::int64_t at, auto value,
                           const std::string& words) {
    write(sparse_rows(10, 9), 80);
    patch(1, layout(1).*part + at, value);
    expect_refused({"shard-00001.safetensors: row ", words});
  };
  refused(&ShardLayout::columns, 12, std::int32_t{9}, "row 7: column 9 follows column -1");
  refused(&ShardLayout::columns, 12, std::int32_t{-1}, "row 7: column -1 follows column -1");
  refused(&ShardLayout::columns, 16, std::int32_t{1},
          "row 7: column 1 follows column 1; want ascending ones below 9");
  refused(&ShardLayout::offsets, 0, std::int64_t{1}, "row 4: its entries begin at 1");
  refused(&ShardLayout::offsets, 8, std::int64_t{-1}, "row 4: its entries are 0 to -1 of 6");
  refused(&ShardLayout::offsets, 32, std::int64_t{7}, "row 7: its entries are 3 to 7 of 6");
  refused(&ShardLayout::offsets, 32, std::int64_t{5}, "row 7: its entries end at 5 of 6");
  refused(&ShardLayout::offsets, 16, std::int64_t{4},
          "row 5: its entries are 0 to 4 of 6, a row has at most 3");
  write(sparse_rows(10, 9), 80);
  patch(1, layout(1).offsets + 8, std::int64_t{-1});
  FeatureRows rows;
  const Dataset stored = open_shards(folder());
  expect_error<DataError>([&] { stored.store->read(5, 1, rows); }, {"row 5: its entries begin at -1"});
}

}  // namespace
}  // namespace thalweg
