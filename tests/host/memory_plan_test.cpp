// The memory plan against bytes counted by hand. A parameter takes whole 1024 floats of an arena.
#include "host/step/memory_plan.hpp"

#include <gtest/gtest.h>

#include "host/step/step_rows.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/small_models.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kParameter = 4 * 1024;  // bytes

/// 10 rows of 3 features.
Dataset ten_rows(int classes = 0) {
  const std::vector<float> x(30), target(10);
  return classes > 0 ? test::class_data(3, x, target, classes) : test::number_data(3, x, target);
}

MemoryPlan plan(const ModelConfig& config, const Dataset& data, const LearnerOptions& options) {
  return plan_memory(resolve_model(config, schema_of(data), 1), data, options);
}

TEST(MemoryPlan, OfALinearModelIsItsArenasItsOutputsAndItsData) {
  const MemoryPlan got = plan({}, ten_rows(), {.optimizer = {.name = Rule::sgd}, .max_batch = 8});
  EXPECT_EQ(got.parameters, 2 * kParameter);
  EXPECT_EQ(got.gradients, 2 * kParameter);
  EXPECT_EQ(got.states, 0);
  // an output and its gradient in the pass, a loss and an output gradient in the learner, of 8 rows
  EXPECT_EQ(got.activations, 4 * 8 * 4);
  EXPECT_EQ(got.data, 4 * (30 + 10));
  EXPECT_EQ(got.working, 0) << "only a trial tells";
  EXPECT_EQ(got.total(), 4 * kParameter + 128 + 160);
}

TEST(MemoryPlan, CountsStatesAndAnAverage) {
  const auto states = [](Rule rule, Averaging average) {
    return plan({.bias = false}, ten_rows(), {.optimizer = {.name = rule, .average = average}}).states;
  };
  EXPECT_EQ(states(Rule::sgd, Averaging::ema), 1 * kParameter);
  EXPECT_EQ(states(Rule::momentum, Averaging::none), 1 * kParameter);
  EXPECT_EQ(states(Rule::adamw, Averaging::none), 2 * kParameter);
  EXPECT_EQ(states(Rule::amsgrad, Averaging::polyak), 4 * kParameter);
}

TEST(MemoryPlan, OfMicroBatchesHasASumForEachLevelOfTheTreeAndSmallerActivations) {
  LearnerOptions options{.max_batch = 8, .micro_batch = 2, .reduction_slices = 4};
  const MemoryPlan got = plan({}, ten_rows(), options);
  EXPECT_EQ(got.gradients, 3 * 2 * kParameter) << "the sum, and two that wait in a tree of 4 slices";
  EXPECT_EQ(got.activations, 4 * (2 * 2 + 8 * 2));
  options.reduction_slices = 64;
  EXPECT_EQ(plan({}, ten_rows(), options).gradients, 7 * 2 * kParameter) << "of 64 slices not 65 but 7";
  options.micro_batch = 8;
  EXPECT_EQ(plan({}, ten_rows(), options).gradients, 2 * kParameter) << "one part is the whole";
}

TEST(MemoryPlan, OfHiddenLayersHasTwoGradientsOfTheWidestAndAllOutputs) {
  const LearnerOptions options{.max_batch = 8};
  // outputs 5 and 7 of the hidden layers, relu in place, and 4; gradients 2 * 7; losses 1
  const MemoryPlan got = plan({.hidden = {5, 7}}, ten_rows(4), options);
  EXPECT_EQ(got.parameters, 6 * kParameter);
  EXPECT_EQ(got.activations, 4 * 8 * (5 + 7 + 4 + 2 * 7 + 1));
  // A per-sample pass keeps the gradient of every layer's output.
  LearnerOptions clipping = options;
  clipping.per_sample.clip_norm = 1;
  EXPECT_EQ(plan({.hidden = {5, 7}}, ten_rows(4), clipping).activations,
            4 * 8 * (5 + 7 + 4 + (5 + 7 + 4) + 1));
}

TEST(MemoryPlan, CountsTheStatisticsOfBatchNormTwice) {
  const MemoryPlan got =
      plan({.hidden = {5}, .normalization = Normalization::batch}, ten_rows(), {.max_batch = 8});
  // mean and variance of 5 units, each on its own 1024 floats, as they are and as they were before the step
  EXPECT_EQ(got.parameters, 6 * kParameter + 2 * 2 * kParameter);
}

TEST(MemoryPlan, CountsDataOfEveryKind) {
  Dataset data = ten_rows();
  data.weight.resize(10);
  data.transform.scale.resize(3), data.transform.shift.resize(3);
  EXPECT_EQ(plan({}, data, {}).data, 4 * (30 + 10 + 10)) << "they are transformed already";
  Dataset bytes = ten_rows();
  bytes.dense_f32.clear(), bytes.dense_u8.resize(30);
  EXPECT_EQ(plan({}, bytes, {}).data, 30 + 4 * 10);
  bytes.transform.scale.resize(3), bytes.transform.shift.resize(3);
  EXPECT_EQ(plan({}, bytes, {}).data, 30 + 4 * (10 + 3 + 3));
  Dataset sparse = ten_rows();
  sparse.dense_f32.clear(), sparse.sparse = true;
  sparse.offsets.resize(11), sparse.columns.resize(6), sparse.values.resize(6);
  EXPECT_EQ(plan({}, sparse, {}).data, 8 * 11 + (4 + 4) * 6 + 4 * 10);
}

TEST(MemoryPlan, CountsTheRowsOfASplitButNotThoseOfAWholeFile) {
  const EpochBatches whole({0, 1, 2, 3}, 2, 1, true, false), part({0, 2, 3}, 2, 1, true, false);
  EXPECT_EQ(placed_bytes(nullptr), 0);
  EXPECT_EQ(placed_bytes(&whole), 0);
  EXPECT_EQ(placed_bytes(&part), 8 * 3);
  const EpochBatches blocks({0, 2, 3}, 2, 1, true, false, {.block_rows = 1});
  EXPECT_EQ(placed_bytes(&blocks), 0) << "the host lists them";
  EXPECT_EQ(plan({}, ten_rows(), {.batches = &part}).data, 4 * 40 + 24);
}

constexpr std::int64_t kKiB = 1 << 10, kMiB = 1 << 20, kGiB = 1 << 30;

TEST(MemoryPlan, IsSaidInUnitsThatFit) {
  EXPECT_EQ(describe({.parameters = 512,
                      .gradients = 3 * kMiB / 2,
                      .states = 5 * kGiB / 2,
                      .activations = kMiB - kKiB,
                      .data = kGiB - kMiB,
                      .working = 1}),
            "memory: 3.50 GiB: parameters 0.5 KiB, gradients 1.5 MiB, optimizer states 2.50 GiB, activations "
            "1023.0 KiB, data 1023.0 MiB, working memory 0.0 KiB");
  EXPECT_EQ(describe({.parameters = kMiB, .gradients = kGiB}).substr(0, 67),
            "memory: 1.00 GiB: parameters 1.0 MiB, gradients 1.00 GiB, optimizer");
}

}  // namespace
}  // namespace thalweg
