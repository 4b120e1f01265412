// The CUDA backend's tables, its devices and its streams.
#include "host/runtime/cuda_backend.hpp"

#include <cublasLt.h>
#include <cuda_runtime.h>

#include <string>

#include "host/runtime/cuda_architectures.hpp"
#include "host/runtime/cuda_memory.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

#define THALWEG_DECLARE(Ops, op) extern const Ops op##_cuda;
THALWEG_OPS(THALWEG_DECLARE)
#undef THALWEG_DECLARE
extern const LinearBurstOps linear_burst_cuda;

namespace {

constexpr int kOldestMajor = 7, kOldestMinor = 5;

#define THALWEG_CUDA_TABLE(Ops, op) .op = op##_cuda,
const Backend backend{.name = "cuda",
                      .memory = cuda_memory,
                      .graphs = &cuda_graphs,
                      .linear_burst = &linear_burst_cuda,
                      THALWEG_OPS(THALWEG_CUDA_TABLE)};
#undef THALWEG_CUDA_TABLE

int attribute_of(cudaDeviceAttr attribute, int device) {
  int value = 0;
  if (cudaDeviceGetAttribute(&value, attribute, device) == cudaSuccess) return value;
  static_cast<void>(cudaGetLastError());
  return 0;
}

/// The devices of this machine; `reason` says why there is none.
int device_count(std::string& reason) {
  int count = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count); error != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    reason = std::string("no usable CUDA driver: ") + cudaGetErrorString(error);
    return 0;
  }
  if (count == 0) reason = "this machine has no CUDA device";
  return count;
}

/// Why an existing device cannot be used; "" when it can.
std::string refusal_of(int device) {
  const std::string name = "cuda:" + std::to_string(device);
  const int major = attribute_of(cudaDevAttrComputeCapabilityMajor, device);
  const int minor = attribute_of(cudaDevAttrComputeCapabilityMinor, device);
  if (major == 0) return name + " does not answer";
  const std::string has =
      name + " has compute capability " + std::to_string(major) + "." + std::to_string(minor);
  if (major < kOldestMajor || (major == kOldestMajor && minor < kOldestMinor))
    return has + "; 7.5 or later is needed";
  if (!has_code_for(THALWEG_CUDA_ARCHITECTURES, major, minor))
    return has + "; this build holds code for " + THALWEG_CUDA_ARCHITECTURES + " (CMAKE_CUDA_ARCHITECTURES)";
  return "";
}

/// Why the device cannot be used; "" when it can.
std::string refusal(int device) {
  std::string reason;
  const int count = device_count(reason);
  if (count == 0) return reason;
  if (device >= count)
    return "there is no cuda:" + std::to_string(device) +
           "; this machine has cuda:0 to cuda:" + std::to_string(count - 1);
  return refusal_of(device);
}

DeviceInfo describe(int device) {
  DeviceInfo found{.device = "cuda:" + std::to_string(device), .refusal = refusal_of(device)};
  cudaDeviceProp properties{};
  if (cudaGetDeviceProperties(&properties, device) == cudaSuccess) {
    found.name = properties.name;
    found.memory_bytes = static_cast<std::int64_t>(properties.totalGlobalMem);
    found.multiprocessors = properties.multiProcessorCount;
    found.compute_major = properties.major;
    found.compute_minor = properties.minor;
  }
  if (found.refusal.empty()) {
    std::size_t available = 0, total = 0;
    if (cudaSetDevice(device) == cudaSuccess && cudaMemGetInfo(&available, &total) == cudaSuccess) {
      found.free_bytes = static_cast<std::int64_t>(available);
    } else {
      found.refusal = found.device + " does not answer: " + cudaGetErrorString(cudaGetLastError());
    }
  }
  static_cast<void>(cudaGetLastError());  // a later call shall not report it
  return found;
}

void check(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());
  throw DeviceError(std::string(call) + ": " + cudaGetErrorName(error) + ": " + cudaGetErrorString(error));
}

}  // namespace

const Backend& cuda_backend() { return backend; }

bool cuda_usable(std::string& reason) {
  reason = refusal(0);
  return reason.empty();
}

std::vector<DeviceInfo> cuda_devices() {
  std::string reason;
  const int count = device_count(reason);
  if (count == 0) return {{.device = "cuda", .refusal = reason}};
  int selected = 0;
  static_cast<void>(cudaGetDevice(&selected));
  std::vector<DeviceInfo> devices;
  for (int device = 0; device < count; ++device) devices.push_back(describe(device));
  static_cast<void>(cudaSetDevice(selected));
  return devices;
}

CudaReport cuda_report() {
  CudaReport report{.built = true, .architectures = THALWEG_CUDA_ARCHITECTURES};
  if (cudaDriverGetVersion(&report.driver) != cudaSuccess) report.driver = 0;
  if (cudaRuntimeGetVersion(&report.runtime) != cudaSuccess) report.runtime = 0;
  static_cast<void>(cudaGetLastError());
  return report;
}

std::int64_t cuda_free_bytes(const Context& ctx) {
  if (device_of(ctx).stream == nullptr) return -1;
  std::size_t available = 0, total = 0;
  check(cudaMemGetInfo(&available, &total), "cudaMemGetInfo");
  return static_cast<std::int64_t>(available);
}

DeviceProperties cuda_properties(int device) {
  return {.multiprocessors = attribute_of(cudaDevAttrMultiProcessorCount, device),
          .compute_major = attribute_of(cudaDevAttrComputeCapabilityMajor, device),
          .shared_bytes = attribute_of(cudaDevAttrMaxSharedMemoryPerBlockOptin, device)};
}

void* create_cuda_stream(int device) {
  if (const std::string reason = refusal(device); !reason.empty())
    throw DeviceUnavailable("device \"cuda:" + std::to_string(device) + "\": " + reason);
  check(cudaSetDevice(device), "cudaSetDevice");
  cudaStream_t stream = nullptr;
  // Not ordered with the legacy default stream, which nobody here uses.
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  return stream;
}

void select_cuda_device(int device) noexcept { static_cast<void>(cudaSetDevice(device)); }

void destroy_cuda_stream(void* stream) noexcept {
  static_cast<void>(cudaStreamDestroy(static_cast<cudaStream_t>(stream)));
}

void* create_matrix_library() {
  cublasLtHandle_t handle = nullptr;
  if (const cublasStatus_t status = cublasLtCreate(&handle); status != CUBLAS_STATUS_SUCCESS) {
    throw DeviceError(std::string("cublasLtCreate: ") + cublasLtGetStatusName(status) + ": " +
                      cublasLtGetStatusString(status));
  }
  return handle;
}

void destroy_matrix_library(void* library) noexcept {
  static_cast<void>(cublasLtDestroy(static_cast<cublasLtHandle_t>(library)));
}

}  // namespace thalweg
