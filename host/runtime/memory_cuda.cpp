// Memory of the CUDA backend: copies and fills are ordered with the context's stream.
#include <cuda_runtime.h>

#include <string>

#include "host/runtime/cuda_memory.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

void check(cudaError_t error, const std::string& call) {
  if (error == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());  // a later call shall not report it again
  throw DeviceError(call + ": " + cudaGetErrorName(error) + ": " + cudaGetErrorString(error));
}

cudaStream_t stream_of(const Context& ctx) { return static_cast<cudaStream_t>(ctx.stream()); }

/// cudaMalloc and not the stream-ordered pool: a step allocates nothing, and this memory outlives a stream.
void* allocate(std::int64_t bytes) {
  void* memory = nullptr;
  const cudaError_t error = cudaMalloc(&memory, static_cast<std::size_t>(bytes));
  if (error == cudaErrorMemoryAllocation) {
    static_cast<void>(cudaGetLastError());
    throw InternalError("out of device memory: " + std::to_string(bytes) + " bytes were asked for");
  }
  check(error, "cudaMalloc of " + std::to_string(bytes) + " bytes");
  return memory;
}

/// Waits for work that may still use the memory, as cudaFree does. Destructors end here: nothing is thrown.
void release(void* memory) { static_cast<void>(cudaFree(memory)); }

void upload(const Context& ctx, void* to, const void* from_host, std::int64_t bytes) {
  check(
      cudaMemcpyAsync(to, from_host, static_cast<std::size_t>(bytes), cudaMemcpyHostToDevice, stream_of(ctx)),
      "upload");
}

void download(const Context& ctx, void* to_host, const void* from, std::int64_t bytes) {
  check(
      cudaMemcpyAsync(to_host, from, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToHost, stream_of(ctx)),
      "download");
  check(cudaStreamSynchronize(stream_of(ctx)), "download");
}

void copy(const Context& ctx, void* to, const void* from, std::int64_t bytes) {
  check(cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToDevice, stream_of(ctx)),
        "device copy");
}

void zero(const Context& ctx, void* to, std::int64_t bytes) {
  check(cudaMemsetAsync(to, 0, static_cast<std::size_t>(bytes), stream_of(ctx)), "device fill");
}

void synchronize(const Context& ctx) { check(cudaStreamSynchronize(stream_of(ctx)), "synchronize"); }

}  // namespace

const MemoryOps cuda_memory{.allocate = &allocate,
                            .release = &release,
                            .upload = &upload,
                            .download = &download,
                            .copy = &copy,
                            .zero = &zero,
                            .synchronize = &synchronize};

}  // namespace thalweg
