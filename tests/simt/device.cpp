#include "device.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "report.hpp"
#include "simt/recorded.hpp"
#include "simt/runtime_api.hpp"
#include "state.hpp"

namespace simt {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr int kMultiprocessors = 8;
// CUDA C++ Programming Guide, "Technical specifications per compute capability".
constexpr Gpu kKnown[] = {{75, 64 * kKiB, 64 * kKiB, 1024, 16, kMultiprocessors},
                          {80, 163 * kKiB, 164 * kKiB, 2048, 32, kMultiprocessors},
                          {86, 99 * kKiB, 100 * kKiB, 1536, 16, kMultiprocessors},
                          {89, 99 * kKiB, 100 * kKiB, 1536, 24, kMultiprocessors},
                          {90, 227 * kKiB, 228 * kKiB, 2048, 32, kMultiprocessors},
                          {100, 227 * kKiB, 228 * kKiB, 2048, 32, kMultiprocessors},
                          {120, 99 * kKiB, 100 * kKiB, 1536, 24, kMultiprocessors}};

std::mutex attributes_mutex;
std::map<Kernel, int>& dynamic_limits() {
  static auto* const limits = new std::map<Kernel, int>;
  return *limits;
}

const Gpu& known(int sm) {
  for (const Gpu& gpu : kKnown)
    if (gpu.sm == sm) return gpu;
  fatal("THALWEG_SIMT_SM=" + std::to_string(sm) + " is not one of 75 80 86 89 90 100 120");
}

/// The GPU that the environment asks for, until play_gpu names another.
Gpu& played() {
  static Gpu chosen = [] {
    const char* asked = std::getenv("THALWEG_SIMT_SM");
    return known(asked != nullptr && *asked != '\0' ? std::atoi(asked) : 90);
  }();
  return chosen;
}

thread_local cudaError_t last_error = cudaSuccess;
thread_local int selected = 0;

}  // namespace

const Gpu& gpu() { return played(); }

void play_gpu(int sm, int multiprocessors) {
  played() = known(sm);
  played().multiprocessors = multiprocessors;
}

std::size_t memory_bytes() {
  const char* asked = std::getenv("THALWEG_SIMT_MEMORY");
  if (asked == nullptr || *asked == '\0') return std::size_t{16} << 30;
  char* end = nullptr;
  const unsigned long long bytes = std::strtoull(asked, &end, 10);
  if (*end != '\0') fatal("THALWEG_SIMT_MEMORY=" + std::string(asked) + " is no number of bytes");
  return bytes;
}

int device_count() {
  const char* asked = std::getenv("THALWEG_SIMT_DEVICES");
  return asked == nullptr || *asked == '\0' ? 1 : std::atoi(asked);
}

int selected_device() { return selected; }

cudaError_t failed(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

std::size_t dynamic_limit(Kernel kernel) {
  const std::lock_guard lock(attributes_mutex);
  const auto found = dynamic_limits().find(kernel);
  return found == dynamic_limits().end() ? kSharedWithoutAsking : static_cast<std::size_t>(found->second);
}

cudaError_t set_attribute(Kernel kernel, cudaFuncAttribute attribute, int value) {
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
  if (value < 0 || static_cast<std::size_t>(value) > gpu().shared_per_block)
    return failed(cudaErrorInvalidValue);
  const std::lock_guard lock(attributes_mutex);
  dynamic_limits()[kernel] = value;
  return cudaSuccess;
}

cudaError_t occupancy(int* blocks, int threads, std::size_t dynamic_shared) {
  if (blocks == nullptr || threads < 1) return failed(cudaErrorInvalidValue);
  const std::size_t shared = dynamic_shared + (gpu().sm >= 80 ? kSharedReserved : 0);
  const int by_threads = gpu().threads_per_sm / ((threads + 31) / 32 * 32);
  const int by_shared = shared == 0 ? gpu().blocks_per_sm : static_cast<int>(gpu().shared_per_sm / shared);
  *blocks = threads > 1024 ? 0 : std::min({by_threads, by_shared, gpu().blocks_per_sm});
  return cudaSuccess;
}

}  // namespace simt

using simt::failed;
using simt::gpu;

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define THALWEG_NAME(name) \
  case name:               \
    return #name;
    THALWEG_NAME(cudaSuccess)
    THALWEG_NAME(cudaErrorInvalidValue)
    THALWEG_NAME(cudaErrorMemoryAllocation)
    THALWEG_NAME(cudaErrorInvalidConfiguration)
    THALWEG_NAME(cudaErrorNoDevice)
    THALWEG_NAME(cudaErrorInvalidDevice)
    THALWEG_NAME(cudaErrorInvalidResourceHandle)
    THALWEG_NAME(cudaErrorNotReady)
    THALWEG_NAME(cudaErrorCooperativeLaunchTooLarge)
    THALWEG_NAME(cudaErrorNotSupported)
    THALWEG_NAME(cudaErrorStreamCaptureUnsupported)
    THALWEG_NAME(cudaErrorStreamCaptureInvalidated)
    THALWEG_NAME(cudaErrorStreamCaptureUnjoined)
    THALWEG_NAME(cudaErrorIllegalState)
    THALWEG_NAME(cudaErrorGraphExecUpdateFailure)
#undef THALWEG_NAME
  }
  return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInvalidConfiguration:
      return "invalid configuration argument";
    case cudaErrorCooperativeLaunchTooLarge:
      return "too many blocks in cooperative launch";
    case cudaErrorInvalidResourceHandle:
      return "invalid resource handle";
    case cudaErrorStreamCaptureUnsupported:
      return "operation not permitted when stream is capturing";
    case cudaErrorInvalidDevice:
      return "invalid device ordinal";
    default:
      return cudaGetErrorName(error);
  }
}

cudaError_t cudaGetLastError() { return std::exchange(simt::last_error, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return simt::last_error; }

cudaError_t cudaGetDeviceCount(int* count) {
  *count = simt::device_count();
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = simt::selected;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= simt::device_count()) return failed(cudaErrorInvalidDevice);
  simt::selected = device;
  return cudaSuccess;
}
cudaError_t cudaDeviceSynchronize() {
  simt::count(&simt::Calls::synchronizations);
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) { return cudaRuntimeGetVersion(version); }

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device < 0 || device >= simt::device_count()) return failed(cudaErrorInvalidDevice);
  *properties = {};
  std::snprintf(properties->name, sizeof properties->name, "executed on the CPU as sm_%d", gpu().sm);
  properties->major = gpu().sm / 10;
  properties->minor = gpu().sm % 10;
  properties->multiProcessorCount = gpu().multiprocessors;
  properties->warpSize = 32;
  properties->maxThreadsPerBlock = 1024;
  properties->maxThreadsPerMultiProcessor = gpu().threads_per_sm;
  properties->regsPerBlock = 65536;
  properties->l2CacheSize = 4 << 20;
  properties->cooperativeLaunch = 1;
  const int threads[] = {1024, 1024, 64}, grid[] = {0x7fffffff, 65535, 65535};
  std::copy_n(threads, 3, properties->maxThreadsDim);
  std::copy_n(grid, 3, properties->maxGridSize);
  properties->totalGlobalMem = simt::memory_bytes();
  properties->sharedMemPerBlock = simt::kSharedWithoutAsking;
  properties->sharedMemPerBlockOptin = gpu().shared_per_block;
  properties->sharedMemPerMultiprocessor = gpu().shared_per_sm;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  cudaDeviceProp p;
  if (cudaGetDeviceProperties(&p, device) != cudaSuccess) return cudaErrorInvalidDevice;
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      return *value = p.maxThreadsPerBlock, cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      return *value = static_cast<int>(p.sharedMemPerBlock), cudaSuccess;
    case cudaDevAttrWarpSize:
      return *value = p.warpSize, cudaSuccess;
    case cudaDevAttrMultiProcessorCount:
      return *value = p.multiProcessorCount, cudaSuccess;
    case cudaDevAttrL2CacheSize:
      return *value = p.l2CacheSize, cudaSuccess;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      return *value = p.maxThreadsPerMultiProcessor, cudaSuccess;
    case cudaDevAttrComputeCapabilityMajor:
      return *value = p.major, cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
      return *value = p.minor, cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      return *value = static_cast<int>(p.sharedMemPerMultiprocessor), cudaSuccess;
    case cudaDevAttrCooperativeLaunch:
    case cudaDevAttrMemoryPoolsSupported:
      return *value = 1, cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      return *value = static_cast<int>(p.sharedMemPerBlockOptin), cudaSuccess;
  }
  return failed(cudaErrorInvalidValue);
}
