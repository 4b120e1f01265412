#pragma once
// Rows of every kind in memory and in a store, and a model of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/backends.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"

namespace thalweg::test {

using Floats = std::vector<float>;
using Rows = std::vector<std::int64_t>;

constexpr std::int64_t kRows = 2500, kFeatures = 5;  // blocks of 1024, 1024 and 452 rows
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

template <class E, class Call>
void expect_error(const Call& call, const std::string& words) {
  try {
    call();
    ADD_FAILURE() << "no error; expected: " << words;
  } catch (const E& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(words));
  }
}

inline Dataset stored(const Dataset& data) { return with_store(data, std::make_shared<MemoryStore>(data)); }

inline Floats whole(std::int64_t count, std::uint64_t seed, int below) {
  Floats values = random_floats(count, seed, 0, static_cast<float>(below));
  for (float& value : values) value = std::min(std::floor(value), static_cast<float>(below - 1));
  return values;
}

inline Dataset dense(int classes) {
  Dataset data = number_data(kFeatures, random_floats(kRows * kFeatures, 1), random_floats(kRows, 2));
  if (classes > 0) data = class_data(kFeatures, std::move(data.dense_f32), whole(kRows, 3, classes), classes);
  data.weight = random_floats(kRows, 4, 0.5f, 1.5f);
  return data;
}

inline Dataset bytes(int classes) {
  Dataset data = dense(classes);
  for (const float value : whole(kRows * kFeatures, 5, 256))
    data.dense_u8.push_back(static_cast<std::uint8_t>(value));
  data.dense_f32 = {};
  data.transform.scale = {1.0f / 255, 0.5f, 0.01f, 1, 2}, data.transform.shift = {0, -1, 0.25f, 0, 3};
  return data;
}

/// Rows of 0 to 3 entries.
inline Dataset sparse(int classes) {
  Dataset data = dense(classes);
  data.dense_f32 = {}, data.sparse = true, data.offsets = {0};
  const Floats values = random_floats(kRows * kFeatures, 6);
  for (std::int64_t n = 0; n < kRows; ++n) {
    for (std::int64_t j = n % 2; j < kFeatures && n % 7 != 0; j += 2) {
      data.columns.push_back(static_cast<std::int32_t>(j));
      data.values.push_back(values[static_cast<std::size_t>(n * kFeatures + j)]);
    }
    data.offsets.push_back(std::ssize(data.columns));
  }
  return data;
}

inline std::vector<Dataset> all_kinds(int classes) {
  return {dense(classes), bytes(classes), sparse(classes)};
}

inline const Context& cpu() { return context_of("cpu"); }

/// A model whose parameters are not 0.
inline Model model_of(const Context& ctx, const Dataset& data, const ModelConfig& config = {}) {
  Model model(ctx, resolve_model(config, schema_of(data), 7));
  std::vector<NamedTensor> tensors = model.parameters();
  for (std::size_t t = 0; t < tensors.size(); ++t)
    tensors[t].values = random_floats(std::ssize(tensors[t].values), 100 + t);
  model.set_parameters(tensors);
  return model;
}

/// Rows in no order, one of them twice, in all blocks.
inline Rows some_rows() {
  Rows rows{2499, 17, 3, 4, 5, 1024, 17};
  for (std::int64_t n = 0; n < 1200; ++n) rows.push_back(n * 7 % kRows);
  return rows;
}

inline void expect_same_predictions(const Predictions& got, const Predictions& want) {
  EXPECT_EQ(got.rows, want.rows);
  EXPECT_EQ(got.predicted_class, want.predicted_class);
  expect_same_bits(got.values, want.values, "predictions");
}

inline void expect_same_metrics(const Metrics& got, const Metrics& want) {
  EXPECT_GE(want.values.size(), 3u);
  EXPECT_EQ(got.values, want.values);
  EXPECT_EQ(got.undefined, want.undefined);
  EXPECT_EQ(got.confusion, want.confusion);
}

/// Raw rows, and a model of rows that were scaled, filled and have their columns in another order.
struct RawRows {
  Dataset rows = dense(2);
  Dataset trained = dense(2);
  RawRows() {
    trained.transform.columns = {"a", "b", "c", "d", "e"};
    trained.transform.scale = {1, 2, 3, 4, 5}, trained.transform.shift = {0, 1, 0, -1, 0.5f};
    trained.transform.impute = {0, 0, 7, 0, 0};
    trained.classes = {"1", "0"};
    rows.transform.columns = {"b", "a", "c", "e", "d"};
    rows.dense_f32[2] = rows.dense_f32[2002 * kFeatures + 2] = kNan;
  }
  Model model() const { return model_of(cpu(), trained); }
};

}  // namespace thalweg::test
