// What a learner takes of a config.
#include "host/run/learner_options.hpp"

#include <gtest/gtest.h>

#include "host/data/all_rows.hpp"

namespace thalweg {
namespace {

TEST(LearnerOptions, TakeEverySettingOfAStep) {
  Config config;
  config.optimizer = {.name = Rule::lion, .lr = 0.5, .l2 = 0.25};
  config.per_sample = {.clip_norm = 2, .mode = ClipMode::per_layer, .statistics = true};
  config.train.batch_size = 100, config.train.micro_batch = 10, config.train.reduction_slices = 4;
  config.train.ranks = 3;
  const EpochBatches batches(all_rows(70), 100, 1, true, false);
  const LearnerOptions options = learner_options(config, 70, &batches);
  EXPECT_EQ(options.optimizer.name, Rule::lion);
  EXPECT_EQ(options.optimizer.lr, 0.5);
  EXPECT_EQ(options.optimizer.l2, 0.25);
  EXPECT_EQ(options.per_sample.clip_norm, 2);
  EXPECT_EQ(options.per_sample.mode, ClipMode::per_layer);
  EXPECT_TRUE(options.per_sample.statistics);
  EXPECT_EQ(options.max_batch, 70) << "a batch has no more rows than there are";
  EXPECT_EQ(options.micro_batch, 10);
  EXPECT_EQ(options.reduction_slices, 4);
  EXPECT_EQ(options.ranks, 3);
  EXPECT_EQ(options.batches, &batches);
  EXPECT_EQ(learner_options(config, 1000).max_batch, 100);
}

TEST(LearnerOptions, TakeHowRowsOnTheDiskAreRead) {
  Config config;
  EXPECT_EQ(learner_options(config, 70).loading.memory, 0) << "the learner chooses";
  EXPECT_EQ(learner_options(config, 70).loading.readers, 16);
  config.data.memory = "1.5MB", config.data.readers = 3;
  EXPECT_EQ(learner_options(config, 70).loading.memory, 1500000);
  EXPECT_EQ(learner_options(config, 70).loading.readers, 3);
}

}  // namespace
}  // namespace thalweg
