// What a context takes.
#include "thalweg/context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <utility>

#include "host/runtime/device_of.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

std::string refusal(const std::string& device, int threads = 1) {
  try {
    const Context ctx({.device = device, .threads = threads});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Context, HasAsManyThreadsAsAskedForAndAllOfTheMachineForNone) {
  EXPECT_EQ(Context({.device = "cpu", .threads = 1}).threads(), 1);
  EXPECT_EQ(Context({.device = "cpu", .threads = 3}).threads(), 3);
  EXPECT_EQ(Context({.device = "cpu", .threads = 0}).threads(),
            static_cast<int>(std::thread::hardware_concurrency()));
  EXPECT_EQ(refusal("cpu", -1), "train.threads is -1; expected 0 (all) to 4096");
  for (const int many : {4097, 100000})
    EXPECT_EQ(refusal("cpu", many),
              "train.threads is " + std::to_string(many) + "; expected 0 (all) to 4096");
}

TEST(Context, TakesACudaDeviceByANumberOfOneToFourDigits) {
  for (const char* device : {"cuda:", "cuda:x", "cuda:1x", "cuda:-1", "cuda:12345"})
    EXPECT_EQ(refusal(device),
              "device \"" + std::string(device) + "\": expected cuda or cuda:N with a number N");
  // Well formed, and not there: no CUDA in this build, or no such device in this machine.
  for (const char* device : {"cuda:7", "cuda:99", "cuda:1234"})
    EXPECT_THAT(refusal(device),
                testing::AnyOf(testing::HasSubstr("this build has no CUDA backend"),
                               testing::HasSubstr("there is no " + std::string(device) + ";"),
                               testing::HasSubstr("no usable CUDA driver"),
                               testing::HasSubstr("this machine has no CUDA device")));
  for (const char* device : {"cuda", "cuda:0"}) {
    const std::string said = refusal(device);
    EXPECT_EQ(said.find("is not one of"), std::string::npos) << said;
    EXPECT_EQ(said.find("expected"), std::string::npos) << said;
  }
  EXPECT_THAT(refusal("gpu"), testing::HasSubstr("device \"gpu\" is not one of: cpu, reference, cuda"));
}

TEST(Context, ACopyIsTheSameContext) {
  const Context ctx({.device = "cpu", .threads = 1}), copy = ctx, other({.device = "cpu", .threads = 1});
  EXPECT_EQ(&device_of(copy), &device_of(ctx));
  EXPECT_NE(&device_of(other), &device_of(ctx));
}

TEST(Context, LivesAsLongAsAModelOrALearnerThatWasMadeWithIt) {
  const Dataset data = test::number_data(1, {1, 2}, {2, 4});
  std::optional<Context> ctx(ContextOptions{.device = "cpu", .threads = 1});
  const Device* const device = &device_of(*ctx);
  Model model = test::model_with(*ctx, {.loss = Loss::squared, .bias = false}, data, {{3}});
  ctx.reset();
  EXPECT_EQ(&device_of(model.context()), device);
  EXPECT_EQ(model.predict(data).values, (std::vector<float>{3, 6}));
  Learner learner(model, data, {.optimizer = {.name = Rule::sgd}});
  Model moved = std::move(model);  // the learner's context is its own
  learner.step({0, 1}, 0.5);       // mean gradient (1 + 4) / 2
  EXPECT_EQ(moved.parameters()[0].values, (std::vector<float>{1.75f}));
}

}  // namespace
}  // namespace thalweg
