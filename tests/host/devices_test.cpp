// The list of devices, held against what a context takes.
#include "thalweg/devices.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/runtime/backends.hpp"
#include "host/runtime/cuda_backend.hpp"
#include "thalweg/context.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

TEST(Devices, AContextTakesExactlyTheUsableOnes) {
  for (const DeviceInfo& info : devices()) {
    if (info.usable()) {
      EXPECT_EQ(Context({.device = info.device, .threads = 1}).device(), info.device);
    } else {
      EXPECT_FALSE(info.refusal.empty()) << info.device;
      EXPECT_THROW(Context({.device = info.device, .threads = 1}), DeviceUnavailable) << info.device;
    }
  }
}

TEST(Devices, CpusAreFirstAndTheReferenceIsLast) {
  const std::vector<DeviceInfo> all = devices();
  std::vector<std::string> cpus;
  for (const DeviceInfo& info : all) {
    if (info.device.starts_with("cpu:") && info.usable()) cpus.push_back(info.device);
  }
  EXPECT_EQ(cpus, cpu_variants());
  EXPECT_TRUE(all.front().device.starts_with("cpu:"));
  EXPECT_EQ(all.back().device, "reference");
  EXPECT_TRUE(all.back().usable());
  EXPECT_GT(all.back().memory_bytes, std::int64_t{1} << 28);
  EXPECT_EQ(all.back().memory_bytes, all.front().memory_bytes);
  EXPECT_EQ(all.back().name, all.front().name);
}

TEST(Devices, ThereIsAnEntryForCudaThatSaysTheSameAsTheDeviceAuto) {
  std::string reason;
  const bool usable = cuda_usable(reason);
  const std::vector<DeviceInfo> all = devices();
  const auto cuda =
      std::find_if(all.begin(), all.end(), [](const auto& info) { return info.device.starts_with("cuda"); });
  ASSERT_NE(cuda, all.end());
  EXPECT_EQ(cuda->usable(), usable);
  EXPECT_EQ(cuda->refusal, reason);
}

}  // namespace
}  // namespace thalweg
