// The promise: a run's parameters are a function of config, data and seed alone.
#include <gtest/gtest.h>

#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

struct Kind {
  const char* name;
  Config config;
  bool micro_batches;  ///< batch norm takes the whole batch
};

Config in_blocks(Config config, std::int64_t block_bytes) {
  config.data.order = RowOrder::blocks;
  config.data.block_bytes = block_bytes;
  config.data.window_bytes = 8 * 5 * block_bytes;  // 5 blocks in each of 8 slices
  return config;
}

std::vector<Kind> kinds() {
  return {{"dense_linear", dense_linear_config(), true},
          {"sparse_linear", sparse_linear_config(), true},
          {"mlp_layer_norm", mlp_config(Normalization::layer), true},
          {"sparse_linear_in_blocks", in_blocks(sparse_linear_config(), 1000), true},
          {"mlp_in_blocks", in_blocks(mlp_config(Normalization::layer), 3000), true},
          {"mlp_batch_norm", mlp_config(Normalization::batch), false}};
}

class SameBits : public testing::TestWithParam<Kind> {
 protected:
  std::string checksum(Config config) { return train(config).parameters_xxh3; }
  std::string whole_run() { return checksum(GetParam().config); }
};

TEST_P(SameBits, ForAnyNumberOfThreads) {
  const std::string expected = whole_run();
  for (const int threads : {1, 2, 3}) {
    Config config = GetParam().config;
    config.train.threads = threads;
    EXPECT_EQ(checksum(config), expected) << threads << " threads";
  }
}

TEST_P(SameBits, ForAnyMicroBatch) {
  if (!GetParam().micro_batches) {
    Config config = GetParam().config;
    config.train.micro_batch = 3;
    EXPECT_ANY_THROW(train(config));
    return;
  }
  const std::string expected = whole_run();
  for (const std::int64_t micro :
       {std::int64_t{1}, std::int64_t{3}, GetParam().config.train.batch_size / 2}) {
    Config config = GetParam().config;
    config.train.micro_batch = micro;
    EXPECT_EQ(checksum(config), expected) << "micro-batch " << micro;
  }
}

TEST_P(SameBits, ForTwentyRunsOfOneEpochByResume) {
  const std::string expected = whole_run();
  const TemporaryFolder folder;
  Config config = GetParam().config;
  config.out = folder.path("run");
  std::string last;
  for (config.train.epochs = 1; config.train.epochs <= 20; ++config.train.epochs) {
    const TrainReport report = train(config);
    EXPECT_EQ(report.epochs, config.train.epochs);
    last = report.parameters_xxh3;
  }
  EXPECT_EQ(last, expected);
}

TEST_P(SameBits, ForAnInterruptionInTheMiddleOfAnEpoch) {
  const std::string expected = whole_run();
  const TemporaryFolder folder;
  Config config = GetParam().config;
  config.out = folder.path("run");
  for (const std::int64_t stop : {3, 4, 11, 50}) {
    config.train.max_steps = stop;
    EXPECT_EQ(train(config).steps, stop);
  }
  config.train.max_steps = 0;
  EXPECT_EQ(train(config).parameters_xxh3, expected);
}

TEST(SameBitsOfOrders, BlocksGiveOtherBitsThanRows) {
  const Config rows = sparse_linear_config(), blocks = in_blocks(rows, 1000);
  EXPECT_NE(train(blocks).parameters_xxh3, train(rows).parameters_xxh3);
}

TEST_P(SameBits, AnotherSeedGivesOtherBits) {
  Config config = GetParam().config;
  config.seed = 2;
  EXPECT_NE(checksum(config), whole_run());
}

INSTANTIATE_TEST_SUITE_P(Runs, SameBits, testing::ValuesIn(kinds()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace thalweg::test
