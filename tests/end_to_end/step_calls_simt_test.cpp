// What a step asks of the CUDA runtime, read from the executor's counts of calls: whatever the model, its
// data and its gradients' transforms, one upload and one graph launch; of a linear model on dense rows, these
// for a whole burst. How many kernels the graph or the burst has is in launches.golden, where a sort or a
// scan of Thrust counts as one; with THALWEG_UPDATE_GOLDEN=1 in the environment that file is written anew.
#include <gtest/gtest.h>
#include <simt/calls.hpp>

#include <cstdlib>
#include <fstream>
#include <map>
#include <vector>

#include "tests/support/run_support.hpp"
#include "tests/support/source_folder.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/thalweg.hpp"

namespace thalweg::test {
namespace {

struct Case {
  const char* name;
  Config config;
  bool weighted = false;
  std::int64_t micro_batch = 0;
  PerSampleOptions per_sample = {};
  bool in_one_launch = false;  ///< the steps of a burst
};

Config with_numerics(Config config, Numerics numerics) {
  config.numerics = numerics;
  return config;
}

Config without_lazy_updates(Config config) {
  config.optimizer.lazy = Tristate::no;
  return config;
}

Config with_a_ball(Config config) {
  config.optimizer.constraint = Constraint::l2_ball;
  return config;
}

Config softmax_config() {
  Config config = mlp_config(Normalization::none);
  config.model.hidden = {};
  config.model.dropout = 0;
  return config;
}

std::vector<Case> cases() {
  const PerSampleOptions noisy{.clip_norm = 0.5, .noise_multiplier = 0.8, .noise_seed = 3};
  const PerSampleOptions per_layer{.clip_norm = 0.5, .mode = ClipMode::per_layer};
  return {
      {.name = "mlp_with_dropout_and_layer_norm", .config = mlp_config(Normalization::layer)},
      {.name = "mlp_with_batch_norm", .config = mlp_config(Normalization::batch)},
      {.name = "fast_mlp", .config = with_numerics(mlp_config(Normalization::layer), Numerics::fast)},
      {.name = "softmax", .config = softmax_config()},
      {.name = "dense_linear_burst_of_32", .config = dense_linear_config(), .in_one_launch = true},
      {.name = "dense_linear_in_a_ball", .config = with_a_ball(dense_linear_config())},
      {.name = "sparse_linear", .config = sparse_linear_config()},
      {.name = "sparse_linear_without_lazy_updates", .config = without_lazy_updates(sparse_linear_config())},
      {.name = "weighted_mlp", .config = mlp_config(Normalization::layer), .weighted = true},
      {.name = "weighted_softmax", .config = softmax_config(), .weighted = true},
      {.name = "weighted_dense_linear_burst_of_32",
       .config = dense_linear_config(),
       .weighted = true,
       .in_one_launch = true},
      {.name = "weighted_sparse_linear", .config = sparse_linear_config(), .weighted = true},
      {.name = "micro_batched_mlp", .config = mlp_config(Normalization::layer), .micro_batch = 16},
      {.name = "micro_batched_weighted_dense_linear",
       .config = dense_linear_config(),
       .weighted = true,
       .micro_batch = 16},
      {.name = "micro_batched_sparse_linear", .config = sparse_linear_config(), .micro_batch = 16},
      {.name = "clipped_noisy_mlp", .config = mlp_config(Normalization::layer), .per_sample = noisy},
      {.name = "clipped_noisy_weighted_dense_linear",
       .config = dense_linear_config(),
       .weighted = true,
       .per_sample = noisy},
      {.name = "clipped_noisy_sparse_linear",
       .config = without_lazy_updates(sparse_linear_config()),
       .micro_batch = 16,
       .per_sample = noisy},
      {.name = "mlp_clipped_per_layer", .config = mlp_config(Normalization::none), .per_sample = per_layer}};
}

constexpr std::int64_t kBatch = 40, kLastBatch = 23;

/// The batches of an epoch: other rows each, the last batch a short one.
std::vector<std::vector<std::int64_t>> batches() {
  std::vector<std::vector<std::int64_t>> all;
  std::int64_t row = 0;
  for (const std::int64_t count : {kBatch, kBatch, kLastBatch}) {
    for (all.emplace_back(); static_cast<std::int64_t>(all.back().size()) < count; ++row)
      all.back().push_back(row);
  }
  return all;
}

/// A learner on a device, and all that it stands on.
struct Training {
  Context ctx;
  Dataset data;
  Model model;
  Learner learner;

  Training(const Case& c, const char* device)
      : ctx({.device = device, .numerics = c.config.numerics}),
        data(data_of(c)),
        model(ctx, resolve_model(c.config.model, schema_of(data), 1)),
        learner(model, data,
                {.optimizer = c.config.optimizer,
                 .per_sample = c.per_sample,
                 .max_batch = kBatch,
                 .micro_batch = c.micro_batch}) {}

  static Dataset data_of(const Case& c) {
    const bool classes = c.config.model.loss != Loss::huber;
    Dataset data = read_training_data(c.config.data, classes ? TargetUse::classes : TargetUse::numbers);
    // Weights of which no two batches have the same sum: each step has a loss scale of its own.
    for (std::int64_t row = 0; c.weighted && row < data.rows; ++row)
      data.weight.push_back(0.5f + 0.01f * static_cast<float>(row % 97));
    return data;
  }

  void enqueue_epoch() {
    for (const auto& rows : batches()) learner.enqueue(rows, 0.01);
  }
};

class StepCalls : public testing::TestWithParam<Case> {};

TEST_P(StepCalls, BetweenTheStepsOfABurstAreOneUploadAndOneGraphLaunchOrNothing) {
  Training run(GetParam(), "cuda");
  ASSERT_GE(run.learner.burst_limit(), 6);
  run.enqueue_epoch();  // each size of batch as it is the first time, recorded the second
  run.enqueue_epoch();
  run.learner.collect();

  const simt::Calls before = simt::calls();
  const std::int64_t each = GetParam().in_one_launch ? 0 : 1;
  std::int64_t step = 0;
  for (const auto& rows : batches()) {
    run.learner.enqueue(rows, 0.01);
    ++step;
    const simt::Calls now = simt::calls();
    EXPECT_EQ(now.graph_launches, before.graph_launches + each * step);
    EXPECT_EQ(now.uploads, before.uploads + each * step);
    EXPECT_EQ(now.launches, before.launches);
    EXPECT_EQ(now.captures, before.captures);
    EXPECT_EQ(now.downloads, before.downloads);
    EXPECT_EQ(now.synchronizations, before.synchronizations);
    EXPECT_EQ(now.allocations, before.allocations);
    EXPECT_EQ(now.frees, before.frees);
  }
  for (const StepResult& result : run.learner.collect()) EXPECT_EQ(result.diverged, "");
  const simt::Calls after = simt::calls();
  EXPECT_EQ(after.launches - before.launches, 1 - each);
  // the inputs of all steps, and the state of the next burst
  EXPECT_EQ(after.uploads - before.uploads, (each == 0 ? 1 : step) + 1);
  EXPECT_EQ(after.downloads, before.downloads + 1);
  EXPECT_EQ(after.synchronizations, before.synchronizations + 1);
  EXPECT_EQ(after.allocations, before.allocations);
}

TEST_P(StepCalls, ReplayedStepsHaveTheBitsOfTheCpu) {
  if (GetParam().config.numerics == Numerics::fast) GTEST_SKIP() << "fast numerics promise no bits";
  Training replayed(GetParam(), "cuda"), stepped(GetParam(), "cpu");
  for (int epoch = 0; epoch < 3; ++epoch) {
    replayed.enqueue_epoch();
    replayed.learner.collect();
    for (const auto& rows : batches()) stepped.learner.step(rows, 0.01);
  }
  EXPECT_EQ(parameters_xxh3(replayed.model.parameters()), parameters_xxh3(stepped.model.parameters()));
}

/// Kernels of one step, which is not recorded yet, or of a whole burst.
std::int64_t kernels_of(const Case& c) {
  Training run(c, "cuda");
  const std::int64_t before = simt::calls().launches;
  const std::int64_t steps = c.in_one_launch ? run.learner.burst_limit() : 1;
  for (std::int64_t step = 0; step < steps; ++step) run.learner.enqueue(batches()[0], 0.01);
  run.learner.collect();
  return simt::calls().launches - before;
}

TEST(StepKernels, AreAsManyAsWrittenDown) {
  const std::string file = source_folder() + "tests/end_to_end/launches.golden";
  std::map<std::string, std::int64_t> want, got;
  std::ifstream in(file);
  for (std::string name; in >> name;) in >> want[name];
  for (const Case& c : cases()) got[c.name] = kernels_of(c);
  if (std::getenv("THALWEG_UPDATE_GOLDEN") != nullptr) {
    std::ofstream out(file);
    for (const Case& c : cases()) out << c.name << ' ' << got[c.name] << '\n';
    return;
  }
  EXPECT_EQ(got, want) << "THALWEG_UPDATE_GOLDEN=1 writes " << file << " anew";
}

TEST(EpochSteps, UploadNoRows) {
  const Config config = mlp_config(Normalization::layer);
  const Context ctx({.device = "cuda"});
  const Dataset data = read_training_data(config.data, TargetUse::classes);
  Model model(ctx, resolve_model(config.model, schema_of(data), 1));
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 5; row < data.rows; ++row) rows.push_back(row);
  const EpochBatches batches(rows, 32, 4, true, true);
  Learner learner(model, data,
                  {.optimizer = config.optimizer, .max_batch = 32, .micro_batch = 20, .batches = &batches});
  for (int step = 0; step < 2; ++step) learner.enqueue(batches.at_step(step), 0.01);
  const simt::Calls before = simt::calls();
  for (int step = 2; step < 12; ++step) learner.enqueue(batches.at_step(step), 0.01);
  const simt::Calls after = simt::calls();
  EXPECT_EQ(after.uploads - before.uploads, 10);
  EXPECT_EQ(after.graph_launches - before.graph_launches, 10);
  EXPECT_EQ(after.launches, before.launches);
  EXPECT_EQ(after.allocations, before.allocations);
  learner.collect();

  const std::int64_t lists_from = simt::calls().uploaded_bytes;
  for (int step = 2; step < 12; ++step) learner.enqueue(batches.at_step(step).rows(), 0.01);
  const std::int64_t by_lists = simt::calls().uploaded_bytes - lists_from;
  EXPECT_EQ(by_lists - (after.uploaded_bytes - before.uploaded_bytes), 10 * 32 * 8);
  learner.collect();
}

INSTANTIATE_TEST_SUITE_P(Models, StepCalls, testing::ValuesIn(cases()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace thalweg::test
