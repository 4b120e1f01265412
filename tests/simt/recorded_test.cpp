// Launches that are written down instead of executed, and the GPU that is played meanwhile.
#include "simt/recorded.hpp"

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <vector>

#include "device_array.hpp"
#include "kernels/base/launch.cuh"
#include "simt/calls.hpp"

namespace thalweg {
namespace {

using simt::test::DeviceArray;

__global__ void add(float* to, float value) { to[threadIdx.x] += value; }
__global__ void nothing() {}

/// Writes launches down as long as it lives.
struct Recording {
  Recording() { simt::record_launches(true); }
  ~Recording() {
    simt::record_launches(false);
    simt::take_recorded_launches();
  }
};

TEST(Recording, WritesLaunchesDownInOrderAndRunsNone) {
  DeviceArray<float> memory(2);
  ASSERT_EQ(cudaMemset(memory.data(), 0, 8), cudaSuccess);
  const Recording recording;
  const std::int64_t before = simt::calls().launches;
  launch(nullptr, {dim3(3, 4, 5), dim3(2, 1, 1), 96}, "first_op", add, memory.data(), 1.0f);
  launch_cooperative(nullptr, {2, 32}, "second_op", nothing);
  EXPECT_EQ(simt::calls().launches, before);
  EXPECT_EQ(memory.download(), std::vector<float>({0, 0}));

  const std::vector<simt::RecordedLaunch> launches = simt::take_recorded_launches();
  ASSERT_EQ(launches.size(), 2u);
  EXPECT_EQ(launches[0].kernel, reinterpret_cast<simt::Kernel>(&add));
  EXPECT_EQ(launches[0].op, "first_op");
  EXPECT_EQ(launches[0].grid.x, 3u);
  EXPECT_EQ(launches[0].grid.y, 4u);
  EXPECT_EQ(launches[0].grid.z, 5u);
  EXPECT_EQ(launches[0].threads.x, 2u);
  EXPECT_EQ(launches[0].dynamic_shared, 96u);
  EXPECT_FALSE(launches[0].cooperative);
  EXPECT_TRUE(launches[1].cooperative);
  EXPECT_EQ(launches[1].op, "second_op");
  EXPECT_TRUE(simt::take_recorded_launches().empty());
}

TEST(Recording, StillRefusesShapesThatAGpuRefuses) {
  const Recording recording;
  EXPECT_THROW(launch(nullptr, {1, 1025}, "too_many_threads", nothing), DeviceError);
  EXPECT_TRUE(simt::take_recorded_launches().empty());
}

TEST(Recording, EndsWhenItIsToldTo) {
  DeviceArray<float> memory(1);
  ASSERT_EQ(cudaMemset(memory.data(), 0, 4), cudaSuccess);
  { const Recording recording; }
  launch(nullptr, {1, 1}, "op", add, memory.data(), 1.0f);
  EXPECT_EQ(memory.download(), std::vector<float>({1}));
  EXPECT_TRUE(simt::take_recorded_launches().empty());
}

TEST(PlayedGpu, HasTheArchitectureAndTheMultiprocessorsThatAreAskedFor) {
  cudaDeviceProp before{}, played{};
  ASSERT_EQ(cudaGetDeviceProperties(&before, 0), cudaSuccess);
  simt::play_gpu(80, 108);
  ASSERT_EQ(cudaGetDeviceProperties(&played, 0), cudaSuccess);
  simt::play_gpu(before.major * 10 + before.minor, before.multiProcessorCount);
  EXPECT_EQ(played.multiProcessorCount, 108);
  EXPECT_EQ(played.major, 8);
  EXPECT_EQ(played.minor, 0);
  EXPECT_EQ(played.sharedMemPerMultiprocessor, 164u * 1024);
  ASSERT_EQ(cudaGetDeviceProperties(&played, 0), cudaSuccess);
  EXPECT_EQ(played.multiProcessorCount, before.multiProcessorCount);
}

TEST(PlayedGpuDeathTest, IsOneThatTheExecutorKnows) {
  EXPECT_DEATH(simt::play_gpu(70, 80), "THALWEG_SIMT_SM=70 is not one of 75 80");
}

}  // namespace
}  // namespace thalweg
