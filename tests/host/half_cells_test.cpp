// Numbers of 16 bits: their patterns, and shards that hold them.
#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "host/checkpoint/files.hpp"
#include "host/data/half_floats.hpp"
#include "host/data/shards/shard_layout.hpp"
#include "host/data/shards/shard_store.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/files.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using test::npy;
using testing::ElementsAre;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(HalfFloats, Float16HasThePatternsOfTheStandard) {
  const std::pair<float, int> patterns[] = {{0, 0x0000},        {-0.0F, 0x8000},  {1, 0x3C00},
                                            {-2, 0xC000},       {0.1F, 0x2E66},   {65504, 0x7BFF},
                                            {0x1p-14F, 0x0400}, {0x1p-24F, 0x01}, {0x3p-24F, 0x03},
                                            {1 / 3.0F, 0x3555}, {-0.5F, 0xB800}};
  for (const auto& [value, bits] : patterns) {
    EXPECT_EQ(float16_of(value), bits) << value;
    EXPECT_NEAR(float_of_float16(static_cast<std::uint16_t>(bits)), value, std::abs(value) / 2048);
  }
  EXPECT_EQ(float16_of(kInfinity), 0x7C00);
  EXPECT_EQ(float_of_float16(0xFC00), -kInfinity);
  EXPECT_TRUE(std::signbit(float_of_float16(0x8000)));
  EXPECT_TRUE(std::isnan(float_of_float16(0x7E01)));
  EXPECT_TRUE(std::isnan(float_of_float16(float16_of(std::nanf("")))));
}

TEST(HalfFloats, Float16IsTheNearestAndOfTwoTheEvenOne) {
  const std::pair<float, int> patterns[] = {
      {1 + 0x1p-11F, 0x3C00}, {1 + 0x3p-11F, 0x3C02},   {1 + 0x1p-11F + 0x1p-20F, 0x3C01},
      {65519, 0x7BFF},        {65520, 0x7C00},          {65536, 0x7C00},
      {0x1p-25F, 0x0000},     {0x3p-25F, 0x0002},       {0x1.8p-25F, 0x0001},
      {0x1.FFCp-15F, 0x0400}, {2047.0F / 2048, 0x3BFF}, {4095.0F / 4096, 0x3C00}};
  for (const auto& [value, bits] : patterns) EXPECT_EQ(float16_of(value), bits) << value;
}

TEST(HalfFloats, EveryPatternComesBack) {
  for (int bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    if ((bits & 0x7FFF) <= 0x7C00) {
      ASSERT_EQ(float16_of(float_of_float16(half)), half) << bits;
    }
    if ((bits & 0x7FFF) <= 0x7F80) {
      ASSERT_EQ(bfloat16_of(float_of_bfloat16(half)), half) << bits;
    }
  }
}

TEST(HalfFloats, Bfloat16IsTheUpperHalfRoundedToTheNearest) {
  const std::pair<float, int> patterns[] = {
      {1, 0x3F80},           {-2, 0xC000},          {0.1F, 0x3DCD},
      {3e38F, 0x7F62},       {1 + 0x1p-8F, 0x3F80}, {1 + 0x3p-8F, 0x3F82},
      {1 + 0x5p-9F, 0x3F81}, {0x1p-133F, 0x0001},   {3.4e38F, 0x7F80}};
  for (const auto& [value, bits] : patterns) EXPECT_EQ(bfloat16_of(value), bits) << value;
  EXPECT_EQ(float_of_bfloat16(0x3DCD), 0.10009765625F);
}

class HalfShards : public test::DataFiles {
 protected:
  DataConfig array(const std::vector<float>& cells) const {
    DataConfig c = config(write("x.npy", npy("<f4", "(" + std::to_string(cells.size() / 2) + ", 2)", cells)));
    std::vector<float> targets(cells.size() / 2);
    for (std::size_t r = 0; r < targets.size(); ++r) targets[r] = static_cast<float>(r) / 2;
    c.target = write("y.npy", npy("<f4", "(" + std::to_string(targets.size()) + ",)", targets));
    return c;
  }
  ConvertReport convert_as(CellFloats floats, const std::vector<float>& cells) const {
    std::filesystem::remove_all(path("shards"));
    return convert(array(cells), path("shards"), {.floats = floats});
  }
  std::vector<float> read() const {
    const Dataset stored = open_shards(path("shards"));
    FeatureRows rows;
    stored.store->read(0, stored.rows, rows);
    return rows.f32;
  }
};

TEST_F(HalfShards, TheFileHoldsTheBitsAndReadingGivesFloats) {
  const std::vector<float> cells{1, -2, 0.5F, 65504, 0x1p-24F, 0};
  EXPECT_THAT(convert_as(CellFloats::f16, cells).notes, ElementsAre()) << "nothing is rounded";
  const ShardManifest m = read_shard_manifest(path("shards"));
  EXPECT_EQ(dtype_of(m.form), "f16");
  const std::string bytes = read_file(path("shards/shard-00000.safetensors"));
  EXPECT_NE(bytes.find("\"x\":{\"dtype\":\"F16\",\"shape\":[3,2]"), std::string::npos);
  const ShardLayout layout = shard_layout(m.form, m.shards[0]);
  ASSERT_EQ(std::ssize(bytes), layout.x + 12);
  EXPECT_EQ(bytes.substr(static_cast<std::size_t>(layout.x)),
            std::string("\x00\x3C\x00\xC0\x00\x38\xFF\x7B\x01\x00\x00\x00", 12));
  EXPECT_EQ(read(), cells);
  const Dataset stored = open_shards(path("shards"));
  FeatureRows last;
  stored.store->read(2, 1, last);
  EXPECT_THAT(last.f32, ElementsAre(0x1p-24F, 0)) << "from the middle of the file";
}

TEST_F(HalfShards, WhatIsRoundedIsToldInALine) {
  EXPECT_THAT(convert_as(CellFloats::f16, {1, 0.1F, 3, 0.3F}).notes,
              ElementsAre("f16 rounded 2 of 4 numbers, by at most 0.00024 of the number"));
  EXPECT_THAT(read(), ElementsAre(1, 0.0999755859375F, 3, 0.300048828125F));
  EXPECT_THAT(convert_as(CellFloats::bf16, {1, 0.1F, 3e38F, 4}).notes,
              ElementsAre("bf16 rounded 2 of 4 numbers, by at most 0.0014 of the number"));
  EXPECT_EQ(read()[1], 0.10009765625F);
  std::filesystem::remove_all(path("shards"));
  const ConvertOptions one_row_each{.shard_bytes = 4, .floats = CellFloats::f16};
  const ConvertReport report = convert(array({1, 0.1F, 3, 0.3F}), path("shards"), one_row_each);
  EXPECT_EQ(report.shards, 2);
  EXPECT_THAT(report.notes, ElementsAre("f16 rounded 2 of 4 numbers, by at most 0.00024 of the number"));
  EXPECT_THAT(read(), ElementsAre(1, 0.0999755859375F, 3, 0.300048828125F));
  std::filesystem::remove_all(path("shards"));
  expect_error<DataError>(
      [&] {
        convert(array({1, 2, 3, 4, 70000, 6}), path("shards"), one_row_each);
      },
      {"row 2, feature 0: 70000 is beyond f16"});
  convert_as(CellFloats::bf16, {1, 2});
  EXPECT_EQ(dtype_of(read_shard_manifest(path("shards")).form), "bf16");
}

TEST_F(HalfShards, RoundedNumbersAreScaledAsTheyAreRead) {
  DataConfig c = array({1, 10, 3, 30});
  c.standardize = Tristate::yes;
  convert(c, path("shards"), {.floats = CellFloats::f16});
  EXPECT_EQ(read_shard_manifest(path("shards")).facts.cells, ShardCells::unscaled);
  EXPECT_THAT(read(), ElementsAre(-1, -1, 1, 1));
}

TEST_F(HalfShards, RowsThatWereInMemoryAreRoundedToo) {
  DataConfig c;
  c.train = write("d.csv", "x,c,y\n0.1,a,1\n3,b,2\n");
  c.standardize = Tristate::no;
  const ConvertReport report = convert(c, path("shards"), {.floats = CellFloats::bf16});
  EXPECT_THAT(report.notes,
              testing::Contains("bf16 rounded 1 of 6 numbers, by at most 0.00098 of the number"));
  EXPECT_THAT(read(), ElementsAre(0.10009765625F, 1, 0, 3, 0, 1));
}

TEST_F(HalfShards, ANumberBeyondTheTypeIsNamedAndOtherRowsAreRefused) {
  expect_error<DataError>(
      [&] {
        convert_as(CellFloats::f16, {1, 2, 3, 65520});
      },
      {"row 1, feature 1: 65520 is beyond f16; want bf16 or f32"});
  expect_error<DataError>(
      [&] {
        convert_as(CellFloats::bf16, {3.4e38F, 2, 3, 4});
      },
      {"row 0, feature 0: 3.4e+38 is beyond bf16; want f32"});
  DataConfig c = config(write("d.svm", "1 1:2\n0 3:4\n"));
  expect_error<UsageError>([&] { convert(c, path("shards"), {.floats = CellFloats::f16}); },
                           {"f16 is for dense rows of numbers; these rows are sparse"});
  c = array({1, 2});
  c.train = write("x.npy", npy("|u1", "(1, 2)", std::vector<std::uint8_t>{1, 2}));
  expect_error<UsageError>([&] { convert(c, path("shards"), {.floats = CellFloats::bf16}); },
                           {"bf16 is for dense rows of numbers; these rows are bytes"});
  EXPECT_FALSE(std::filesystem::exists(path("shards")));
}

TEST_F(HalfShards, EveryFlippedBitIsNamed) {
  convert_as(CellFloats::f16, {1, 2, 3, 4, 5, 6});
  const std::string file = path("shards/shard-00000.safetensors"), whole = read_file(file);
  for (std::size_t at = 0; at < whole.size(); at += at + 13 < whole.size() ? 13 : 1) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 4);
    test::overwrite(file, bytes);
    expect_error<DataError>([&] { read(); }, {"shard-00000.safetensors: damaged"});
  }
}

}  // namespace
}  // namespace thalweg
