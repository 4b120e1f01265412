// verify: passes where devices agree, and names the first element where they do not.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/backends.hpp"
#include "tests/support/run_support.hpp"
#include "thalweg/verify.hpp"

namespace thalweg::test {
namespace {

TEST(Verify, PassesOnEveryPairOfExactDevices) {
  for (const std::string& device : exact_devices()) {
    for (const Config& config :
         {dense_linear_config(), sparse_linear_config(), mlp_config("layer"), mlp_config("batch")}) {
      const VerifyReport report = verify(config, {.first = "cpu", .second = device, .steps = 4});
      EXPECT_TRUE(report.exact);
      EXPECT_TRUE(report.passed()) << device;
    }
  }
}

TEST(Verify, HoldsTheCpuAgainstTheReferenceWithinTheBound) {
  for (const Config& config : {dense_linear_config(), sparse_linear_config(), mlp_config("layer")}) {
    const VerifyReport report = verify(config, {.first = "cpu", .second = "reference", .steps = 10});
    EXPECT_FALSE(report.exact);
    EXPECT_TRUE(report.passed());
    EXPECT_GT(report.tensors[0].largest_error, 0.0);
  }
}

TEST(Verify, NamesTensorStepAndElementOfAChangeByOneUlp) {
  VerifyOptions options{.first = "cpu", .second = "cpu", .steps = 6, .after_step = {}};
  options.after_step = [](std::int64_t step, const Context& ctx, Model& model) {
    if (step != 3) return;
    std::vector<NamedTensor> parameters = model.parameters(ctx);
    float& value = parameters[2].values[5];
    value = std::nextafterf(value, 1e30f);
    model.set_parameters(ctx, parameters);
  };
  const VerifyReport report = verify(mlp_config("none"), options);
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

}  // namespace
}  // namespace thalweg::test
