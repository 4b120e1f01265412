// Whole runs with fast numerics: the same on the cpu, repeatable and close on cuda, and both say what they
// do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "host/cli/cli.hpp"
#include "host/runtime/cuda_backend.hpp"
#include "tests/support/run_support.hpp"
#include "thalweg/verify.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

Config fast_mlp(const std::string& device) {
  Config config = mlp_config(Normalization::layer);
  config.model.hidden = {24, 12};
  config.train.epochs = 1;
  config.device = device;
  config.numerics = Numerics::fast;
  return config;
}

struct Outcome {
  TrainReport report;
  std::string messages;
};

Outcome run(const Config& config) {
  Outcome r;
  r.report = train(config, {.message = [&](const std::string& line) { r.messages += line + "\n"; }});
  return r;
}

TEST(FastRuns, OnTheCpuAreExactAndSaySo) {
  Config config = fast_mlp("cpu");
  const Outcome fast = run(config);
  config.numerics = Numerics::exact;
  const Outcome exact = run(config);
  EXPECT_EQ(fast.report.parameters_xxh3, exact.report.parameters_xxh3);
  EXPECT_THAT(fast.messages, HasSubstr("fast means exact"));
  EXPECT_THAT(exact.messages, testing::Not(HasSubstr("fast means")));
}

class FastRunsOnCuda : public testing::Test {
 protected:
  void SetUp() override {
    if (std::string reason; !cuda_usable(reason)) GTEST_SKIP() << reason;
  }
};

TEST_F(FastRunsOnCuda, RepeatAndSayWhatTheyCost) {
  const Outcome first = run(fast_mlp("cuda")), second = run(fast_mlp("cuda"));
  EXPECT_EQ(first.report.parameters_xxh3, second.report.parameters_xxh3);
  EXPECT_THAT(first.messages, HasSubstr("TF32"));
  Config config = fast_mlp("cpu");
  config.numerics = Numerics::exact;
  const double exact_loss = train(config).train_loss;
  EXPECT_NEAR(first.report.train_loss, exact_loss, 0.01 * exact_loss);
  config.device = "cuda";
  EXPECT_THAT(run(config).messages, HasSubstr("the same bits as on the cpu"));
}

TEST_F(FastRunsOnCuda, AreVerifiedAgainstABoundAndNotByBits) {
  const VerifyReport report = verify(fast_mlp("cpu"), {.first = "cpu", .second = "cuda", .steps = 3});
  EXPECT_FALSE(report.exact);
  EXPECT_TRUE(report.passed());
  double largest = 0;
  for (const TensorVerdict& tensor : report.tensors) largest = std::max(largest, tensor.largest_error);
  EXPECT_GT(largest, 0);  // it is another arithmetic
}

TEST_F(FastRunsOnCuda, EvaluateAndPredictFollowTheNumericsOfTheRunOrTheFlag) {
  const TemporaryFolder folder;
  Config config = fast_mlp("cuda");
  config.out = folder.path("run");
  train(config);
  const auto output = [&](const std::string& command, const std::vector<std::string>& settings) {
    std::vector<std::string> arguments{command, config.out, "--data.test_rows=0:100", "--json", "--quiet"};
    arguments.insert(arguments.end(), settings.begin(), settings.end());
    std::ostringstream out, err;
    EXPECT_EQ(cli::run(arguments, {out, err}), 0) << err.str();
    return out.str();
  };
  for (const char* command : {"evaluate", "predict"}) {
    EXPECT_EQ(output(command, {}), output(command, {"--numerics=fast"})) << command;
    EXPECT_NE(output(command, {}), output(command, {"--numerics=exact"})) << command;
  }
}

}  // namespace
}  // namespace thalweg::test
