// The runtime's calls: memory, errors, limits, streams, events, graphs.
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "device_array.hpp"
#include "kernels/base/launch.cuh"
#include "kernels/base/shared.cuh"
#include "samples/cluster_launch.hpp"
#include "samples/samples.hpp"

namespace thalweg {
namespace {

using samples::scale;
using simt::test::DeviceArray;

__global__ void nothing() {}
__global__ void add(float* to, float value) { *to += value; }
__global__ void use_dynamic(float* out) {
  dynamic_shared<float>()[threadIdx.x] = 2.0f;
  out[threadIdx.x] = dynamic_shared<float>()[threadIdx.x];
}

template <class... P>
std::string refusal(void (*kernel)(P...), const LaunchShape& shape, std::type_identity_t<P>... arguments) {
  try {
    launch(nullptr, shape, "op_name", kernel, arguments...);
  } catch (const DeviceError& error) {
    return error.what();
  }
  return "";
}

TEST(Memory, StartsAsNotANumberAndAligned) {
  DeviceArray<float> memory(1000);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % 256, 0u);
  for (const float v : memory.download()) EXPECT_TRUE(std::isnan(v));
}

TEST(Memory, RefusesCopiesThatDoNotFit) {
  DeviceArray<float> memory(16);
  std::vector<float> host(64);
  EXPECT_EQ(cudaMemcpy(memory.data(), host.data(), 65, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host.data(), memory.data() + 1, 64, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(memory.data(), host.data(), 64, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset(memory.data() + 8, 0, 33), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(memory.data() + 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST(Memory, PinnedMemoryIsHostMemory) {
  float* pinned = nullptr;
  ASSERT_EQ(cudaMallocHost(&pinned, 64), cudaSuccess);
  pinned[3] = 4.0f;
  DeviceArray<float> device(16);
  EXPECT_EQ(cudaMemcpy(device.data(), pinned, 64, cudaMemcpyDefault), cudaSuccess);
  EXPECT_EQ(device.download()[3], 4.0f);
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
  EXPECT_EQ(cudaFreeHost(pinned), cudaErrorInvalidValue);
}

TEST(Launch, NamesTheOpWhenTheDeviceRefuses) {
  EXPECT_EQ(refusal(nothing, {1, 1024}), "");
  EXPECT_EQ(refusal(nothing, {1, 1025}),
            "op_name: cudaErrorInvalidConfiguration: invalid configuration argument");
  EXPECT_NE(refusal(nothing, {dim3(1, 65536), 1}), "");
  EXPECT_NE(refusal(nothing, {1, dim3(1, 1, 65)}), "");
  EXPECT_EQ(refusal(nothing, {0, 1024}), "");  // no blocks, no launch
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST(Launch, AsksForMoreSharedMemoryUpToTheDevicesLimit) {
  int limit = 0;
  ASSERT_EQ(cudaDeviceGetAttribute(&limit, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0), cudaSuccess);
  DeviceArray<float> out(32);
  EXPECT_EQ(refusal(use_dynamic, {1, 32, static_cast<std::size_t>(limit)}, out.data()), "");
  EXPECT_EQ(out.download()[31], 2.0f);
  EXPECT_NE(refusal(use_dynamic, {1, 32, static_cast<std::size_t>(limit) + 1}, out.data()), "");
}

TEST(Launch, CooperativeGridsHaveToBeResident) {
  int per_sm = 0, sms = 0;
  cudaOccupancyMaxActiveBlocksPerMultiprocessor(&per_sm, nothing, 256, 0);
  cudaDeviceGetAttribute(&sms, cudaDevAttrMultiProcessorCount, 0);
  const auto most = static_cast<unsigned>(per_sm * sms);
  EXPECT_NO_THROW(launch_cooperative(nullptr, {most, 256}, "fits", nothing));
  EXPECT_THROW(launch_cooperative(nullptr, {most + 1, 256}, "too many", nothing), DeviceError);
}

int compute_capability_major() {
  int major = 0;
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0);
  return major;
}

TEST(Launch, ClustersDivideTheGrid) {
  if (compute_capability_major() < 9) GTEST_SKIP() << "clusters came with sm_90";
  EXPECT_EQ(samples::launch_in_clusters(nullptr, 8, 32, 8, nothing), cudaSuccess);
  EXPECT_EQ(samples::launch_in_clusters(nullptr, 9, 32, 8, nothing), cudaErrorInvalidConfiguration);
  EXPECT_EQ(samples::launch_in_clusters(nullptr, 16, 32, 16, nothing), cudaErrorInvalidConfiguration);
}

TEST(Launch, ClustersAreRefusedBeforeSm90) {
  if (compute_capability_major() >= 9) GTEST_SKIP() << "clusters came with sm_90";
  EXPECT_EQ(samples::launch_in_clusters(nullptr, 8, 32, 8, nothing), cudaErrorNotSupported);
}

TEST(Streams, StaleHandlesAreErrors) {
  cudaStream_t stream = nullptr;
  cudaEvent_t begin = nullptr, end = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&begin), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&end), cudaSuccess);
  float ms = -1;
  EXPECT_EQ(cudaEventElapsedTime(&ms, begin, end), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaEventRecord(begin, stream), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(end, stream), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&ms, begin, end), cudaSuccess);
  EXPECT_GE(ms, 0.0f);
  EXPECT_EQ(cudaEventDestroy(begin), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(end), cudaSuccess);
  EXPECT_EQ(cudaEventSynchronize(end), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorInvalidResourceHandle);
  cudaGetLastError();
}

TEST(Streams, TakeKernelsWhileTheirDeviceIsSelected) {
  setenv("THALWEG_SIMT_DEVICES", "2", 1);
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  DeviceArray<float> value(std::vector<float>{1.0f});
  launch(stream, {1, 1}, "add", add, value.data(), 2.0f);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
  EXPECT_ANY_THROW(launch(stream, {1, 1}, "add", add, value.data(), 4.0f));
  cudaGetLastError();
  EXPECT_EQ(value.download(), std::vector<float>{3.0f});
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(cudaSetDevice(2), cudaErrorInvalidDevice);
  cudaGetLastError();
  unsetenv("THALWEG_SIMT_DEVICES");
}

TEST(Graphs, RecordNowAndRunAtTheLaunch) {
  cudaStream_t stream = nullptr, side = nullptr;
  cudaEvent_t fork = nullptr;
  cudaStreamCreate(&stream);
  cudaStreamCreate(&side);
  cudaEventCreateWithFlags(&fork, cudaEventDisableTiming);
  DeviceArray<float> value(std::vector<float>{0.0f});
  const auto capture = [&](float amount) {
    EXPECT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaSuccess);
    launch(stream, {1, 1}, "add", add, value.data(), amount);
    cudaEventRecord(fork, stream);
    cudaStreamWaitEvent(side, fork);
    launch(side, {1, 1}, "add", add, value.data(), 10 * amount);
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorStreamCaptureUnsupported);
    cudaEventRecord(fork, side);
    cudaStreamWaitEvent(stream, fork);
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
    cudaGetLastError();
    return graph;
  };
  cudaGraph_t graph = capture(1.0f);
  EXPECT_EQ(value.download()[0], 0.0f);
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph), cudaSuccess);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cudaGraphLaunch(executable, stream), cudaSuccess);
  EXPECT_EQ(value.download()[0], 33.0f);

  cudaGraph_t changed = capture(100.0f);
  cudaGraphExecUpdateResultInfo info{};
  EXPECT_EQ(cudaGraphExecUpdate(executable, changed, &info), cudaSuccess);
  EXPECT_EQ(cudaGraphLaunch(executable, stream), cudaSuccess);
  EXPECT_EQ(value.download()[0], 1133.0f);

  cudaGraph_t other = nullptr;
  cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);
  launch(stream, {1, 1}, "nothing", nothing);
  cudaStreamEndCapture(stream, &other);
  EXPECT_EQ(cudaGraphExecUpdate(executable, other, &info), cudaErrorGraphExecUpdateFailure);
  EXPECT_EQ(info.result, cudaGraphExecUpdateErrorTopologyChanged);
  cudaGetLastError();
  for (cudaGraph_t g : {graph, changed, other}) cudaGraphDestroy(g);
  cudaGraphExecDestroy(executable);
  cudaEventDestroy(fork);
  cudaStreamDestroy(side);
  cudaStreamDestroy(stream);
}

}  // namespace
}  // namespace thalweg
