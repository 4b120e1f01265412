#pragma once
// Shared memory, one spelling: SHARED(tile, float[2][64][16]) declares, dynamic_shared<T>() is the memory of
// LaunchShape::shared_bytes. Nothing is ever initialised: write before you read.
#include <cuda_runtime.h>

#include <type_traits>

#define SHARED(name, ...) __shared__ std::type_identity_t<__VA_ARGS__> name

namespace thalweg {

template <class T>
__device__ __forceinline__ T* dynamic_shared() {
  extern __shared__ __align__(128) unsigned char thalweg_dynamic_shared[];
  return reinterpret_cast<T*>(thalweg_dynamic_shared);
}

}  // namespace thalweg
