// Allocation number 1, 2, 3, ... of device and pinned memory fails, once or from then on, until a run asks
// for no more: "out of memory" with exit code 70, and nothing is still held.
#include <gtest/gtest.h>

#include <simt/calls.hpp>
#include <sstream>

#include "host/cli/cli.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

constexpr int kDone = 0, kInternal = 70;

struct Outcome {
  int code;
  std::string err;
  std::int64_t held;  ///< allocations that were not given back
};

Outcome train(const std::vector<std::string>& settings) {
  std::vector<std::string> arguments = {"train",
                                        "--quiet",
                                        "--device=cuda",
                                        "--train.threads=1",
                                        "--train.max_steps=4",
                                        "--train.batch_size=4"};
  arguments.insert(arguments.end(), settings.begin(), settings.end());
  std::ostringstream out, err;
  const simt::Calls before = simt::calls();
  const int code = cli::run(arguments, {out, err});
  const simt::Calls after = simt::calls();
  return {code, err.str(), after.allocations - before.allocations - (after.frees - before.frees)};
}

/// Gives the number of allocations that were made to fail.
std::int64_t fail_each(const std::vector<std::string>& settings) {
  for (std::int64_t number = 1;; ++number) {
    for (const bool all_after : {false, true}) {
      SCOPED_TRACE(testing::Message() << "allocation " << number << (all_after ? " and all after it" : ""));
      simt::fail_allocation(number, all_after);
      const Outcome outcome = train(settings);
      simt::fail_allocation(0);
      EXPECT_EQ(outcome.held, 0);
      EXPECT_EQ(simt::device_bytes(), 0);
      if (outcome.code == kDone) return number - 1;  // it asked for fewer
      EXPECT_EQ(outcome.code, kInternal);
      EXPECT_NE(outcome.err.find("out of"), std::string::npos) << outcome.err;
      EXPECT_NE(outcome.err.find("memory"), std::string::npos) << outcome.err;
      if (testing::Test::HasFailure()) return number;
    }
  }
}

class DeviceAllocationFaults : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::string dense_ = folder_.write("rows.csv", "a,b,y\n1,2,3\n4,5,6\n7,8,9\n2,3,4\n5,4,3\n1,1,2\n3,1,2\n");
  std::string sparse_ = folder_.write("rows.libsvm", "1 1:1 3:2\n0 2:1\n1 1:3 4:1\n0 3:1\n1 2:2\n0 4:2\n");
};

TEST_F(DeviceAllocationFaults, EndAnMlpWithExitCode70AndNothingHeld) {
  EXPECT_GT(fail_each({"--data.train=" + dense_, "--model.hidden=3", "--model.normalization=batch",
                       "--data.validation_fraction=0.2"}),
            15);
}

TEST_F(DeviceAllocationFaults, EndASparseModelWithExitCode70AndNothingHeld) {
  EXPECT_GT(fail_each({"--data.train=" + sparse_, "--model.loss=logistic"}), 15);
}

TEST_F(DeviceAllocationFaults, EndClippingAndMicroBatchesWithExitCode70AndNothingHeld) {
  EXPECT_GT(fail_each({"--data.train=" + dense_, "--model.hidden=3", "--per_sample.clip_norm=1"}), 15);
  EXPECT_GT(fail_each({"--data.train=" + dense_, "--model.hidden=3", "--train.micro_batch=2"}), 15);
}

TEST_F(DeviceAllocationFaults, EndFastNumericsWithExitCode70AndNothingHeld) {
  EXPECT_GT(fail_each({"--data.train=" + dense_, "--model.hidden=3", "--numerics=fast"}), 15);
}

}  // namespace
}  // namespace thalweg::test
