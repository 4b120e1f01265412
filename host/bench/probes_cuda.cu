// The probes of `thalweg bench` on a GPU. Arguments, not constants, are what the loops compute with: the
// compiler cannot leave the work out.
#include <cooperative_groups.h>

#include "host/bench/probes.hpp"
#include "kernels/base/launch.cuh"

namespace thalweg::bench {
namespace {

__global__ void __launch_bounds__(1) empty_kernel() {}

// fma: chains in registers, from different values, or the compiler would keep one of them
// launch       kProbeThreads threads, some blocks on each multiprocessor, so that every scheduler has warps
__global__ void __launch_bounds__(kProbeThreads)
    fma_kernel(int rounds, float factor, float term, float* __restrict__ out) {
  float chain[kProbeChains];
#pragma unroll
  for (int k = 0; k < kProbeChains; ++k) chain[k] = static_cast<float>(k);
  for (int round = 0; round < rounds; ++round) {
#pragma unroll
    for (int k = 0; k < kProbeChains; ++k) chain[k] = __fmaf_rn(chain[k], factor, term);
  }
  float sum = 0;
#pragma unroll
  for (int k = 0; k < kProbeChains; ++k) sum += chain[k];
  out[blockIdx.x * kProbeThreads + threadIdx.x] = sum;
}

// read: every block goes over its own part, 16 bytes a thread, from the second-level cache where it fits
__global__ void __launch_bounds__(kProbeThreads)
    read_kernel(int passes, const float4* __restrict__ from, std::int64_t quads, float* __restrict__ out) {
  const std::int64_t thread = std::int64_t{blockIdx.x} * kProbeThreads + threadIdx.x;
  const std::int64_t threads = std::int64_t{gridDim.x} * kProbeThreads;
  float sum[4] = {};
  for (int pass = 0; pass < passes; ++pass) {
#pragma unroll 4
    for (std::int64_t i = thread; i < quads; i += threads) {
      const float4 quad = __ldcg(from + i);
      sum[0] += quad.x, sum[1] += quad.y, sum[2] += quad.z, sum[3] += quad.w;
    }
  }
  out[thread] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

// chase: the sum and the mask are some nanoseconds of each hop
__global__ void __launch_bounds__(1)
    chase_kernel(int hops, std::int32_t step, std::int32_t mask, const std::int32_t* __restrict__ zeros,
                 std::int32_t* __restrict__ at) {
  std::int32_t place = *at;
  for (int hop = 0; hop < hops; ++hop) place = (place + step + __ldcg(zeros + place)) & mask;
  *at = place;
}

// barriers: two counts a block, read and written in turn
__global__ void __launch_bounds__(kBarrierThreads) barriers_kernel(int rounds, std::int32_t* counts) {
  const unsigned block = blockIdx.x, neighbour = (block + 1) % gridDim.x;
  for (int round = 0; round < rounds; ++round) {
    const unsigned from = round % 2 == 0 ? 0 : gridDim.x, to = gridDim.x - from;
    if (threadIdx.x == 0) counts[to + block] = counts[from + neighbour] + 1;
    cooperative_groups::this_grid().sync();
  }
}

std::int64_t l2_bytes() {
  int device = 0, bytes = 0;
  check_cuda(cudaGetDevice(&device), "probe");
  check_cuda(cudaDeviceGetAttribute(&bytes, cudaDevAttrL2CacheSize, device), "probe");
  return bytes;
}

void empty(const Device& device) { launch(device.stream, {1, 1}, "probe_empty", empty_kernel); }

LaunchShape grid_of(int blocks) { return {static_cast<unsigned>(blocks), kProbeThreads}; }

void fma(const Device& device, int blocks, int rounds, float factor, float term, float* out) {
  launch(device.stream, grid_of(blocks), "probe_fma", fma_kernel, rounds, factor, term, out);
}

void read(const Device& device, int blocks, int passes, const float* from, std::int64_t count, float* out) {
  launch(device.stream, grid_of(blocks), "probe_read", read_kernel, passes,
         reinterpret_cast<const float4*>(from), count / 4, out);
}

void chase(const Device& device, int hops, std::int32_t step, std::int32_t mask, const std::int32_t* zeros,
           std::int32_t* at) {
  launch(device.stream, {1, 1}, "probe_chase", chase_kernel, hops, step, mask, zeros, at);
}

void barriers(const Device& device, int blocks, int rounds, std::int32_t* counts) {
  launch_cooperative(device.stream, {static_cast<unsigned>(blocks), kBarrierThreads}, "probe_barriers",
                     barriers_kernel, rounds, counts);
}

}  // namespace

const ProbeOps* gpu_probes() {
  static const ProbeOps ops{.l2_bytes = &l2_bytes,
                            .empty = &empty,
                            .fma = &fma,
                            .read = &read,
                            .chase = &chase,
                            .barriers = &barriers};
  return &ops;
}

}  // namespace thalweg::bench
