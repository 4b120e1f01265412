// verify: passes where devices agree, and names the first element where they do not.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "host/cli/cli.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/run_support.hpp"
#include "thalweg/error.hpp"
#include "thalweg/trainer.hpp"
#include "thalweg/verify.hpp"

namespace thalweg::test {
namespace {

TEST(Verify, PassesOnEveryPairOfExactDevices) {
  for (const std::string& device : exact_devices()) {
    for (const Config& config : {dense_linear_config(), sparse_linear_config(),
                                 mlp_config(Normalization::layer), mlp_config(Normalization::batch)}) {
      const VerifyReport report = verify(config, {.first = "cpu", .second = device, .steps = 4});
      EXPECT_TRUE(report.exact);
      EXPECT_TRUE(report.passed()) << device;
    }
  }
}

TEST(Verify, ComparesADeviceThatHasNoRanksWithTheCpu) {
  Config config = dense_linear_config();
  config.train.ranks = 2;
  EXPECT_TRUE(verify(config, {.first = "cpu", .second = "reference", .steps = 2}).passed());
}

TEST(Verify, TakesTheStepsThatTrainingTakes) {
  constexpr std::int64_t kSteps = 3;
  Config plain = sparse_linear_config(), clipped = sparse_linear_config(), noisy = sparse_linear_config();
  clipped.per_sample = {.clip_norm = 0.25, .mode = ClipMode::automatic};
  noisy.optimizer.lazy = Tristate::no;
  noisy.per_sample = {.clip_norm = 0.25, .noise_multiplier = 1, .reproducible_noise = true};
  std::vector<std::string> seen;
  for (Config config : {plain, clipped, noisy}) {
    config.device = "cpu";
    config.train.max_steps = kSteps;
    std::string last;
    VerifyOptions options{.first = "cpu", .second = "cpu", .steps = kSteps, .after_step = {}};
    options.after_step = [&](std::int64_t, Model& model) { last = parameters_xxh3(model.parameters()); };
    EXPECT_TRUE(verify(config, options).passed());
    EXPECT_EQ(last, train(config).parameters_xxh3);
    seen.push_back(last);
  }
  EXPECT_NE(seen[0], seen[1]) << "clipping changes the steps";
  EXPECT_NE(seen[1], seen[2]) << "so does noise";
}

/// The parameters after the steps of a verification of the cpu with itself.
template <class... Data>
std::string verified(const Config& config, const Data&... data) {
  std::string last;
  VerifyOptions options{.first = "cpu", .second = "cpu", .steps = config.train.max_steps, .after_step = {}};
  options.after_step = [&](std::int64_t, Model& model) { last = parameters_xxh3(model.parameters()); };
  EXPECT_TRUE(verify(config, data..., options).passed());
  return last;
}

TEST(Verify, BeginsWithTheModelThatTrainingBeginsWith) {
  const TemporaryFolder folder;
  Config config = dense_linear_config();
  config.device = "cpu";
  config.train.max_steps = 2;
  config.out = folder.path("first");
  train(config);
  config.model.init = config.out;
  config.out = "";
  config.data.train_rows = "0:100";  // of another mean and deviation
  EXPECT_EQ(verified(config), train(config).parameters_xxh3);
}

TEST(Verify, HoldsOutTheRowsThatTrainingHoldsOut) {
  Config config = sparse_linear_config();
  config.device = "cpu";
  config.train.max_steps = 2;
  config.optimizer.lazy = Tristate::no;
  config.data.validation_fraction = 0.2;
  config.per_sample = {.clip_norm = 0.25, .noise_multiplier = 1, .reproducible_noise = true};
  EXPECT_EQ(verified(config), train(config).parameters_xxh3)
      << "regardless of classes where training is private";
}

TEST(Verify, TakesDataInMemoryAsTrainingDoes) {
  Config config = dense_linear_config();
  config.device = "cpu";
  config.train.max_steps = 2;
  const Dataset data = read_training_data(config.data, TargetUse::automatic);
  config.data = {};
  EXPECT_EQ(verified(config, data), train(config, data).parameters_xxh3);
  config.data.test = "x.csv";
  EXPECT_THROW(verify(config, data), ConfigError);
}

TEST(Verify, HoldsTheCpuAgainstTheReferenceWithinTheBound) {
  for (const Config& config :
       {dense_linear_config(), sparse_linear_config(), mlp_config(Normalization::layer)}) {
    const VerifyReport report = verify(config, {.first = "cpu", .second = "reference", .steps = 10});
    EXPECT_FALSE(report.exact);
    EXPECT_TRUE(report.passed());
    EXPECT_GT(report.tensors[0].largest_error, 0.0);
  }
}

TEST(Verify, NamesTensorStepAndElementOfAChangeByOneUlp) {
  VerifyOptions options{.first = "cpu", .second = "cpu", .steps = 6, .after_step = {}};
  options.after_step = [](std::int64_t step, Model& model) {
    if (step != 3) return;
    std::vector<NamedTensor> parameters = model.parameters();
    float& value = parameters[2].values[5];
    value = std::nextafterf(value, 1e30f);
    model.set_parameters(parameters);
  };
  const VerifyReport report = verify(mlp_config(Normalization::none), options);
  ASSERT_FALSE(report.passed());
  ASSERT_TRUE(report.tensors[2].difference.has_value());
  EXPECT_EQ(report.tensors[2].difference->step, 3);
  EXPECT_EQ(report.tensors[2].difference->element, 5);
  for (const TensorVerdict& verdict : report.tensors) {
    if (verdict.difference) {
      EXPECT_GE(verdict.difference->step, 3) << verdict.tensor;
    }
  }
}

TEST(Verify, BoundIsEightStepsOfTheLongestSum) {
  Config config = mlp_config(Normalization::none);  // 784 pixels
  config.model.hidden = {3};
  config.train.batch_size = 8;
  const auto bound = [&](std::int64_t steps) {
    return verify(config, {.first = "cpu", .second = "reference", .steps = steps}).bound;
  };
  EXPECT_DOUBLE_EQ(bound(1), 8 * gamma_bound(784));
  EXPECT_DOUBLE_EQ(bound(2), 16 * gamma_bound(784));
  config.train.batch_size = 900;
  EXPECT_DOUBLE_EQ(bound(1), 8 * gamma_bound(900));
  config.train.batch_size = 1;
  config.model.hidden = {2, 1000, 2};
  EXPECT_DOUBLE_EQ(bound(1), 8 * gamma_bound(1000));
}

TEST(Verify, MeasuresWhatLiesBeyondTheBoundByTheLargestElement) {
  const TemporaryFolder folder;
  Config config;
  config.data.train = folder.write("rows.csv", "a,b,y\n1,2,0\n4,5,0\n");
  config.data.standardize = Tristate::no;  // all targets are 0, and so the parameters stay
  config.optimizer.name = Rule::sgd;
  VerifyOptions options{.first = "cpu", .second = "reference", .steps = 2};
  options.after_step = [](std::int64_t step, Model& model) {
    if (step == 2)
      model.set_parameters({{"layers.0.weight", {1, 2}, {0, 0.5f}}, {"layers.0.bias", {1}, {0}}});
  };
  const TensorVerdict verdict = verify(config, options).tensors[0];
  ASSERT_TRUE(verdict.difference.has_value());
  EXPECT_EQ(verdict.difference->step, 2);
  EXPECT_EQ(verdict.difference->element, 1);
  EXPECT_EQ(verdict.difference->first, 0);
  EXPECT_EQ(verdict.difference->second, 0.5f);
  EXPECT_NEAR(verdict.largest_error, 0.5 / 1e-30, 1e16) << "a tensor of zeros counts as one of 1e-30";
}

TEST(VerifyCommand, PrintsTheReportAsTextAndAsJson) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments{
      "verify",
      "--data.train=" + folder.write("rows.csv", "a,b,y\n1,2,0\n4,5,3\n2,2,1\n"),
      "--first=reference",
      "--second=cpu",
      "--steps=4",
      "--data.standardize_target=false",
      "--model.bias_init=zero"};
  std::ostringstream text, json, err;
  EXPECT_EQ(cli::run(arguments, {text, err}), 0) << err.str();
  EXPECT_TRUE(text.str().starts_with("reference against cpu, 4 steps, relative error at most "))
      << text.str();
  EXPECT_TRUE(text.str().ends_with("\npassed\n")) << text.str();
  arguments.emplace_back("--json");
  EXPECT_EQ(cli::run(arguments, {json, err}), 0) << err.str();
  EXPECT_TRUE(
      json.str().starts_with("{\n  \"first\": \"reference\",\n  \"second\": \"cpu\",\n  \"steps\": 4,"))
      << json.str();
  EXPECT_TRUE(json.str().ends_with("}\n"));
  EXPECT_EQ(err.str(), "");
}

}  // namespace
}  // namespace thalweg::test
