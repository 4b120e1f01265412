// Memory of the CUDA backend: copies and fills are ordered with the device's stream.
#include <cuda_runtime.h>

#include <string>

#include "host/runtime/counted_memory.hpp"
#include "host/runtime/cuda_memory.hpp"
#include "kernels/base/device.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

void check(cudaError_t error, const std::string& call) {
  if (error == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());  // a later call shall not report it again
  throw DeviceError(call + ": " + cudaGetErrorName(error) + ": " + cudaGetErrorString(error));
}

cudaStream_t stream_of(const Device& device) { return static_cast<cudaStream_t>(device.stream); }

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

void upload(const Device& device, void* to, const void* from_host, std::int64_t bytes) {
  check(cudaMemcpyAsync(to, from_host, static_cast<std::size_t>(bytes), cudaMemcpyHostToDevice,
                        stream_of(device)),
        "upload");
}

void download(const Device& device, void* to_host, const void* from, std::int64_t bytes) {
  check(cudaMemcpyAsync(to_host, from, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToHost,
                        stream_of(device)),
        "download");
  check(cudaStreamSynchronize(stream_of(device)), "download");
}

void copy(const Device& device, void* to, const void* from, std::int64_t bytes) {
  check(
      cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToDevice, stream_of(device)),
      "device copy");
}

void zero(const Device& device, void* to, std::int64_t bytes) {
  check(cudaMemsetAsync(to, 0, static_cast<std::size_t>(bytes), stream_of(device)), "device fill");
}

void synchronize(const Device& device) { check(cudaStreamSynchronize(stream_of(device)), "synchronize"); }

void* allocate_staging(std::int64_t bytes) {
  void* memory = nullptr;
  check(cudaMallocHost(&memory, static_cast<std::size_t>(bytes)),
        "cudaMallocHost of " + std::to_string(bytes) + " bytes");
  return memory;
}

void release_staging(void* memory) { static_cast<void>(cudaFreeHost(memory)); }

// Only this thread's calls are part of the capture; others may go on with their own streams. Code that nobody
// has run before is loaded at its first launch, which only a relaxed capture allows.
void begin_capture(const Device& device) {
  const bool first_launches = CountedMemory::of_this_thread() != nullptr;
  const auto mode = first_launches ? cudaStreamCaptureModeRelaxed : cudaStreamCaptureModeThreadLocal;
  check(cudaStreamBeginCapture(stream_of(device), mode), "begin capture");
}

void* end_capture(const Device& device) {
  cudaGraph_t graph = nullptr;
  check(cudaStreamEndCapture(stream_of(device), &graph), "end capture");
  if (CountedMemory::of_this_thread() != nullptr) {  // nothing that could run
    static_cast<void>(cudaGraphDestroy(graph));
    return nullptr;
  }
  cudaGraphExec_t executable = nullptr;
  const cudaError_t error = cudaGraphInstantiate(&executable, graph, 0);
  static_cast<void>(cudaGraphDestroy(graph));
  check(error, "instantiate graph");
  return executable;
}

void launch_graph(const Device& device, void* graph) {
  check(cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph), stream_of(device)), "launch graph");
}

void destroy_graph(void* graph) {
  static_cast<void>(cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(graph)));
}

const MemoryOps device_memory{.allocate = &allocate,
                              .release = &release,
                              .upload = &upload,
                              .download = &download,
                              .copy = &copy,
                              .zero = &zero,
                              .synchronize = &synchronize,
                              .allocate_staging = &allocate_staging,
                              .release_staging = &release_staging};

const MemoryOps& table() {
  const MemoryOps* const counted = CountedMemory::of_this_thread();
  return counted != nullptr ? *counted : device_memory;
}

}  // namespace

const GraphOps cuda_graphs{.begin_capture = &begin_capture,
                           .end_capture = &end_capture,
                           .launch = &launch_graph,
                           .destroy = &destroy_graph};

const MemoryOps cuda_memory{
    .allocate = +[](std::int64_t bytes) { return table().allocate(bytes); },
    .release = +[](void* memory) { table().release(memory); },
    .upload = +[](const Device& device, void* to, const void* from,
                  std::int64_t bytes) { table().upload(device, to, from, bytes); },
    .download = +[](const Device& device, void* to, const void* from,
                    std::int64_t bytes) { table().download(device, to, from, bytes); },
    .copy = +[](const Device& device, void* to, const void* from,
                std::int64_t bytes) { table().copy(device, to, from, bytes); },
    .zero = +[](const Device& device, void* to, std::int64_t bytes) { table().zero(device, to, bytes); },
    .synchronize = +[](const Device& device) { table().synchronize(device); },
    .allocate_staging = +[](std::int64_t bytes) { return table().allocate_staging(bytes); },
    .release_staging = +[](void* memory) { table().release_staging(memory); }};

}  // namespace thalweg
