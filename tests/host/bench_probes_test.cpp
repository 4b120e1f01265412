// The probes of `thalweg bench` on a GPU do the work that they are timed for, and the machine has a figure of
// each. Rates are not asserted: where kernels are executed on the CPU they mean nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "host/bench/device_limits.hpp"
#include "host/bench/probes.hpp"
#include "host/runtime/device_of.hpp"
#include "host/runtime/memory.hpp"
#include "tests/support/backends.hpp"

namespace thalweg::bench {
namespace {

/// On a GPU, real or executed; else there is nothing to probe.
class Probes : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<std::string> devices = test::all_devices();
    if (std::find(devices.begin(), devices.end(), "cuda") == devices.end()) {
      EXPECT_EQ(gpu_probes(), nullptr);
      GTEST_SKIP() << "no GPU";
    }
    ctx_ = &test::context_of("cuda");
  }

  const Device& device() const { return device_of(*ctx_); }
  template <class T>
  std::vector<T> values(const Buffer<T>& buffer) const {
    return buffer.download(*ctx_);
  }

  const Context* ctx_ = nullptr;
};

TEST_F(Probes, FmaAddsItsChains) {
  Buffer<float> out(*ctx_, 2 * kProbeThreads);
  gpu_probes()->fma(device(), 2, 10, 1.0f, 3.0f, out.data());
  // Chain k ends at k + 10 * 3; of 16 chains 120 + 16 * 30.
  EXPECT_EQ(values(out), std::vector<float>(2 * kProbeThreads, 600.0f));
  gpu_probes()->fma(device(), 2, 1, 2.0f, 0.5f, out.data());
  EXPECT_EQ(values(out)[300], 2 * 120 + 16 * 0.5f);
}

TEST_F(Probes, ReadAddsEveryElementInEachPass) {
  std::vector<float> numbers(4000);
  std::iota(numbers.begin(), numbers.end(), 0.0f);
  const Buffer<float> from(*ctx_, numbers);
  Buffer<float> out(*ctx_, 2 * kProbeThreads);
  gpu_probes()->read(device(), 2, 3, from.data(), 4000, out.data());
  const std::vector<float> sums = values(out);
  EXPECT_EQ(sums[0], 3 * (0 + 1 + 2 + 3 + 2048 + 2049 + 2050 + 2051)) << "the first quad, and that after 512";
  EXPECT_EQ(sums[511], 3 * (2044 + 2045 + 2046 + 2047));
  EXPECT_EQ(std::accumulate(sums.begin(), sums.end(), 0.0), 3 * 3999.0 * 4000 / 2);
}

TEST_F(Probes, ChaseGoesOnWhereItEnded) {
  std::vector<std::int32_t> zeros(64);
  zeros[9] = 2;  // one is not
  const Buffer<std::int32_t> from(*ctx_, zeros);
  Buffer<std::int32_t> at(*ctx_, std::vector<std::int32_t>{2});
  gpu_probes()->chase(device(), 1, 7, 63, from.data(), at.data());
  EXPECT_EQ(values(at)[0], 9);
  gpu_probes()->chase(device(), 2, 7, 63, from.data(), at.data());
  EXPECT_EQ(values(at)[0], 9 + 7 + 2 + 7);
  gpu_probes()->chase(device(), 6, 7, 63, from.data(), at.data());
  EXPECT_EQ(values(at)[0], (25 + 6 * 7) % 64);
}

TEST_F(Probes, BlocksWaitForEachOtherAtEveryBarrier) {
  for (const int blocks : {2, 5}) {
    Buffer<std::int32_t> counts(*ctx_, 2 * blocks);
    counts.zero(*ctx_);
    gpu_probes()->barriers(device(), blocks, 20, counts.data());
    const std::vector<std::int32_t> reached = values(counts);
    for (int b = 0; b < blocks; ++b) {
      EXPECT_EQ(reached[b], 20);
      EXPECT_EQ(reached[blocks + b], 19);
    }
  }
}

TEST_F(Probes, TheCacheOfTheDeviceHasASize) { EXPECT_GE(device_l2_bytes(), 1 << 20); }

TEST_F(Probes, OfAMachineAreItsFigures) {
  const Context fast({.device = "cuda", .numerics = Numerics::fast});
  const Machine machine(fast, {.repetitions = 1, .seconds = 0}, 1 << 18);
  for (const char* name : {"copy", "cache.L2", "fma", "tensor", "launch", "launch_and_wait", "graph",
                           "graph_node", "small_copy", "grid_barrier", "latency.L2", "latency.memory"})
    EXPECT_GT(machine.rate(name), 0) << name;
  EXPECT_LT(machine.rate("graph_node"), 1) << "seconds, not times a second";
  const std::map<std::string, std::int64_t> bytes{
      {"copy", 1 << 19},          {"cache.L2", 1 << 18},   {"fma", 0},
      {"tensor", 12 * 128 * 128}, {"launch", 0},           {"graph_node", 0},
      {"small_copy", 512},        {"latency.L2", 1 << 18}, {"latency.memory", 1 << 20}};
  for (const MachineFigure& figure : machine.figures()) {
    if (bytes.contains(figure.name)) {
      EXPECT_EQ(figure.bytes, bytes.at(figure.name)) << figure.name;
    }
  }
}

TEST_F(Probes, AMachineHasTheNameOfItsGpuHoweverThatIsAskedFor) {
  const std::string name = describe_machine(Context({.device = "cuda:0"})).processor;
  EXPECT_NE(name, describe_machine(test::context_of("cpu")).processor);
  EXPECT_EQ(describe_machine(*ctx_).processor, name);
}

/// How often the work of `once` fits into the amount; the probes repeat by powers of four.
void expect_whole_rounds(const Limit& limit, double once) {
  double rounds = limit.amount() / once;
  while (rounds >= 4) rounds /= 4;
  EXPECT_EQ(rounds, 1) << limit.name() << " of " << limit.amount();
}

TEST_F(Probes, CountWhatTheyDo) {
  const int blocks = 8 * device().properties.multiprocessors;
  expect_whole_rounds(*device_fma_limit(*ctx_), 2.0 * 16 * 256 * blocks);
  expect_whole_rounds(*device_copy_limit(*ctx_, 1 << 16), 2 << 16);
  expect_whole_rounds(*device_read_limit(*ctx_, 1 << 16), 1 << 16);
  expect_whole_rounds(*device_tensor_limit(*ctx_, 32), 2.0 * 32 * 32 * 32);
  for (const DeviceLatency& latency : device_latencies(*ctx_, 1 << 18)) {
    const bool in_graph = latency.name == "graph_node" || latency.name == "small_copy";
    expect_whole_rounds(*latency.limit, in_graph ? 100 : 1);
  }
}

TEST_F(Probes, TakeLongEnoughForTheClock) {
  const auto limit = device_copy_limit(*ctx_, 1 << 16);
  EXPECT_GE(limit->amount() / limit->rate(), 5e-4) << "seconds";
}

TEST_F(Probes, BindACaseToWhatTakesItLonger) {
  constexpr std::int64_t kMemory = 1 << 18, kMegabyte = 1 << 20;
  const Machine machine(*ctx_, {.repetitions = 1, .seconds = 0}, kMemory);
  const auto bound = [&](const Cost& cost, std::int64_t working_set) {
    Case subject{.cost = cost};
    machine.bind(subject, working_set);
    return subject;
  };
  const std::int64_t cache = device_l2_bytes() / 2;
  const Case copied = bound({.flops = 1, .bytes_read = 700, .bytes_written = 300}, cache + 1);
  EXPECT_EQ(copied.limit->name(), "copy");
  EXPECT_EQ(copied.limit_amount, 1000);
  const Case cached = bound({.flops = 1, .bytes_read = 1000}, 1 << 16);
  EXPECT_EQ(cached.limit->name(), "read from cache");
  EXPECT_EQ(cached.limit_amount, 1000);
  expect_whole_rounds(*cached.limit, kMegabyte);
  EXPECT_EQ(bound({.flops = 1, .bytes_read = 1000}, cache).limit->name(), "read from cache");
  const Case computed = bound({.flops = 1'000'000'000, .bytes_read = 1}, cache + 1);
  EXPECT_EQ(computed.limit->name(), "fma");
  EXPECT_EQ(computed.limit_amount, 1e9);
  EXPECT_EQ(computed.limit->usual(), machine.rate("fma")) << "as it was measured, until it is again";
}

TEST_F(Probes, BindACaseOfFastNumericsToTheTensorCores) {
  const Context fast({.device = "cuda", .numerics = Numerics::fast});
  const Machine machine(fast, {.repetitions = 1, .seconds = 0}, 1 << 18);
  Case subject{.cost = {.flops = 1'000'000'000, .bytes_read = 1}};
  machine.bind(subject, 1 << 30);
  const bool tensor = machine.rate("tensor") > machine.rate("fma");
  EXPECT_EQ(subject.limit->name(), tensor ? "tensor" : "fma");
  EXPECT_GT(machine.rate("tensor"), 0);
}

}  // namespace
}  // namespace thalweg::bench
