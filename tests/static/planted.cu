// One kernel per fault that the account has to find; planted_<fault>. Never launched. Compiled without the
// project's -fmad=false.
#include <cuda_runtime.h>

__global__ void planted_none(float* x) { x[threadIdx.x] = __fmul_rn(x[threadIdx.x], 3.0f); }

__global__ void planted_double(float* x) { x[threadIdx.x] = static_cast<float>(x[threadIdx.x] * 0.1); }

__global__ void planted_local(float* x, int n) {
  float table[64];
  for (int i = 0; i < 64; ++i) table[i] = x[i];
  for (int i = 0; i < n; ++i) table[(i * 7) % 64] = table[i % 64] + 1.0f;
  x[threadIdx.x] = table[n % 64];
}

// 96 values alive, 32 registers.
__global__ void __launch_bounds__(1024, 2) planted_spill(float* x) {
  float value[96];
#pragma unroll
  for (int i = 0; i < 96; ++i) value[i] = x[i * 1024 + threadIdx.x];
  __syncthreads();
#pragma unroll
  for (int i = 0; i < 96; ++i) x[i * 1024 + threadIdx.x] = value[i] + value[95 - i] * value[(i * 5) % 96];
}

__global__ void planted_atomic(float* x) { atomicAdd(x, static_cast<float>(threadIdx.x)); }

__global__ void planted_approximate(float* x) { x[threadIdx.x] = __expf(x[threadIdx.x]); }

__global__ void planted_contraction(float* x, const float* y) {
  x[threadIdx.x] = x[threadIdx.x] * y[0] + y[1];
}

// Four neighbours leave one by one.
__global__ void planted_narrow(float* x, int n) {
#pragma unroll
  for (int i = 0; i < 4; ++i)
    if (i < n) x[4 * threadIdx.x + i] = 1.0f;
}

// Around each FFMA of the loop is more than FFMA.
__global__ void planted_diluted(float* x, const int* order, int n) {
  float sum = 0.0f;
  for (int i = 0; i < n; ++i) sum = __fmaf_rn(x[order[i] & 7], x[(order[i] ^ i) & 31], sum);
  x[threadIdx.x] = sum;
}

// Each turn computes a place of 64 bits.
__global__ void planted_index(int* x, long long stride, long long n) {
  for (long long i = threadIdx.x; i < n; i += stride) x[i * stride % 77777777777] = 1;
}

// A library's kernels are none of the account's business.
namespace cub {
template <class T>
__global__ void planted_library(T* x) {
  x[threadIdx.x] *= static_cast<T>(0.1);
}
template __global__ void planted_library<double>(double* x);
}  // namespace cub
