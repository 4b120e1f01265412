#include "kernels/base/launch.cuh"
#include "kernels/base/ptx.cuh"
#include "kernels/base/shared.cuh"
#include "samples.hpp"

namespace thalweg::samples {
namespace {

constexpr int kTile = 64, kDepth = 16, kThreads = 256;

// Each thread computes 4 x 4 elements of C; the next tiles are copied while these are multiplied.
__global__ void __launch_bounds__(kThreads)
    sgemm_kernel(int n, int k, const float* a, const float* b, float* c) {
  SHARED(a_tile, float[2][kTile][kDepth]);
  SHARED(b_tile, float[2][kDepth][kTile]);
  const int t = static_cast<int>(threadIdx.x);
  const int row0 = static_cast<int>(blockIdx.y) * kTile, col0 = static_cast<int>(blockIdx.x) * kTile;
  const int a_row = t / 4, a_col = t % 4 * 4, b_row = t / 16, b_col = t % 16 * 4;
  const auto fetch = [&](int stage, int k0) {
    copy_async<16>(&a_tile[stage][a_row][a_col], a + std::int64_t{row0 + a_row} * k + k0 + a_col);
    copy_async<16>(&b_tile[stage][b_row][b_col], b + std::int64_t{k0 + b_row} * n + col0 + b_col);
    commit_copies();
  };
  float sum[4][4] = {};
  fetch(0, 0);
  for (int k0 = 0, stage = 0; k0 < k; k0 += kDepth, stage ^= 1) {
    wait_copies<0>();
    __syncthreads();  // this stage's copies are seen, and nobody still reads the other stage
    if (k0 + kDepth < k) fetch(stage ^ 1, k0 + kDepth);
    for (int d = 0; d < kDepth; ++d) {
      const float4 right = load4(&b_tile[stage][d][t % 16 * 4]);
      for (int i = 0; i < 4; ++i) {
        const float left = a_tile[stage][t / 16 * 4 + i][d];
        sum[i][0] = fmaf(left, right.x, sum[i][0]);
        sum[i][1] = fmaf(left, right.y, sum[i][1]);
        sum[i][2] = fmaf(left, right.z, sum[i][2]);
        sum[i][3] = fmaf(left, right.w, sum[i][3]);
      }
    }
  }
  for (int i = 0; i < 4; ++i)
    store4(c + std::int64_t{row0 + t / 16 * 4 + i} * n + col0 + t % 16 * 4,
           make_float4(sum[i][0], sum[i][1], sum[i][2], sum[i][3]));
}

}  // namespace

void sgemm(void* stream, int m, int n, int k, const float* a, const float* b, float* c) {
  launch(stream, {dim3(static_cast<unsigned>(n / kTile), static_cast<unsigned>(m / kTile)), kThreads},
         "sgemm", sgemm_kernel, n, k, a, b, c);
}

}  // namespace thalweg::samples
