#include "host/step/micro_batch.hpp"

#include <gtest/gtest.h>

#include "tests/support/backends.hpp"

namespace thalweg {
namespace {

/// Rows of classes 0 to outputs - 1 with features that a hash of their place makes.
Dataset rows_of(std::int64_t rows, std::int64_t features, std::int64_t outputs) {
  Dataset data;
  data.rows = rows;
  data.features = features;
  data.target_kind = TargetKind::classes;
  for (std::int64_t k = 0; k < outputs; ++k) data.classes.push_back(std::to_string(k));
  for (std::int64_t i = 0; i < rows * features; ++i) {
    const auto hash = static_cast<std::uint32_t>(i) * 0x9E3779B9u;
    data.dense_f32.push_back(static_cast<float>(hash >> 8) * 0x1p-23f - 1.0f);
  }
  for (std::int64_t n = 0; n < rows; ++n) data.target.push_back(static_cast<float>(n % outputs));
  return data;
}

/// What is chosen for rows of `features` floats; no values are needed for that.
std::int64_t chosen(const std::string& device, std::int64_t features, std::int64_t outputs,
                    LearnerOptions options, std::vector<std::int64_t> hidden = {}) {
  ModelConfig model;
  model.loss = Loss::softmax_cross_entropy;
  model.hidden = std::move(hidden);
  Dataset data = rows_of(0, features, outputs);
  const Network network(resolve_model(model, schema_of(data), 1));
  return micro_rows(test::context_of(device), network, data, options);
}

TEST(MicroBatch, PartsOfALinearModelOfSeveralOutputsFitACache) {
  EXPECT_EQ(chosen("cpu", 1000, 10, {.max_batch = 4096}), 256);
  EXPECT_EQ(chosen("cpu", 100, 3, {.max_batch = 100000}), 2608);
}

TEST(MicroBatch, PartsOfBytesHaveFourTimesAsManyRows) {
  ModelConfig model;
  model.loss = Loss::softmax_cross_entropy;
  const auto rows = [&](std::int64_t features, std::int64_t max_batch) {
    Dataset data = rows_of(0, features, 10);
    data.dense_u8.resize(1);  // that there are bytes is all that is looked at
    const Network network(resolve_model(model, schema_of(data), 1));
    return micro_rows(test::context_of("cpu"), network, data, {.max_batch = max_batch});
  };
  EXPECT_EQ(rows(1000, 4096), 1040);  // 2^20 / 1000 = 1048, of which 65 sixteens
  EXPECT_EQ(rows(1, 1 << 22), 1 << 20);
  EXPECT_EQ(rows(1000, 2080), 2080) << "twice a part still fits";
  EXPECT_EQ(rows(1000, 2081), 1040);
  EXPECT_EQ(rows(1 << 14, 4096), 64) << "4 rows for each of 10 outputs";
  EXPECT_EQ(rows(3 << 13, 4096), 4096) << "32 rows are not enough";
}

TEST(MicroBatch, TheBatchStaysWholeWherePartsWouldNotPay) {
  EXPECT_EQ(chosen("cpu", 1000, 10, {.max_batch = 512}), 512) << "it fits the caches";
  EXPECT_EQ(chosen("cpu", 1000, 100, {.max_batch = 4096}), 4096) << "sums of many outputs";
  EXPECT_EQ(chosen("cpu", 1000000, 10, {.max_batch = 4096}), 4096) << "no row fits";
  EXPECT_EQ(chosen("cpu", 1000, 10, {.max_batch = 4096}, {32}), 4096) << "hidden layers";
  EXPECT_EQ(chosen("reference", 1000, 10, {.max_batch = 4096}), 4096) << "of the cpu alone";
}

TEST(MicroBatch, WhatIsAskedForIsDone) {
  EXPECT_EQ(chosen("cpu", 1000, 10, {.max_batch = 4096, .micro_batch = 1000}), 1000);
  EXPECT_EQ(chosen("cpu", 1000, 10, {.max_batch = 500, .micro_batch = 1000}), 500);
  EXPECT_EQ(chosen("cpu", 1000, 10, {.max_batch = 4096, .micro_batch = 1}), 1);
}

/// Parameters after steps on all rows; micro_batch as LearnerOptions has it.
std::vector<float> trained(const Dataset& data, std::int64_t micro_batch) {
  const Context& ctx = test::context_of("cpu");
  ModelConfig config;
  config.loss = Loss::softmax_cross_entropy;
  Model model(ctx, resolve_model(config, schema_of(data), 1));
  Learner learner(model, data, {.max_batch = data.rows, .micro_batch = micro_batch});
  std::vector<std::int64_t> rows;
  for (std::int64_t n = 0; n < data.rows; ++n) rows.push_back(n * 7 % data.rows);
  for (int step = 0; step < 3; ++step) learner.step(rows, 0.1);
  return model.network().parameters().download(ctx);
}

TEST(MicroBatch, ChangesNoBit) {
  const Dataset data = rows_of(600, 1001, 5);
  ASSERT_EQ(chosen("cpu", 1001, 5, {.max_batch = 600}), 256);
  EXPECT_EQ(trained(data, 0), trained(data, 600));
}

}  // namespace
}  // namespace thalweg
