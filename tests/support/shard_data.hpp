#pragma once
// Small data sets for shards, and the rows that come back.
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "host/data/row_store.hpp"
#include "thalweg/dataset.hpp"

namespace thalweg::test {

/// Numbers with all bits in use, among them -0 and a subnormal.
inline float odd_float(std::int64_t i) {
  if (i % 11 == 3) return -0.0f;
  if (i % 13 == 5) return 0x1p-140f;
  return static_cast<float>((i * 7919) % 1000 - 500) / 37.0f;
}

inline FeatureRows features_of(const Dataset& stored) {
  FeatureRows rows;
  stored.store->read(0, stored.rows, rows);
  return rows;
}

/// The schema, the features and the targets of `stored` are those of the rows in memory.
inline void expect_rows_of(const Dataset& memory, const Dataset& stored) {
  const FeatureRows rows = features_of(stored);
  EXPECT_EQ(schema_to_json(schema_of(stored)), schema_to_json(schema_of(memory)));
  EXPECT_TRUE(rows.f32 == memory.dense_f32);
  EXPECT_TRUE(rows.u8 == memory.dense_u8);
  if (memory.sparse) {
    EXPECT_TRUE(rows.offsets == memory.offsets);
    EXPECT_TRUE(rows.columns == memory.columns);
    EXPECT_TRUE(rows.values == memory.values);
  }
  EXPECT_TRUE(stored.target == memory.target);
  EXPECT_EQ(stored.target_reason, memory.target_reason);
}

/// Rows with numbers to predict, a transform and no weights.
inline Dataset dense_floats(std::int64_t rows, std::int64_t features) {
  Dataset data;
  data.rows = rows;
  data.features = features;
  for (std::int64_t i = 0; i < rows * features; ++i) data.dense_f32.push_back(odd_float(i));
  for (std::int64_t r = 0; r < rows; ++r) data.target.push_back(odd_float(r + 100));
  data.target_transform = {.mean = 0.1, .deviation = 1 / 3.0, .offset = 7};
  data.target_reason = "17 numbers are \"many\"";
  data.target_column = "y";
  for (std::int64_t j = 0; j < features; ++j) {
    data.transform.columns.push_back("c" + std::to_string(j));
    data.transform.scale.push_back(1.0f / static_cast<float>(j + 3));
    data.transform.shift.push_back(-0.1f);
  }
  return data;
}

/// Bytes of three classes, with weights of mean 1.
inline Dataset dense_bytes(std::int64_t rows, std::int64_t features) {
  Dataset data;
  data.rows = rows;
  data.features = features;
  data.target_kind = TargetKind::classes;
  data.classes = {"a", "b\"", "\xc3\xa9"};
  for (std::int64_t i = 0; i < rows * features; ++i)
    data.dense_u8.push_back(static_cast<std::uint8_t>(i * 31 % 251));
  for (std::int64_t r = 0; r < rows; ++r) {
    data.target.push_back(static_cast<float>(r * r % 3));
    data.weight.push_back(r % 2 == 0 ? 0.5f : 1.5f);
  }
  data.transform.scale.assign(static_cast<std::size_t>(features), 1.0f / 255);
  data.transform.shift.assign(static_cast<std::size_t>(features), 0.0f);
  return data;
}

/// Row r has r % 4 entries, so that every fourth is empty; no targets.
inline Dataset sparse_rows(std::int64_t rows, std::int64_t features) {
  Dataset data;
  data.rows = rows;
  data.features = features;
  data.sparse = true;
  data.index_base = 0;
  data.offsets = {0};
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t k = 0; k < r % 4; ++k) {
      data.columns.push_back(static_cast<std::int32_t>((r % 3 + 2 * k) % features));
      data.values.push_back(odd_float(r + k));
    }
    data.offsets.push_back(static_cast<std::int64_t>(data.columns.size()));
  }
  return data;
}

/// The features of rows in memory, as a store gives them.
inline FeatureRows features_of(const Dataset& data, std::int64_t first, std::int64_t count) {
  FeatureRows rows;
  rows.rows = count;
  for (std::int64_t i = first * data.features; i < (first + count) * data.features; ++i) {
    if (!data.dense_f32.empty()) rows.f32.push_back(data.dense_f32[static_cast<std::size_t>(i)]);
    if (!data.dense_u8.empty()) rows.u8.push_back(data.dense_u8[static_cast<std::size_t>(i)]);
  }
  for (std::int64_t r = first; data.sparse && r < first + count; ++r) {
    for (auto k = data.offsets[static_cast<std::size_t>(r)];
         k < data.offsets[static_cast<std::size_t>(r) + 1]; ++k) {
      rows.columns.push_back(data.columns[static_cast<std::size_t>(k)]);
      rows.values.push_back(data.values[static_cast<std::size_t>(k)]);
    }
    rows.offsets.push_back(static_cast<std::int64_t>(rows.columns.size()));
  }
  return rows;
}

/// Whether two lists are equal bit for bit.
template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

inline bool same_bits(const FeatureRows& a, const FeatureRows& b) {
  return a.rows == b.rows && same_bits(a.f32, b.f32) && same_bits(a.u8, b.u8) && a.offsets == b.offsets &&
         a.columns == b.columns && same_bits(a.values, b.values);
}

}  // namespace thalweg::test
