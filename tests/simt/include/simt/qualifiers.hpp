#pragma once
// CUDA's qualifiers as plain C++. __shared__ is missing on purpose: kernels/base/shared.cuh has the one
// spelling. __noinline__ is missing because libstdc++ uses that word.
#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __launch_bounds__(...)
#define __grid_constant__
#define __cluster_dims__(...) static_assert(false, "give the cluster size at the launch")
