#pragma once
// The one way to launch a kernel: zero-size return, cudaLaunchKernelEx, the error check that names the op,
// and a range for profilers.
#include <cuda_runtime.h>
#include <nvtx3/nvToolsExt.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "thalweg/error.hpp"

namespace thalweg {

struct LaunchShape {
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes = 0;  ///< dynamic; the launch requests more than 48 KiB from the device
};

/// ceil(items / per_block) as a grid extent; throws InternalError when the grid cannot be that long.
inline unsigned blocks_for(std::int64_t items, std::int64_t per_block) {
  const std::int64_t blocks = (items + per_block - 1) / per_block;
  if (blocks > 0x7fffffff) throw InternalError("a grid of " + std::to_string(blocks) + " blocks is too long");
  return static_cast<unsigned>(blocks);
}

/// Throws DeviceError naming the op when a call of the CUDA runtime failed.
inline void check_cuda(cudaError_t error, const char* op) {
  if (error == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());  // a later call shall not report it again
  throw DeviceError(std::string(op) + ": " + cudaGetErrorName(error) + ": " + cudaGetErrorString(error));
}

namespace detail {

/// A named range in the profiler's timeline.
class ProfilerRange {
 public:
  explicit ProfilerRange(const char* name) { nvtxRangePushA(name); }
  ~ProfilerRange() { nvtxRangePop(); }
  ProfilerRange(const ProfilerRange&) = delete;
  ProfilerRange& operator=(const ProfilerRange&) = delete;
};

constexpr std::size_t kSharedWithoutAsking = 48 * 1024;

template <class... Parameters, class... Arguments>
void launch_kernel(void* stream, const LaunchShape& shape, bool cooperative, const char* op,
                   void (*kernel)(Parameters...), Arguments&&... arguments) {
  const std::uint64_t blocks = std::uint64_t{shape.grid.x} * shape.grid.y * shape.grid.z;
  if (blocks == 0) return;
  const ProfilerRange range(op);
  if (shape.shared_bytes > kSharedWithoutAsking) {
    check_cuda(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                    static_cast<int>(shape.shared_bytes)),
               op);
  }
  cudaLaunchAttribute attribute = {};
  attribute.id = cudaLaunchAttributeCooperative;
  attribute.val.cooperative = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = shape.grid;
  config.blockDim = shape.block;
  config.dynamicSmemBytes = shape.shared_bytes;
  config.stream = static_cast<cudaStream_t>(stream);
  config.attrs = &attribute;
  config.numAttrs = cooperative ? 1 : 0;
  check_cuda(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...), op);
}

}  // namespace detail

/// Launches `kernel` on `stream` (a cudaStream_t, as Device::stream gives it). A grid of no blocks is no
/// launch. Arguments are copied at the launch.
template <class... Parameters, class... Arguments>
void launch(void* stream, const LaunchShape& shape, const char* op, void (*kernel)(Parameters...),
            Arguments&&... arguments) {
  detail::launch_kernel(stream, shape, false, op, kernel, std::forward<Arguments>(arguments)...);
}

/// Launches the kernel with all blocks resident at once, so that they may wait for each other with
/// grid.sync().
template <class... Parameters, class... Arguments>
void launch_cooperative(void* stream, const LaunchShape& shape, const char* op, void (*kernel)(Parameters...),
                        Arguments&&... arguments) {
  detail::launch_kernel(stream, shape, true, op, kernel, std::forward<Arguments>(arguments)...);
}

}  // namespace thalweg
