// What a step asks of the CUDA runtime, read from the executor's counts of calls.
#include <gtest/gtest.h>
#include <simt/calls.hpp>

#include <numeric>

#include "tests/support/run_support.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/thalweg.hpp"

namespace thalweg::test {
namespace {

struct Case {
  const char* name;
  Config config;
};

Config with_numerics(Config config, const char* numerics) {
  config.numerics = numerics;
  return config;
}

class StepCalls : public testing::TestWithParam<Case> {};

TEST_P(StepCalls, BetweenTheStepsOfABurstAreOneUploadAndOneGraphLaunch) {
  const Config& config = GetParam().config;
  const Context ctx(
      {.device = "cuda", .numerics = config.numerics == "fast" ? Numerics::fast : Numerics::exact});
  const bool classes = config.model.loss != "huber";
  const Dataset data = read_training_data(config.data, classes ? TargetUse::classes : TargetUse::numbers);
  Model model(ctx, resolve_model(config.model, schema_of(data), 1));
  constexpr std::int64_t kBatch = 40;
  Learner learner(ctx, model, data, {.optimizer = config.optimizer, .max_batch = kBatch});
  ASSERT_GT(learner.burst_limit(), 3);
  std::vector<std::int64_t> rows(kBatch);
  std::iota(rows.begin(), rows.end(), 0);
  for (int step = 0; step < 3; ++step) learner.enqueue(rows, 0.01);  // as it is, recorded, replayed
  learner.collect();

  const simt::Calls before = simt::calls();
  for (int step = 1; step <= 3; ++step) {
    learner.enqueue(rows, 0.01);
    const simt::Calls now = simt::calls();
    EXPECT_EQ(now.graph_launches, before.graph_launches + step);
    EXPECT_EQ(now.uploads, before.uploads + step);
    EXPECT_EQ(now.launches, before.launches);
    EXPECT_EQ(now.captures, before.captures);
    EXPECT_EQ(now.downloads, before.downloads);
    EXPECT_EQ(now.synchronizations, before.synchronizations);
    EXPECT_EQ(now.allocations, before.allocations);
    EXPECT_EQ(now.frees, before.frees);
  }
  learner.collect();
  const simt::Calls after = simt::calls();
  EXPECT_EQ(after.downloads, before.downloads + 1);
  EXPECT_EQ(after.synchronizations, before.synchronizations + 1);
  EXPECT_EQ(after.allocations, before.allocations);
}

INSTANTIATE_TEST_SUITE_P(Models, StepCalls,
                         testing::Values(Case{"mlp", mlp_config("layer")},
                                         Case{"fast_mlp", with_numerics(mlp_config("layer"), "fast")},
                                         Case{"dense_linear", dense_linear_config()},
                                         Case{"sparse_linear", sparse_linear_config()}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace thalweg::test
