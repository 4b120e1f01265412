// verify against a CUDA backend of which one kernel, executed from its own source, is one ulp off: this
// program is linked with kernels/update/update_cuda.cu over a header that holds the fault of
// planted/one_ulp.hpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "host/cli/cli.hpp"
#include "host/config/config_text.hpp"
#include "host/model/network.hpp"
#include "tests/end_to_end/planted/one_ulp.hpp"
#include "tests/support/run_support.hpp"
#include "thalweg/thalweg.hpp"
#include "thalweg/verify.hpp"

namespace thalweg {
namespace planted {
namespace {

std::int64_t planted_element = -1, planted_step = 0, updates = 0;

}  // namespace

void plant(std::int64_t element, std::int64_t step) {
  planted_element = element;
  planted_step = step;
  updates = 0;
}

void remove() { planted_element = -1; }

bool spoils(std::int64_t element) {  // one thread owns an element, and the steps come one after the other
  return element == planted_element && ++updates == planted_step;
}

}  // namespace planted

namespace test {
namespace {

constexpr std::size_t kTensor = 2;
constexpr std::int64_t kElement = 5, kStep = 3;

/// The element's place in the parameter arena.
std::int64_t arena_element(const Config& config) {
  const Dataset data = read_training_data(config.data, TargetUse::classes);
  const Network network(resolve_model(config.model, schema_of(data), 1));
  return network.plan().parameters()[kTensor].offset + kElement;
}

class PlantedUlp : public testing::Test {
 protected:
  void TearDown() override { planted::remove(); }
  const Config config_ = mlp_config(Normalization::none);
};

TEST_F(PlantedUlp, InAKernelIsFoundAndTensorStepAndElementAreNamed) {
  planted::plant(arena_element(config_), kStep);
  const VerifyReport report = verify(config_, {.first = "cpu", .second = "cuda", .steps = 6});
  EXPECT_TRUE(report.exact);
  ASSERT_FALSE(report.passed());
  const TensorVerdict& verdict = report.tensors[kTensor];
  EXPECT_EQ(verdict.tensor, "layers.1.weight");
  ASSERT_TRUE(verdict.difference.has_value());
  EXPECT_EQ(verdict.difference->step, kStep);
  EXPECT_EQ(verdict.difference->element, kElement);
  EXPECT_EQ(verdict.difference->second, std::nextafterf(verdict.difference->first, INFINITY));
  for (const TensorVerdict& other : report.tensors) {
    if (&other == &verdict || !other.difference) continue;
    EXPECT_GT(other.difference->step, kStep) << other.tensor;  // what it spread to
  }
}

TEST_F(PlantedUlp, TakenOutAgainLeavesDevicesThatAgree) {
  EXPECT_TRUE(verify(config_, {.first = "cpu", .second = "cuda", .steps = 6}).passed());
}

TEST_F(PlantedUlp, IsNamedOnTheCommandLineToo) {
  const TemporaryFolder folder;
  const std::string file = folder.write("config.toml", to_toml(config_));
  const auto run_verify = [&](std::ostream& out) {
    std::ostringstream err;
    return cli::run({"verify", file, "--first=cpu", "--second=cuda", "--steps=4"}, {out, err});
  };
  std::ostringstream with, without;
  planted::plant(arena_element(config_), kStep);
  EXPECT_EQ(run_verify(with), static_cast<int>(ExitCode::internal));
  EXPECT_THAT(with.str(), testing::ContainsRegex("layers.1.weight +differs first at step 3, element 5: "));
  planted::remove();
  EXPECT_EQ(run_verify(without), 0) << without.str();
}

}  // namespace
}  // namespace test
}  // namespace thalweg
