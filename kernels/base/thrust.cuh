#pragma once
// Thrust, for sorts and scans of integers: on the device's stream, without waiting for it, with temporary
// memory from the scratch memory, so that it can be recorded in a graph. Sums of floats stay ours: Thrust
// does not promise their order. tests/simt/include has a header of this name that computes on the CPU.
#define THRUST_FORCE_32_BIT_OFFSET_TYPE  // fewer than 2^31 elements, and half as many kernels
#include <thrust/execution_policy.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>
#include <thrust/scan.h>
#include <thrust/sort.h>
#include <thrust/system_error.h>

#include <cstddef>
#include <string>

#include "kernels/base/device.hpp"
#include "kernels/base/launch.cuh"

namespace thalweg::cuda {

/// Pieces of a frame, as Thrust asks for them. The frame's end gives them back.
class FrameAllocator {
 public:
  using value_type = char;

  explicit FrameAllocator(const Scratch::Frame& frame) : frame_(frame) {}
  char* allocate(std::ptrdiff_t bytes) { return frame_.take<char>(bytes); }
  void deallocate(char*, std::size_t) {}

 private:
  const Scratch::Frame& frame_;
};

/// Calls algorithm(policy), which runs one algorithm of Thrust with that policy. Throws DeviceError naming
/// the op when it fails.
template <class Algorithm>
void with_thrust(const Device& device, const char* op, const Algorithm& algorithm) {
  const detail::ProfilerRange range(op);
  const Scratch::Frame frame(device);
  FrameAllocator memory(frame);
  try {
    algorithm(thrust::cuda::par_nosync(memory).on(static_cast<cudaStream_t>(device.stream)));
  } catch (const thrust::system_error& error) {
    throw DeviceError(std::string(op) + ": " + error.what());
  }
}

}  // namespace thalweg::cuda
