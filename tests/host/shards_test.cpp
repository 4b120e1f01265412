#include "thalweg/shards.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "host/checkpoint/checksum.hpp"
#include "host/checkpoint/files.hpp"
#include "host/checkpoint/safetensors.hpp"
#include "host/data/shards/shard_store.hpp"
#include "host/data/shards/shard_writer.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/fault_ops.hpp"
#include "tests/support/files.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/shard_data.hpp"
#include "tests/support/threads.hpp"
#include "thalweg/views.hpp"

namespace thalweg {
namespace {

using test::dense_bytes;
using test::dense_floats;
using test::entries;
using test::expect_error;
using test::features_of;
using test::same_bits;
using test::ScratchFolder;
using test::sparse_rows;

/// Nothing waits for the disk.
class Shards : public ::testing::Test {
  const test::FaultyFiles files_;
};

ConvertReport write(const Dataset& data, const std::string& folder, std::int64_t shard_bytes = 1 << 20) {
  return write_shards(data, folder, {.shard_bytes = shard_bytes});
}

const ShardManifest& manifest_of(const Dataset& data) {
  return dynamic_cast<const ShardStore&>(*data.store).manifest();
}

/// Everything but the features, which are read in parts of every length.
void expect_same(const Dataset& stored, const Dataset& data) {
  EXPECT_EQ(stored.rows, data.rows);
  EXPECT_EQ(schema_to_json(schema_of(stored)), schema_to_json(schema_of(data)));
  EXPECT_TRUE(same_bits(stored.target, data.target));
  EXPECT_TRUE(same_bits(stored.weight, data.weight));
  EXPECT_EQ(stored.target_reason, data.target_reason);
  for (std::int64_t first = 0; first < data.rows; ++first) {
    for (std::int64_t count = 0; count <= data.rows - first; ++count) {
      FeatureRows rows;
      stored.store->read(first, count, rows);
      ASSERT_TRUE(same_bits(rows, features_of(data, first, count))) << first << ' ' << count;
    }
  }
}

TEST_F(Shards, RowsComeBackBitForBit) {
  for (const Dataset& data : {dense_floats(1, 1), dense_floats(19, 7), dense_bytes(1, 5), dense_bytes(23, 3),
                              sparse_rows(1, 4), sparse_rows(21, 9)}) {
    for (const std::int64_t shard_bytes : {1, 57, 1 << 20}) {
      const ScratchFolder root;
      write(data, root / "set", shard_bytes);
      expect_same(open_shards(root / "set"), data);
    }
  }
}

TEST_F(Shards, ReadingAppendsToWhatIsThere) {
  for (const Dataset& data : {dense_floats(9, 3), dense_bytes(9, 3), sparse_rows(9, 9)}) {
    const ScratchFolder root;
    write(data, root / "set", 50);
    const Dataset stored = open_shards(root / "set");
    FeatureRows rows;
    for (const std::int64_t first : {0, 1, 5})
      stored.store->read(first, first == 5 ? 4 : first == 1 ? 4 : 1, rows);
    EXPECT_TRUE(same_bits(rows, features_of(data, 0, 9)));
  }
}

TEST_F(Shards, AStoreSaysWhatItsRowsAre) {
  const ScratchFolder root;
  write(dense_floats(5, 3), root / "f32");
  write(dense_bytes(4, 6), root / "u8");
  write(sparse_rows(10, 9), root / "csr");
  const StoredForm f32 = open_shards(root / "f32").store->form(), u8 = open_shards(root / "u8").store->form(),
                   csr = open_shards(root / "csr").store->form();
  EXPECT_EQ(f32.rows, 5);
  EXPECT_EQ(f32.features, 3);
  EXPECT_EQ(f32.dtype, DType::f32);
  EXPECT_EQ(f32.row_bytes(), 12);
  EXPECT_EQ(u8.dtype, DType::u8);
  EXPECT_EQ(u8.row_bytes(), 6);
  EXPECT_FALSE(u8.sparse);
  EXPECT_TRUE(csr.sparse);
  EXPECT_EQ(csr.entries, 13);  // 0 1 2 3, 0 1 2 3, 0 1
  EXPECT_EQ(csr.longest_row, 3);
  EXPECT_EQ(csr.rows, 10);
  EXPECT_EQ(csr.features, 9);
}

TEST_F(Shards, TheOriginOfARowIsTheFolder) {
  const ScratchFolder root;
  Dataset data = dense_floats(5, 3);
  data.source = "/some/where/rows.csv";
  data.first_source_row = 40;
  write(data, root / "set");
  const Dataset stored = open_shards(root / "set");
  EXPECT_EQ(stored.where(3), root / "set" + " row 3");
  EXPECT_EQ(manifest_of(stored).facts.source, "rows.csv");
  EXPECT_EQ(manifest_of(stored).facts.source_fingerprint, fingerprint(data, false));
}

TEST_F(Shards, TheManifestHasTheSumsOfAllRows) {
  const ScratchFolder root;
  write(dense_bytes(7, 2), root / "u8", 6);
  write(dense_floats(7, 2), root / "f32", 6);
  const Dataset u8 = open_shards(root / "u8"), f32 = open_shards(root / "f32");
  EXPECT_EQ(manifest_of(u8).class_rows, (std::vector<std::int64_t>{3, 4, 0}));  // 0 1 1 0 1 1 0
  EXPECT_EQ(manifest_of(u8).weight_sum, 6.5);                                   // 4 times 0.5, 3 times 1.5
  EXPECT_TRUE(manifest_of(f32).class_rows.empty());
  EXPECT_EQ(manifest_of(f32).weight_sum, 0);
}

TEST_F(Shards, SparseRowsMayHaveTargetsAndWeights) {
  const ScratchFolder root;
  Dataset data = sparse_rows(10, 9);
  data.target_kind = TargetKind::classes;
  data.classes = {"a", "b"};
  data.target = {0, 1, 1, 1, 0, 1, 1, 1, 1, 1};
  data.weight = {0.5f, 1.5f, 0.25f, 1.75f, 1, 1, 1, 1, 2, 0};
  write(data, root / "set", 80);
  const Dataset stored = open_shards(root / "set");
  expect_same(stored, data);
  EXPECT_EQ(manifest_of(stored).class_rows, (std::vector<std::int64_t>{2, 8}));
  EXPECT_EQ(manifest_of(stored).weight_sum, 10);
}

TEST_F(Shards, AShardEndsAtItsBytes) {
  const ScratchFolder root;
  const ConvertReport report = write(dense_floats(10, 3), root / "set", 40);  // 12 bytes a row
  EXPECT_EQ(report.rows, 10);
  EXPECT_EQ(report.features, 3);
  EXPECT_EQ(report.shards, 4);
  std::int64_t bytes = 0;
  for (const std::string& name : entries(root / "set"))
    bytes += static_cast<std::int64_t>(*file_size(root / "set/" + name));
  EXPECT_EQ(report.bytes, bytes);
  std::vector<std::int64_t> rows;
  const Dataset stored = open_shards(root / "set");
  for (const ShardEntry& shard : manifest_of(stored).shards) rows.push_back(shard.rows);
  EXPECT_EQ(rows, (std::vector<std::int64_t>{3, 3, 3, 1}));
  EXPECT_EQ(entries(root / "set"),
            (std::vector<std::string>{"manifest.json", "shard-00000.safetensors", "shard-00001.safetensors",
                                      "shard-00002.safetensors", "shard-00003.safetensors"}));
}

/// Two shards lie in memory: one is filled while the other one is written.
TEST_F(Shards, AShardTakesAnEighthOfTheMemory) {
  const ScratchFolder root;
  const Dataset data = dense_bytes(100, 10);
  const auto written = [&](const std::string& name, std::int64_t shard_bytes, std::int64_t memory) {
    ShardWriter writer(root / name, {.features = 10, .dtype = DType::u8, .targets = false}, shard_bytes,
                       memory);
    writer.append_dense(std::span(data.dense_u8), {}, {});
    DataSchema schema = schema_of(data);
    return writer.finish({.schema = schema});
  };
  const ConvertReport bounded = written("bounded", 1000, 2400);  // 30 rows
  EXPECT_EQ(bounded.shards, 4);
  EXPECT_EQ(bounded.notes,
            std::vector<std::string>{"a shard has about 300 bytes, an eighth of this process's "
                                     "memory, instead of 1000"});
  const ConvertReport free = written("free", 300, 1 << 20), whole = written("whole", 5000, 8000);
  EXPECT_TRUE(free.notes.empty());
  EXPECT_EQ(read_file(root / "free/manifest.json"), read_file(root / "bounded/manifest.json"));
  EXPECT_EQ(whole.shards, 1);
  EXPECT_TRUE(whole.notes.empty()) << "the limit was not reached";
}

TEST_F(Shards, ASparseShardEndsAtItsBytes) {
  const ScratchFolder root;
  // 8 bytes a row and 8 an entry: 8 16 24 32 | 8 16 24 | 32 8 16
  write(sparse_rows(10, 9), root / "set", 80);
  std::vector<std::int64_t> rows, counts;
  const Dataset stored = open_shards(root / "set");
  for (const ShardEntry& shard : manifest_of(stored).shards) {
    rows.push_back(shard.rows);
    counts.push_back(shard.entries);
  }
  EXPECT_EQ(rows, (std::vector<std::int64_t>{4, 4, 2}));
  EXPECT_EQ(counts, (std::vector<std::int64_t>{6, 6, 1}));
}

/// The bytes of all files of a folder.
std::string bytes_in(const std::string& folder) {
  std::string all;
  for (const std::string& name : entries(folder)) all += name + read_file(folder + "/" + name);
  return all;
}

std::span<const float> part(const std::vector<float>& values, std::int64_t first, std::int64_t count) {
  if (values.empty()) return {};
  return std::span(values).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
}

TEST_F(Shards, EqualRowsGiveEqualBytesHoweverTheyAreCut) {
  for (const Dataset& data : {dense_floats(29, 3), dense_bytes(29, 5), sparse_rows(29, 9)}) {
    const ScratchFolder root;
    const ShardForm form{data.features, data.sparse, data.dense_u8.empty() ? DType::f32 : DType::u8,
                         !data.target.empty(), !data.weight.empty()};
    for (const std::int64_t cut : {1, 4, 7, 29}) {
      ShardWriter writer(root / std::to_string(cut), form, 70);
      for (std::int64_t first = 0; first < data.rows; first += cut) {
        const std::int64_t count = std::min(cut, data.rows - first);
        writer.append(features_of(data, first, count), part(data.target, first, count),
                      part(data.weight, first, count));
        EXPECT_EQ(writer.rows(), first + count);
      }
      writer.finish({.schema = schema_of(data)});
      EXPECT_EQ(bytes_in(root / std::to_string(cut)), bytes_in(root / "1"));
    }
    EXPECT_GT(manifest_of(open_shards(root / "1")).shards.size(), 2u);
  }
}

TEST_F(Shards, StoredRowsCanBeWrittenAgain) {
  const ScratchFolder root;
  const Dataset data = sparse_rows(50, 9);
  write(data, root / "a", 100);
  write(open_shards(root / "a"), root / "b", 100);
  EXPECT_EQ(entries(root / "a"), entries(root / "b"));
  ASSERT_GT(entries(root / "a").size(), 5u);
  for (const std::string& name : entries(root / "a")) {
    if (name == kShardManifest) continue;
    EXPECT_EQ(read_file(root / ("a/" + name)), read_file(root / ("b/" + name)));
  }
  expect_same(open_shards(root / "b"), data);
}

TEST_F(Shards, AShardHasFewerThan2To60Bytes) {
  constexpr auto power = [](int exponent) { return std::int64_t{1} << exponent; };
  const auto dense = [](std::int64_t rows, std::int64_t features) {
    return shard_is_possible({.features = features}, rows, 0);
  };
  const auto sparse = [](std::int64_t rows, std::int64_t entries) {
    return shard_is_possible({.features = 9, .sparse = true}, rows, entries);
  };
  EXPECT_TRUE(dense(power(55) - 1, 1));
  EXPECT_FALSE(dense(power(55), 1));
  EXPECT_TRUE(dense(1, power(58) - 1));
  EXPECT_FALSE(dense(1, power(58)));
  EXPECT_TRUE(dense(power(29), power(29) - 1));
  EXPECT_FALSE(dense(power(29), power(29)));
  EXPECT_FALSE(dense(power(54), power(54)));
  EXPECT_TRUE(sparse(1, power(57) - 1));
  EXPECT_FALSE(sparse(1, power(57)));
  EXPECT_FALSE(sparse(power(55), 1));
}

TEST_F(Shards, AnyReaderOfSafetensorsCanOpenAShard) {
  const ScratchFolder root;
  const Dataset bytes = dense_bytes(5, 3), sparse = sparse_rows(6, 9);
  write(bytes, root / "u8");
  write(sparse, root / "csr");
  const std::string dense_file = read_file(root / "u8/shard-00000.safetensors");
  const SafetensorsFile dense = parse_safetensors(dense_file, "u8");
  ASSERT_EQ(dense.tensors.size(), 3u);
  EXPECT_EQ(dense.metadata, (SafetensorsMetadata{{"first_row", "0"}, {"format", "thalweg shard"}}));
  EXPECT_EQ(dense.tensors[0].name + dense.tensors[1].name + dense.tensors[2].name, "ywx");
  EXPECT_EQ(dense.tensors[0].dtype, "F32");
  EXPECT_EQ(dense.tensors[2].dtype, "U8");
  EXPECT_EQ(dense.tensors[2].shape, (std::vector<std::int64_t>{5, 3}));
  EXPECT_EQ(dense.tensors[2].data,
            std::string_view("\x00\x1f\x3e\x5d\x7c\x9b\xba\xd9\xf8\x1c\x3b\x5a\x79\x98\xb7", 15));
  EXPECT_EQ((dense.tensors[2].data.data() - dense_file.data()) % 4096, 0);
  EXPECT_EQ(std::memcmp(dense.tensors[1].data.data(), bytes.weight.data(), 20), 0);
  const std::string sparse_file = read_file(root / "csr/shard-00000.safetensors");
  const SafetensorsFile csr = parse_safetensors(sparse_file, "csr");
  ASSERT_EQ(csr.tensors.size(), 3u);
  EXPECT_EQ(csr.tensors[0].name, "offsets");
  EXPECT_EQ(csr.tensors[0].dtype, "I64");
  EXPECT_EQ(csr.tensors[0].shape, std::vector<std::int64_t>{7});
  EXPECT_EQ(csr.tensors[1].name + csr.tensors[2].name, "columnsvalues");
  EXPECT_EQ(csr.tensors[1].dtype, "I32");
  EXPECT_EQ(csr.tensors[2].dtype, "F32");
  EXPECT_EQ((csr.tensors[0].data.data() - sparse_file.data()) % 4096, 0);
}

/// docs/shards.md, byte by byte. The checksums are those of a program of its own.
TEST_F(Shards, TheManifestOfVersion1IsFrozen) {
  const ScratchFolder root;
  write(dense_bytes(7, 3), root / "set", 12);
  EXPECT_EQ(read_file(root / "set/manifest.json"),
            R"({
  "format": "thalweg shards",
  "version": 1,
  "rows": 7,
  "features": 3,
  "sparse": false,
  "dtype": "u8",
  "cells": "inputs",
  "targets": true,
  "weights": true,
  "entries": 0,
  "longest_row": 0,
  "weight_sum": 6.5,
  "class_rows": [3,4,0],
  "target_reason": "",
  "source": "memory",
  "source_fingerprint": "4f1e37c9e8af7350b29445418ab4eae3",
  "schema": {"sparse":false,"features":3,"target_kind":"classes","target_mean":0.0,"target_deviation":1.0,)"
            R"("target_column":"","index_base":1,"classes":["a","b\"","é"],)"
            R"("columns":[],"names":[],"categories":[],"impute":[],)"
            R"("scale":[0.003921568859368563,0.003921568859368563,0.003921568859368563],)"
            R"("shift":[0.0,0.0,0.0]},
  "shards": [
    {"name":"shard-00000.safetensors","first_row":0,"rows":4,"entries":0,"bytes":4108,"xxh3":"822740a43881ef26"},
    {"name":"shard-00001.safetensors","first_row":4,"rows":3,"entries":0,"bytes":4105,"xxh3":"a09ec490006806d7"}
  ],
  "manifest_xxh3": "e26c5d35012dfb67b229b00140d0d1e8"
}
)");
}

/// Rows that are scaled when they are read.
void write_unscaled(const Dataset& data, const std::string& folder) {
  ShardWriter writer(folder, {.features = data.features, .targets = false}, 64);
  writer.append_dense(std::span(data.dense_f32), {}, {});
  writer.finish({.schema = schema_of(data), .cells = ShardCells::unscaled});
}

TEST_F(Shards, UnscaledRowsAreScaledWithOneRounding) {
  const ScratchFolder root;
  Dataset data = dense_floats(11, 5);
  data.dense_f32[7] = 1e8f;
  data.transform.scale[2] = 1.0f / 3;
  data.transform.shift[2] = -33333334.0f;
  write_unscaled(data, root / "set");
  for (std::size_t i = 0; i < data.dense_f32.size(); ++i)
    data.dense_f32[i] = std::fma(data.dense_f32[i], data.transform.scale[i % 5], data.transform.shift[i % 5]);
  EXPECT_NE(data.dense_f32[7], 1e8f * data.transform.scale[2] + data.transform.shift[2]);
  data.target.clear();
  data.target_reason.clear();
  expect_same(open_shards(root / "set"), data);
}

TEST_F(Shards, AValueTooLargeToBeScaledIsNamed) {
  const ScratchFolder root;
  Dataset data = dense_floats(11, 5);
  data.transform.scale[1] = 8;
  data.dense_f32[36] = 3e38f;
  write_unscaled(data, root / "set");
  const Dataset stored = open_shards(root / "set");
  FeatureRows rows;
  stored.store->read(0, 7, rows);
  expect_error<DataError>([&] { stored.store->read(6, 4, rows); }, {"set row 7, feature 1: too large"});
}

TEST_F(Shards, EachMiBOfAFileHasItsChecksum) {
  const ScratchFolder root;
  write(dense_bytes(4000, 600), root / "set", 4 << 20);
  const std::string bytes = read_file(root / "set/shard-00000.safetensors");
  ASSERT_EQ(bytes.size(), 2432768u);
  const Dataset stored = open_shards(root / "set");
  EXPECT_EQ(manifest_of(stored).shards[0].pieces,
            (std::vector<std::uint64_t>{checksum64(bytes.substr(0, 1 << 20)),
                                        checksum64(bytes.substr(1 << 20, 1 << 20)),
                                        checksum64(bytes.substr(2 << 20))}));
}

TEST_F(Shards, ManyThreadsReadTheSameFilesAtOnce) {
  const ScratchFolder root;
  const Dataset data = dense_bytes(9000, 499);  // pieces of a MiB in each of three shards
  write(data, root / "set", 2 << 20);
  const Dataset stored = open_shards(root / "set");
  ASSERT_EQ(manifest_of(stored).shards.size(), 3u);
  std::atomic<int> wrong = 0;
  test::on_threads(8, [&](int thread) {
    std::mt19937 random(static_cast<unsigned>(thread));
    FeatureRows rows;
    for (int i = 0; i < 60; ++i) {
      const std::int64_t first = random() % 9000, count = std::min<std::int64_t>(random() % 40, 9000 - first);
      rows.clear();
      stored.store->read(first, count, rows);
      wrong += !std::equal(rows.u8.begin(), rows.u8.end(), data.dense_u8.begin() + first * 499) ||
               rows.rows != count || std::ssize(rows.u8) != count * 499;
    }
  });
  EXPECT_EQ(wrong, 0);
}

TEST_F(Shards, AFileSystemInMemoryIsReadToo) {
  if (!is_folder("/dev/shm")) GTEST_SKIP();
  const std::string folder = "/dev/shm/thalweg-shards-" + std::to_string(getpid());
  const Dataset data = dense_bytes(23, 3);
  write(data, folder, 40);
  expect_same(open_shards(folder), data);
  remove_path(folder);
}

/// There, opening a file for direct reads fails.
TEST_F(Shards, AFileSystemWithoutDirectReadsIsReadToo) {
  const ShardEntry entry;
  EXPECT_NO_THROW(ShardFile("/proc/self/status", entry));
}

TEST_F(Shards, RowsThatAreNotThereAreRefused) {
  const ScratchFolder root;
  write(dense_floats(5, 3), root / "set");
  const Dataset stored = open_shards(root / "set");
  FeatureRows rows;
  for (const auto& [first, count] : {std::pair{-1, 1}, {0, 6}, {5, 1}, {6, 0}, {2, -1}})
    expect_error<ShapeError>([&, f = first, c = count] { stored.store->read(f, c, rows); }, {"it has 5"});
  stored.store->read(5, 0, rows);
  EXPECT_EQ(rows.rows, 0);
}

TEST_F(Shards, AFolderThatExistsIsKept) {
  const ScratchFolder root;
  std::filesystem::create_directory(root / "set");
  expect_error<UsageError>([&] { write(dense_floats(5, 3), root / "set/"); }, {"set/ exists"});
  EXPECT_TRUE(entries(root / "set").empty());
  expect_error<UsageError>([&] { write(dense_floats(5, 3), ""); }, {"has no name"});
  expect_error<UsageError>([&] { write(dense_floats(5, 3), root / "b", 0); }, {"a shard of 0 bytes"});
  expect_error<UsageError>([&] { write(sparse_rows(0, 3), root / "b"); }, {"needs a row"});
  for (const ShardForm& form :
       {ShardForm{.features = 0}, {.features = 3, .sparse = true, .dtype = DType::u8}})
    expect_error<ShapeError>([&] { ShardWriter(root / "b", form, 100); }, {"expected 1 or more"});
  EXPECT_EQ(entries(root.path()), std::vector<std::string>{"set"});
}

TEST_F(Shards, AFolderMayEndInASlashAndLieInFoldersThatAreMade) {
  const ScratchFolder root;
  write(dense_floats(5, 3), root / "a/b/set//");
  expect_same(open_shards(root / "a/b/set"), dense_floats(5, 3));
  EXPECT_EQ(entries(root / "a/b"), std::vector<std::string>{"set"});
}

TEST_F(Shards, WhatIsNotASetIsNoInput) {
  const ScratchFolder root;
  expect_error<NoInputError>([&] { open_shards(root / "none"); }, {"none: no such folder"});
  expect_error<NoInputError>([&] { open_shards(root.path()); }, {"has no manifest.json"});
}

TEST_F(Shards, NothingIsLeftOfASetThatIsNotFinished) {
  const ScratchFolder root;
  Dataset bad = dense_floats(50, 3);
  bad.dense_f32[4] = NAN;
  expect_error<DataError>([&] { write(bad, root / "set", 12); }, {"row 1, feature 1"});
  {
    ShardWriter writer(root / "set", {.features = 3, .targets = false}, 12);
    const Dataset data = dense_floats(50, 3);
    writer.append_dense(std::span(data.dense_f32), {}, {});
    EXPECT_EQ(entries(root.path()).size(), 1u);
  }
  EXPECT_TRUE(entries(root.path()).empty());
}

TEST_F(Shards, ASetIsThereWholeOrNotAtAllUnderEveryFault) {
  const Dataset data = dense_floats(6, 3);
  int landed = 0;
  for (int op = 0; op < test::kFileOps; ++op) {
    for (int at = 0; at < 12; ++at) {
      const ScratchFolder root;
      const test::FaultyFiles faulty({static_cast<test::FileOp>(op), at, EIO, false});
      bool failed = false;
      try {
        write(data, root / "set", 36);
      } catch (const IoError&) {
        failed = true;
      }
      landed += faulty.landed();
      const std::vector<std::string> left = entries(root.path());
      if (failed && left.empty()) continue;
      EXPECT_EQ(left, std::vector<std::string>{"set"}) << op << ' ' << at;
      expect_same(open_shards(root / "set"), data);
    }
  }
  EXPECT_GT(landed, 15);
}

TEST_F(Shards, RowsOfAnotherFormAreRefused) {
  const ScratchFolder root;
  const FeatureRows floats = features_of(dense_floats(2, 3), 0, 2),
                    bytes = features_of(dense_bytes(2, 3), 0, 2);
  const std::vector<float> two = {0, 1}, three = {0, 1, 0};
  ShardWriter writer(root / "set", {.features = 3, .weights = true}, 1000);
  expect_error<UsageError>([&] { writer.finish({}); }, {"needs a row"});
  expect_error<ShapeError>([&] { writer.append(floats, three, two); }, {"3 targets, expected 2"});
  expect_error<ShapeError>([&] { writer.append(floats, two, three); }, {"3 weights, expected 2"});
  expect_error<ShapeError>([&] { writer.append(floats, {}, two); }, {"0 targets, expected 2"});
  expect_error<ShapeError>([&] { writer.append(bytes, two, two); }, {"0 float32 cells, expected 6"});
  expect_error<ShapeError>([&] { writer.append_dense(std::span(bytes.u8), two, two); }, {"6 float32 cells"});
  expect_error<ShapeError>([&] { writer.append_dense(std::span(two), {}, {}); }, {"2 cells, expected 0"});
  EXPECT_EQ(writer.rows(), 0);
  writer.append(floats, two, two);
  DataSchema schema{.features = 4};
  expect_error<ShapeError>([&] { writer.finish({.schema = schema}); }, {"4 features, expected 3"});
  schema = {.features = 3, .target_kind = TargetKind::classes, .classes = {"only one"}};
  expect_error<ShapeError>([&] { writer.finish({.schema = schema}); }, {"not the index of one of 1 classes"});
}

TEST_F(Shards, SparseRowsThatContradictThemselvesAreRefused) {
  const ScratchFolder root;
  ShardWriter writer(root / "set", {.features = 9, .sparse = true, .targets = false}, 1000);
  const FeatureRows good = features_of(sparse_rows(6, 9), 0, 6);
  FeatureRows bad = good;
  bad.rows = 5;
  expect_error<ShapeError>([&] { writer.append(bad, {}, {}); }, {"7 offsets, expected 6"});
  bad = good;
  bad.columns.pop_back();
  expect_error<ShapeError>([&] { writer.append(bad, {}, {}); }, {"6 columns, expected 7"});
  bad = good;
  bad.values.pop_back();
  expect_error<ShapeError>([&] { writer.append(bad, {}, {}); }, {"6 values, expected 7"});
}

TEST_F(Shards, AManifestThatNobodyWouldReadIsNotWritten) {
  const ScratchFolder root;
  const std::vector<float> one = {1};
  DataSchema schema{.features = 1};
  schema.target_column.assign(64 << 20, 'y');
  ShardWriter writer(root / "set", {.features = 1, .targets = false}, 1000);
  writer.append_dense(std::span(one), {}, {});
  expect_error<DataError>([&] { writer.finish({.schema = schema, .source = "rows.csv"}); },
                          {"rows.csv: a manifest of 6710", "allowed are 67108864"});
}

TEST_F(Shards, AClassThatIsNotUtf8IsADataError) {
  const ScratchFolder root;
  Dataset data = dense_bytes(5, 3);
  data.classes[1] = "\xff";
  data.source = "rows.csv";
  ShardWriter writer(root / "set", {.features = 3, .dtype = DType::u8, .targets = false}, 1000);
  writer.append_dense(std::span(data.dense_u8), {}, {});
  expect_error<DataError>([&] { writer.finish({.schema = schema_of(data), .source = "rows.csv"}); },
                          {"rows.csv", "UTF-8"});
}

/// A view is in a store, whose rows nobody has looked at.
TEST_F(Shards, RowsOfAStoreAreCheckedBeforeTheyAreWritten) {
  const ScratchFolder scratch;
  const std::string folder = scratch / "shards";
  const std::vector<float> cells{1, 2, std::numeric_limits<float>::quiet_NaN(), 4};
  Dataset data = matrix_view({cells.data(), 2, 2, 2});
  data.target = {1, 2};
  expect_error<DataError>([&] { write(data, folder); }, {"row 1", "feature 0", "nan"});
  data.target = {1};
  EXPECT_THROW(write(data, folder), ShapeError);
  Dataset wide = sparse_rows(3, 8);
  wide.features = std::int64_t{1} << 31;
  expect_error<DataError>([&] { write(wide, folder); },
                          {"2147483648 features; shards hold at most 2^31 - 1"});
  EXPECT_FALSE(path_exists(folder));
}

}  // namespace
}  // namespace thalweg
