// What an evaluation asks of the CUDA runtime, read from the executor's counts of calls.
#include <gtest/gtest.h>
#include <simt/calls.hpp>

#include "host/model/evaluation.hpp"
#include "tests/support/run_support.hpp"
#include "thalweg/thalweg.hpp"

namespace thalweg::test {
namespace {

/// Sums, confusion of up to ten classes and pairs.
constexpr std::int64_t kSumBytes = 2048;

void expect_an_evaluation_copies_sums_alone(const Config& config, TargetUse use, std::int64_t rows) {
  const Context ctx({.device = "cuda"});
  const Dataset data = read_training_data(config.data, use);
  Model model(ctx, resolve_model(config.model, schema_of(data), 1));
  std::vector<std::int64_t> some;
  for (std::int64_t row = 0; row < rows; ++row) some.push_back(row % data.rows);
  const simt::Calls before = simt::calls();
  const DeviceDataset placed(ctx, data);
  const Metrics metrics =
      evaluate_rows(ctx, model.network(), PlacedRows(ctx, placed, &some), {.scope = MetricScope::sums});
  EXPECT_FALSE(metrics.values.empty());
  EXPECT_EQ(simt::calls().downloads - before.downloads, 1) << rows;
  EXPECT_LE(simt::calls().downloaded_bytes - before.downloaded_bytes, kSumBytes) << rows;
}

TEST(EvaluationCalls, OnlyTheSumsAreCopiedBackHoweverManyRowsThereAre) {
  Config smoothed = mlp_config(Normalization::none);
  smoothed.model.label_smoothing = 0.1;
  for (const std::int64_t rows : {1, 1024, 2500}) {
    expect_an_evaluation_copies_sums_alone(smoothed, TargetUse::classes, rows);
    expect_an_evaluation_copies_sums_alone(sparse_linear_config(), TargetUse::classes, rows);
    expect_an_evaluation_copies_sums_alone(dense_linear_config(), TargetUse::numbers, rows);
  }
}

}  // namespace
}  // namespace thalweg::test
