// Shards whose features are compressed: the numbers are those of shards that are not, and damage is named.
#include <gmock/gmock.h>
#include <zstd.h>

#include <cstring>

#include "host/checkpoint/checksum.hpp"
#include "host/checkpoint/files.hpp"
#include "host/data/shards/packed_rows.hpp"
#include "host/data/shards/shard_store.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/fault_ops.hpp"
#include "tests/support/files.hpp"
#include "tests/support/shard_data.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using test::same_bits;
using testing::ElementsAre;
using testing::HasSubstr;

class PackedShards : public test::DataFiles {
 protected:
  const Dataset& packed(const Dataset& data, const ConvertOptions& options) {
    for (const char* const folder : {"plain", "packed"}) std::filesystem::remove_all(path(folder));
    ConvertOptions with = options;
    with.compress = ShardCompression::zstd;
    plain_ = write_shards(data, path("plain"), options);
    report_ = write_shards(data, path("packed"), with);
    stored_ = open_shards(path("packed"));
    return stored_;
  }
  /// Rows from `first` on are those of the set that is not compressed.
  void expect_same_rows(std::int64_t first, std::int64_t count) const {
    FeatureRows rows, expected;
    stored_.store->read(first, count, rows);
    open_shards(path("plain")).store->read(first, count, expected);
    EXPECT_TRUE(same_bits(rows, expected)) << first << " " << count;
  }
  void expect_same_rows_everywhere() const {
    const std::int64_t rows = stored_.rows;
    expect_same_rows(0, rows);
    for (std::int64_t first = 0; first < rows; first += rows / 13 + 1)
      for (const std::int64_t count : {std::int64_t{0}, std::int64_t{1}, std::int64_t{300}, rows / 2})
        expect_same_rows(first, std::min(count, rows - first));
  }
  ShardManifest manifest() const { return read_shard_manifest(path("packed")); }
  std::string shard(std::size_t index) const {
    return path("packed") + "/" + manifest().shards.at(index).name;
  }

  /// Other bytes in the first shard, which has less than a MiB, with the checksum that fits.
  void patch(std::int64_t at, std::string_view bytes) const {
    ShardManifest m = manifest();
    std::string file = read_file(shard(0));
    file.replace(static_cast<std::size_t>(at), bytes.size(), bytes);
    test::overwrite(shard(0), file);
    m.shards[0].pieces = {checksum64(file)};
    test::overwrite(path("packed/manifest.json"), shard_manifest_text(m));
  }
  void expect_damage(std::int64_t at, std::string_view bytes, const std::vector<std::string>& words) const {
    const std::string before = read_file(shard(0)), text = read_file(path("packed/manifest.json"));
    patch(at, bytes);
    expect_error<DataError>([&] { test::features_of(open_shards(path("packed"))); }, words);
    test::overwrite(shard(0), before);
    test::overwrite(path("packed/manifest.json"), text);
  }
  static std::string number(std::int64_t value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }

  const test::FaultyFiles nothing_waits_for_the_disk_;
  ConvertReport plain_, report_;
  Dataset stored_;
};

TEST_F(PackedShards, RowsAreThoseOfShardsThatAreNotCompressed) {
  // 16 bytes a row: 8,192 rows of a frame
  packed(test::dense_floats(20'000, 4), {.shard_bytes = 200'000});
  EXPECT_EQ(report_.shards, 2);
  expect_same_rows_everywhere();
  packed(test::dense_bytes(30'001, 13), {.shard_bytes = 1 << 20});
  expect_same_rows_everywhere();
  EXPECT_TRUE(stored_.weight == open_shards(path("plain")).weight);
  packed(test::sparse_rows(3'000, 9), {.shard_bytes = 20'000});
  expect_same_rows_everywhere();
  packed(test::dense_floats(5'000, 40), {.shard_bytes = 1 << 20, .floats = CellFloats::bf16});
  expect_same_rows_everywhere();
  EXPECT_EQ(dtype_of(manifest().form), "bf16");
}

TEST_F(PackedShards, ReadingAppendsToWhatIsThere) {
  packed(test::sparse_rows(900, 9), {});
  FeatureRows rows, expected;
  for (const std::int64_t first : {3, 250, 700}) {
    stored_.store->read(first, 20, rows);
    open_shards(path("plain")).store->read(first, 20, expected);
  }
  EXPECT_EQ(rows.rows, 60);
  EXPECT_TRUE(same_bits(rows, expected));
}

/// By zstd itself, and by what docs/shards.md says of the bytes.
TEST_F(PackedShards, AFileHoldsAFrameForEachBlockOfRowsAndWhereEachBegins) {
  const Dataset data = test::dense_floats(20'000, 4);
  packed(data, {});
  const std::string file = read_file(shard(0));
  EXPECT_THAT(file, HasSubstr("\"blocks\":{\"dtype\":\"I64\",\"shape\":[4]"));
  EXPECT_THAT(file, HasSubstr("\"frames\":{\"dtype\":\"U8\",\"shape\":[" +
                              std::to_string(manifest().shards[0].packed) + "]"));
  EXPECT_EQ(file.find("\"x\":"), std::string::npos);
  std::uint64_t header = 0;
  std::memcpy(&header, file.data(), 8);
  const std::size_t blocks = 8 + header + 4 * 20'000;  // behind the targets
  EXPECT_EQ(blocks % 4096, 0U);
  std::int64_t begins[4];
  std::memcpy(begins, file.data() + blocks, sizeof begins);
  EXPECT_EQ(begins[0], 0);
  EXPECT_EQ(blocks + sizeof begins + static_cast<std::size_t>(begins[3]), file.size());
  std::vector<float> cells;
  for (int b = 0; b < 3; ++b) {
    const std::size_t rows = b < 2 ? 8192 : 20'000 - 2 * 8192;
    std::vector<float> block(rows * 4);
    const char* const frame = file.data() + blocks + sizeof begins + begins[b];
    EXPECT_EQ(ZSTD_decompress(block.data(), 4 * block.size(), frame,
                              static_cast<std::size_t>(begins[b + 1] - begins[b])),
              4 * block.size());
    cells.insert(cells.end(), block.begin(), block.end());
  }
  EXPECT_TRUE(same_bits(cells, data.dense_f32));
  EXPECT_THAT(
      read_file(path("packed/manifest.json")),
      testing::AllOf(HasSubstr("\"version\": 3,"), HasSubstr("\"compress\": \"zstd\",\n  \"cells\"")));
}

TEST_F(PackedShards, AFrameOfSparseRowsHasTheColumnsOf256RowsAndThenTheValues) {
  const Dataset data = test::sparse_rows(300, 9);
  packed(data, {});
  const ShardEntry entry = manifest().shards[0];
  const std::string file = read_file(shard(0));
  std::int64_t begins[3];
  const std::size_t blocks = file.size() - static_cast<std::size_t>(entry.packed) - sizeof begins;
  std::memcpy(begins, file.data() + blocks, sizeof begins);
  const auto entries = static_cast<std::size_t>(data.offsets[256]);
  std::string frame(8 * entries, '\0');
  ASSERT_EQ(ZSTD_decompress(frame.data(), frame.size(), file.data() + blocks + sizeof begins,
                            static_cast<std::size_t>(begins[1])),
            frame.size());
  EXPECT_EQ(std::memcmp(frame.data(), data.columns.data(), 4 * entries), 0);
  EXPECT_EQ(std::memcmp(frame.data() + 4 * entries, data.values.data(), 4 * entries), 0);
}

TEST_F(PackedShards, BytesThatRepeatTakeLessRoom) {
  packed(test::dense_bytes(30'000, 20), {});
  EXPECT_LT(report_.bytes, plain_.bytes / 2);
  std::int64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(path("packed")))
    bytes += static_cast<std::int64_t>(file.file_size());
  EXPECT_EQ(report_.bytes, bytes);
}

TEST_F(PackedShards, TargetsThatAreWrittenAnewFitFramesToo) {
  DataConfig config;
  std::string text = "a,b,y\n";
  for (int r = 0; r < 5'000; ++r)
    text += std::to_string(r % 17) + ",2." + std::to_string(r % 9) + (r % 3 == 0 ? ",z\n" : ",a\n");
  config.train = write("d.csv", text);
  convert(config, path("shards"), {.shard_bytes = 9'000, .compress = ShardCompression::zstd});
  const Dataset stored = open_shards(path("shards"));
  test::expect_rows_of(read_training_data(config, TargetUse::automatic), stored);
  EXPECT_THAT(stored.classes, ElementsAre("a", "z")) << "z comes first in the file";
}

TEST_F(PackedShards, EqualRowsGiveEqualBytes) {
  packed(test::sparse_rows(3'000, 9), {.shard_bytes = 20'000});
  const std::string first = read_file(shard(0)) + read_file(path("packed/manifest.json"));
  packed(test::sparse_rows(3'000, 9), {.shard_bytes = 20'000});
  EXPECT_TRUE(read_file(shard(0)) + read_file(path("packed/manifest.json")) == first);
}

TEST_F(PackedShards, WhatLiesOnTheDiskIsComparedWithItsChecksum) {
  packed(test::dense_floats(20'000, 4), {});
  std::string file = read_file(shard(0));
  file.back() = static_cast<char>(file.back() ^ 1);
  test::overwrite(shard(0), file);
  expect_error<DataError>([&] { test::features_of(open_shards(path("packed"))); },
                          {"shard-00000.safetensors: damaged: bytes ", " are not what was written"});
}

TEST_F(PackedShards, FramesThatNoWriterMakesAreNamedWithTheirRows) {
  packed(test::dense_floats(20'000, 4), {});
  const ShardManifest m = manifest();
  const ShardLayout layout = shard_layout(m.form, m.shards[0]);
  const std::string rows = "shard-00000.safetensors: rows 8192 to 16383: ";
  const std::string file = read_file(shard(0));
  std::int64_t second = 0;
  std::memcpy(&second, file.data() + layout.blocks + 8, 8);
  expect_damage(layout.frames + second, "RIFF",
                {rows + "their zstd frame is damaged (Unknown frame descriptor)"});
  expect_damage(layout.blocks, number(1), {"rows 0 to 8191: their frame is bytes 1 to "});
  expect_damage(layout.blocks + 8, number(-1), {"rows 0 to 8191: their frame is bytes 0 to -1 of "});
  expect_damage(layout.blocks + 16, number(second - 1), {rows + "their frame is bytes "});
  expect_damage(layout.blocks + 24, number(m.shards[0].packed - 1),
                {"rows 16384 to 19999: their frame is bytes "});
  expect_damage(layout.blocks + 16, number(m.shards[0].packed + 1), {rows + "their frame is bytes "});
  PackedBlocks other;
  other.add("ten bytes!");
  expect_damage(layout.frames + second, other.frames, {rows + "their zstd frame"});
  expect_damage(layout.blocks + 8, number(other.begins[1]), {"rows 0 to 8191"});
}

TEST_F(PackedShards, AFrameOfFewerBytesIsNamed) {
  packed(test::dense_floats(20, 4), {});
  ShardManifest m = manifest();
  PackedBlocks other;
  other.add(std::string(319, 'x'));
  std::string file = read_file(shard(0));
  const ShardLayout layout = shard_layout(m.form, m.shards[0]);
  ASSERT_LE(std::ssize(other.frames), m.shards[0].packed);
  other.frames += std::string(8, '\0');  // a skippable frame of the rest
  const auto rest = static_cast<std::uint32_t>(m.shards[0].packed - other.begins[1] - 8);
  const std::uint32_t magic = ZSTD_MAGIC_SKIPPABLE_START;
  std::memcpy(other.frames.data() + other.begins[1], &magic, 4);
  std::memcpy(other.frames.data() + other.begins[1] + 4, &rest, 4);
  expect_damage(layout.frames, other.frames, {"rows 0 to 19: their zstd frame has 319 bytes; want 320"});
}

TEST_F(PackedShards, AManifestMayNotPromiseMoreThanFramesCanHold) {
  packed(test::dense_floats(20'000, 400), {.shard_bytes = 64 << 20});
  ShardManifest m = manifest();
  ASSERT_EQ(packed_bytes(m.form, 20'000, 0), 32'000'000);
  m.shards[0].packed = 487;
  test::overwrite(path("packed/manifest.json"), shard_manifest_text(m));
  expect_error<DataError>([&] { open_shards(path("packed")); },
                          {"\"packed\": 487 bytes for 20000 rows, expected 488 or more"});
  m.shards[0].packed = 488;
  test::overwrite(path("packed/manifest.json"), shard_manifest_text(m));
  expect_error<DataError>([&] { open_shards(path("packed")); }, {"\"bytes\": got "});
}

TEST_F(PackedShards, BlocksAreAbout128KiBAndAtLeastARow) {
  EXPECT_EQ(packed_rows({.features = 4}), 8192);
  EXPECT_EQ(packed_rows({.features = 100, .dtype = DType::u8}), 1310);
  EXPECT_EQ(packed_rows({.features = 100, .floats = CellFloats::f16}), 655);
  EXPECT_EQ(packed_rows({.features = 1'000'000}), 1);
  EXPECT_EQ(packed_rows({.features = 1'000'000, .sparse = true}), 256);
}

}  // namespace
}  // namespace thalweg
