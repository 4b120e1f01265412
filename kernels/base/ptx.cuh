#pragma once
// Wrappers for instructions without a short form in CUDA C++: asynchronous copies into shared memory, and
// vectors of floats.
#include <cuda_runtime.h>

namespace thalweg {

__device__ __forceinline__ float4 load4(const float* from) { return *reinterpret_cast<const float4*>(from); }
__device__ __forceinline__ void store4(float* to, float4 value) { *reinterpret_cast<float4*>(to) = value; }

/// Copies Bytes (4, 8 or 16) from global to shared memory, aligned to Bytes; the bytes are there after
/// commit_copies, wait_copies and a barrier. Only the first `valid` bytes are read; the rest becomes zero.
template <int Bytes>
__device__ __forceinline__ void copy_async(void* to_shared, const void* from_global, int valid = Bytes) {
  static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16);
#if __CUDA_ARCH__ >= 800
  const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(to_shared));
  if constexpr (Bytes == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from_global), "r"(valid)
                 : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(to), "l"(from_global), "n"(Bytes),
                 "r"(valid)
                 : "memory");
  }
#else
  // sm_75 has no such copy: it is done here and now, word by word.
  for (int word = 0; word < Bytes / 4; ++word) {
    static_cast<unsigned*>(to_shared)[word] =
        4 * word < valid ? static_cast<const unsigned*>(from_global)[word] : 0u;
  }
#endif
}

/// Closes the group of this thread's copies since the last commit.
__device__ __forceinline__ void commit_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/// Waits for this thread's groups, all but the newest Pending. Other threads see the bytes after a barrier.
template <int Pending>
__device__ __forceinline__ void wait_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory");
#endif
}

}  // namespace thalweg
