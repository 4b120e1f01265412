// Kernels with one bug each. The program runs the one that its argument names; planted_test.cpp says how each
// has to be caught.
#include <cstdio>
#include <cstring>
#include <vector>

#include "cooperative_groups.h"
#include "kernels/base/launch.cuh"
#include "kernels/base/ptx.cuh"
#include "kernels/base/shared.cuh"
#include "kernels/base/warp.cuh"

namespace thalweg {
namespace {

constexpr int kThreads = 64;

__global__ void store_past_the_end(float* out, int n) {
  if (static_cast<int>(threadIdx.x) <= n) out[threadIdx.x] = 1.0f;
}
__global__ void shared_overrun(float* out) {
  SHARED(tile, float[kThreads]);
  float* next = tile + 1;
  next[threadIdx.x] = 1.0f;
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x];
}
__global__ void dynamic_overrun(float* out) {
  float* tile = dynamic_shared<float>();
  tile[threadIdx.x + 1] = 1.0f;
  out[threadIdx.x] = tile[threadIdx.x];
}
__global__ void missing_barrier(float* out) {
  SHARED(tile, float[kThreads]);
  tile[threadIdx.x] = 1.0f;
  out[threadIdx.x] = tile[(threadIdx.x + 1) % kThreads];
}
__global__ void missing_grid_sync(float* out) {
  if (threadIdx.x == 0) out[blockIdx.x] = 1.0f;
  if (threadIdx.x == 0) out[gridDim.x + blockIdx.x] = out[(blockIdx.x + 1) % gridDim.x];
}
__global__ void missing_copy_wait(const float* in, float* out) {
  SHARED(tile, float[kThreads]);
  copy_async<4>(&tile[threadIdx.x], in + threadIdx.x);
  commit_copies();
  out[threadIdx.x] = tile[threadIdx.x];
}
__global__ void late_copy_wait(const float* in, float* out) {
  SHARED(tile, float[kThreads]);
  copy_async<4>(&tile[threadIdx.x], in + threadIdx.x);
  commit_copies();
  out[threadIdx.x] = tile[threadIdx.x];
  wait_copies<0>();
}
__global__ void divergent_barrier(float* out) {
  if (threadIdx.x < 32) __syncthreads();
  out[threadIdx.x] = 1.0f;
}
__global__ void two_barriers(float* out) {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  out[threadIdx.x] = 1.0f;
}
__global__ void foreign_mask(float* out) { out[threadIdx.x] = __shfl_sync(0x0000ffffu, 1.0f, 0); }
__global__ void returned_lane(float* out) {
  if (threadIdx.x % 32 == 31) return;
  out[threadIdx.x] = __shfl_down_sync(0xffffffffu, 1.0f, 1);
}
__global__ void block_race(float* out) {
  if (threadIdx.x == 0) out[0] = static_cast<float>(blockIdx.x);
}
__global__ void barrier_block_race(float* out) {
  __syncthreads();
  if (threadIdx.x == 1) out[0] = out[0] + 1.0f;
}
__global__ void missing_fence(float* out, unsigned* flag) {
  if (threadIdx.x != 0) return;
  out[blockIdx.x] = 1.0f;
  if (atomicAdd(flag, 1u) == gridDim.x - 1) {
    for (unsigned b = 0; b < gridDim.x; ++b) out[gridDim.x] += out[b];
  }
}
__global__ void misaligned(float* out) { store4(out + 1, make_float4(1, 2, 3, 4)); }
__global__ void write_one(float* out) { out[threadIdx.x] = 1.0f; }
__global__ void trapping(float*) {
  if (threadIdx.x == 7) __trap();
}

const LaunchShape kOneBlock{1, kThreads}, kBlocks{8, kThreads};

/// The bug named `bug`; false when there is none of that name.
bool run(const char* bug, float* memory) {
  const auto is = [bug](const char* name) { return std::strcmp(bug, name) == 0; };
  const auto one = [&](auto kernel) { launch(nullptr, kOneBlock, bug, kernel, memory); };
  if (is("store_past_the_end")) {
    launch(nullptr, kOneBlock, bug, store_past_the_end, memory + 1024 - 63, 63);
  } else if (is("shared_overrun")) {
    one(shared_overrun);
  } else if (is("dynamic_overrun")) {
    launch(nullptr, {1, kThreads, kThreads * sizeof(float)}, bug, dynamic_overrun, memory);
  } else if (is("missing_barrier")) {
    one(missing_barrier);
  } else if (is("missing_grid_sync")) {
    launch_cooperative(nullptr, kBlocks, bug, missing_grid_sync, memory);
  } else if (is("missing_copy_wait")) {
    launch(nullptr, kOneBlock, bug, missing_copy_wait, memory + 512, memory);
  } else if (is("late_copy_wait")) {
    launch(nullptr, kOneBlock, bug, late_copy_wait, memory + 512, memory);
    float first = 0;
    check_cuda(cudaMemcpy(&first, memory, sizeof first, cudaMemcpyDeviceToHost), bug);
    if (first != first) std::fprintf(stderr, "the result is not a number\n");
    return first == first;
  } else if (is("divergent_barrier")) {
    one(divergent_barrier);
  } else if (is("two_barriers")) {
    one(two_barriers);
  } else if (is("foreign_mask")) {
    one(foreign_mask);
  } else if (is("returned_lane")) {
    one(returned_lane);
  } else if (is("block_race")) {
    launch(nullptr, kBlocks, bug, block_race, memory);
  } else if (is("barrier_block_race")) {
    launch(nullptr, kBlocks, bug, barrier_block_race, memory);
  } else if (is("missing_fence")) {
    launch(nullptr, kBlocks, bug, missing_fence, memory, reinterpret_cast<unsigned*>(memory + 512));
  } else if (is("misaligned")) {
    one(misaligned);
  } else if (is("trap")) {
    one(trapping);
  } else if (is("use_after_free")) {
    float* freed = nullptr;
    check_cuda(cudaMalloc(&freed, 4096), bug);
    check_cuda(cudaFree(freed), bug);
    launch(nullptr, kOneBlock, bug, write_one, freed);
  } else if (is("leak")) {
    float* leaked = nullptr;
    check_cuda(cudaMalloc(&leaked, 4096), bug);
  } else if (is("host_read")) {
    std::fprintf(stderr, "%f\n", static_cast<double>(*static_cast<volatile float*>(memory)));
  } else if (is("none")) {
    one(write_one);
  } else {
    return false;
  }
  return true;
}

}  // namespace
}  // namespace thalweg

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  float* memory = nullptr;
  thalweg::check_cuda(cudaMalloc(&memory, 4096), "cudaMalloc");
  thalweg::check_cuda(cudaMemset(memory, 0, 4096), "cudaMemset");
  const bool known = thalweg::run(argv[1], memory);
  thalweg::check_cuda(cudaFree(memory), "cudaFree");
  return known ? 0 : 2;
}
