// What an evaluation asks of the CUDA runtime, read from the executor's counts of calls.
#include <gtest/gtest.h>
#include <simt/calls.hpp>

#include "tests/support/run_support.hpp"
#include "thalweg/thalweg.hpp"

namespace thalweg::test {
namespace {

std::int64_t downloads_of_an_evaluation(const Config& config, TargetUse use, std::int64_t rows) {
  const Context ctx({.device = "cuda"});
  const Dataset data = read_training_data(config.data, use);
  Model model(ctx, resolve_model(config.model, schema_of(data), 1));
  std::vector<std::int64_t> some;
  for (std::int64_t row = 0; row < rows; ++row) some.push_back(row % data.rows);
  const std::int64_t before = simt::calls().downloads;
  EXPECT_FALSE(evaluate(ctx, model, data, &some).values.empty());
  return simt::calls().downloads - before;
}

TEST(EvaluationCalls, OnlyTheSumsAreCopiedBackHoweverManyRowsThereAre) {
  Config smoothed = mlp_config("none");
  smoothed.model.label_smoothing = 0.1;
  for (const std::int64_t rows : {1, 1024, 2500}) {
    EXPECT_EQ(downloads_of_an_evaluation(smoothed, TargetUse::classes, rows), 1) << rows;
    EXPECT_EQ(downloads_of_an_evaluation(sparse_linear_config(), TargetUse::classes, rows), 1) << rows;
    EXPECT_EQ(downloads_of_an_evaluation(dense_linear_config(), TargetUse::numbers, rows), 1) << rows;
  }
}

}  // namespace
}  // namespace thalweg::test
