// The CUDA backend's tables, its devices and its streams.
#include "host/runtime/cuda_backend.hpp"

#include <cuda_runtime.h>

#include <string>

#include "host/runtime/cuda_memory.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr int kOldestMajor = 7, kOldestMinor = 5;

const Backend backend{.name = "cuda",
                      .memory = cuda_memory,
                      .graphs = &cuda_graphs,
                      .linear = linear_cuda,
                      .sparse_linear = sparse_linear_cuda,
                      .activation = activation_cuda,
                      .dropout = dropout_cuda,
                      .layer_norm = layer_norm_cuda,
                      .batch_norm = batch_norm_cuda,
                      .elementwise_loss = elementwise_loss_cuda,
                      .softmax_cross_entropy = softmax_cross_entropy_cuda,
                      .update = update_cuda,
                      .per_sample = per_sample_cuda};

/// Why the device cannot be used; "" when it can.
std::string refusal(int device) {
  int count = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count); error != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    return std::string("no usable CUDA driver: ") + cudaGetErrorString(error);
  }
  if (count == 0) return "this machine has no CUDA device";
  if (device >= count)
    return "there is no cuda:" + std::to_string(device) +
           "; this machine has cuda:0 to cuda:" + std::to_string(count - 1);
  int major = 0, minor = 0;
  if (cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) != cudaSuccess ||
      cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device) != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    return "cuda:" + std::to_string(device) + " does not answer";
  }
  if (major < kOldestMajor || (major == kOldestMajor && minor < kOldestMinor)) {
    return "cuda:" + std::to_string(device) + " has compute capability " + std::to_string(major) + "." +
           std::to_string(minor) + "; 7.5 or later is needed";
  }
  return "";
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

void* create_cuda_stream(int device) {
  if (const std::string reason = refusal(device); !reason.empty())
    throw DeviceUnavailable("device \"cuda:" + std::to_string(device) + "\": " + reason);
  check(cudaSetDevice(device), "cudaSetDevice");
  cudaStream_t stream = nullptr;
  // Not ordered with the legacy default stream, which nobody here uses.
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  return stream;
}

void destroy_cuda_stream(void* stream) noexcept {
  static_cast<void>(cudaStreamDestroy(static_cast<cudaStream_t>(stream)));
}

}  // namespace thalweg
