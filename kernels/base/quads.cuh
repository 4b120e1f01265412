#pragma once
// Four neighbouring floats per thread: one 16-byte access where the arrays allow it, four guarded accesses
// where they do not. The launch checks the arrays once; the choice is then the same for every thread.
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/base/launch.cuh"
#include "kernels/base/ptx.cuh"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// Whether every fourth element lies on 16 bytes.
inline bool has_quads(const float* array) { return reinterpret_cast<std::uintptr_t>(array) % 16 == 0; }
inline bool has_quads(ConstMatrix matrix) { return has_quads(matrix.data) && matrix.stride % 4 == 0; }

/// The first `count` (1 to 4, or more) of four floats; zeros for the others. `vectors`: from lies on 16
/// bytes.
__device__ __forceinline__ float4 load_quad(const float* from, std::int64_t count, bool vectors) {
  if (vectors && count >= 4) return load4(from);
  float4 quad = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  if (count > 0) quad.x = from[0];
  if (count > 1) quad.y = from[1];
  if (count > 2) quad.z = from[2];
  if (count > 3) quad.w = from[3];
  return quad;
}

__device__ __forceinline__ void store_quad(float* to, float4 quad, std::int64_t count, bool vectors) {
  // The intrinsic is an ordinary store, but nvcc does not merge it with the four below.
  if (vectors && count >= 4) return __stwb(reinterpret_cast<float4*>(to), quad);
  if (count > 0) to[0] = quad.x;
  if (count > 1) to[1] = quad.y;
  if (count > 2) to[2] = quad.z;
  if (count > 3) to[3] = quad.w;
}

/// The grid of kernels whose threads own four columns and iterate over the rows. Block x and grid y go along
/// the columns, block y and grid x along the rows.
inline LaunchShape quad_columns(std::int64_t rows, std::int64_t cols, int threads, int rows_per_thread) {
  const std::int64_t quads = (cols + 3) / 4;
  unsigned across = 1;
  while (across < quads && across < static_cast<unsigned>(threads)) across *= 2;
  const unsigned down = static_cast<unsigned>(threads) / across;
  return {dim3(blocks_for(rows, std::int64_t{down} * rows_per_thread), blocks_for(quads, across)),
          dim3(across, down)};
}

/// The first of this thread's columns.
__device__ __forceinline__ std::int64_t quad_column() {
  return 4 * (std::int64_t{blockIdx.y} * blockDim.x + threadIdx.x);
}

/// body(row) for this thread's rows.
template <class Body>
__device__ __forceinline__ void for_quad_rows(std::int64_t rows, Body body) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.y;
  for (std::int64_t row = std::int64_t{blockIdx.x} * blockDim.y + threadIdx.y; row < rows; row += step) {
    body(row);
  }
}

}  // namespace thalweg
