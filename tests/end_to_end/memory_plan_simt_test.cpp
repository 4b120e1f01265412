// The memory plan against the device memory that is really taken, and a run that does not fit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <simt/calls.hpp>

#include "host/step/memory_plan.hpp"
#include "tests/support/run_support.hpp"
#include "thalweg/error.hpp"
#include "thalweg/thalweg.hpp"

namespace thalweg::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Ids, scalars and records of a burst, which the plan leaves out.
constexpr std::int64_t kSmallThings = 64 << 10;

void expect_plan_of_what_is_taken(const Config& config, std::int64_t micro_batch) {
  const Context ctx({.device = "cuda"});
  const bool classes = config.model.loss != Loss::huber;
  const Dataset data = read_training_data(config.data, classes ? TargetUse::classes : TargetUse::numbers);
  const ModelSpec spec = resolve_model(config.model, schema_of(data), 1);
  const EpochBatches batches(split_rows(data.rows, 0.1, 1).train, 128, 1, true, false);
  const LearnerOptions options{
      .optimizer = config.optimizer, .max_batch = 128, .micro_batch = micro_batch, .batches = &batches};
  const std::int64_t planned = plan_memory(spec, data, options).total(), before = simt::device_bytes();
  Model model(ctx, spec);
  const Learner learner(model, data, options);
  const std::int64_t taken = simt::device_bytes() - before;
  EXPECT_GE(taken, planned);
  EXPECT_LE(taken, planned + kSmallThings);
}

TEST(MemoryPlan, IsWhatALearnerTakes) {
  for (const Normalization normalization : {Normalization::none, Normalization::layer}) {
    expect_plan_of_what_is_taken(mlp_config(normalization), 0);
    expect_plan_of_what_is_taken(mlp_config(normalization), 32);
  }
  expect_plan_of_what_is_taken(mlp_config(Normalization::batch), 0);
  expect_plan_of_what_is_taken(dense_linear_config(), 0);
}

TEST(MemoryPlan, IsLoggedBeforeTheFirstStep) {
  Config config = mlp_config(Normalization::none);
  config.device = "cuda";
  config.train.max_steps = 1;
  std::string messages;
  train(config, {.message = [&](const std::string& line) { messages += line + "\n"; }});
  EXPECT_THAT(messages, AllOf(HasSubstr("memory: "), HasSubstr("parameters"), HasSubstr("activations")));
}

TEST(MemoryPlan, ARunThatDoesNotFitNamesItsPartsAndTakesNothing) {
  const std::int64_t before = simt::device_bytes();
  setenv("THALWEG_SIMT_MEMORY", std::to_string(before + 300000).c_str(), 1);
  Config config = mlp_config(Normalization::none);
  config.device = "cuda";
  std::string error;
  try {
    train(config);
  } catch (const InternalError& e) {
    error = e.what();
  }
  unsetenv("THALWEG_SIMT_MEMORY");
  for (const char* part : {"does not fit", "293.0 KiB are free", "parameters", "gradients",
                           "optimizer states", "activations", "data", "train.micro_batch"})
    EXPECT_THAT(error, HasSubstr(part));
  EXPECT_EQ(simt::device_bytes(), before);
}

}  // namespace
}  // namespace thalweg::test
