#include "kernels/base/launch.cuh"
#include "kernels/base/shared.cuh"
#include "samples.hpp"

namespace thalweg::samples {
namespace {

constexpr int kTile = 32, kPitch = kTile + 1, kRowsAtOnce = 8;

__global__ void transpose_kernel(int rows, int columns, const float* in, float* out) {
  float* tile = dynamic_shared<float>();
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
  const int row0 = static_cast<int>(blockIdx.y) * kTile, column0 = static_cast<int>(blockIdx.x) * kTile;
  for (int i = y; i < kTile; i += kRowsAtOnce)
    if (row0 + i < rows && column0 + x < columns)
      tile[i * kPitch + x] = in[std::int64_t{row0 + i} * columns + column0 + x];
  __syncthreads();
  for (int i = y; i < kTile; i += kRowsAtOnce)
    if (column0 + i < columns && row0 + x < rows)
      out[std::int64_t{column0 + i} * rows + row0 + x] = tile[x * kPitch + i];
}

}  // namespace

void transpose(void* stream, int rows, int columns, const float* in, float* out) {
  launch(stream,
         {dim3(blocks_for(columns, kTile), blocks_for(rows, kTile)), dim3(kTile, kRowsAtOnce),
          kTile * kPitch * sizeof(float)},
         "transpose", transpose_kernel, rows, columns, in, out);
}

}  // namespace thalweg::samples
