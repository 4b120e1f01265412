#pragma once
// The executed form of kernels/base/ptx.cuh: asynchronous copies are done at the wait, never earlier, and
// every vector access checks its alignment.
#include <cstring>

#include "cuda_runtime.h"

namespace thalweg {

inline float4 load4(const float* from, simt::Site site = simt::here()) {
  simt::require_aligned(from, alignof(float4), site);
  return *reinterpret_cast<const float4*>(from);
}
inline void store4(float* to, float4 value, simt::Site site = simt::here()) {
  simt::require_aligned(to, alignof(float4), site);
  *reinterpret_cast<float4*>(to) = value;
}

template <int Bytes>
void copy_async(void* to_shared, const void* from_global, int valid = Bytes, simt::Site site = simt::here()) {
  static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16);
  simt::require_aligned(to_shared, Bytes, site);
  simt::require_aligned(from_global, Bytes, site);
  simt::copy_later(to_shared, from_global, Bytes, valid, site);
}

inline void commit_copies() { simt::commit_copies(); }

template <int Pending>
void wait_copies() {
  for (simt::Copy copy; simt::next_due_copy(Pending, copy);) {
    // Byte by byte, so that the sanitizers see each access as this thread's own.
    for (int i = 0; i < copy.bytes; ++i) {
      static_cast<unsigned char*>(copy.to)[i] =
          i < copy.valid_bytes ? static_cast<const unsigned char*>(copy.from)[i] : 0;
    }
  }
}

}  // namespace thalweg
