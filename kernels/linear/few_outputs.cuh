#pragma once
// Layers with at most kFewOutputs outputs: a dot product is 128 chains, four to a lane of a warp, and their
// tree (kernels/base/chains.hpp).
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/base/chains.hpp"
#include "kernels/base/launch.cuh"
#include "kernels/base/warp.cuh"
#include "kernels/gemm/row_source.cuh"
#include "kernels/linear/linear.hpp"

namespace thalweg {

static_assert(kChains == 4 * kWarp);

/// Folds 128 chains, chain c in component c mod 4 of lane c / 4. The sum is lane 0's.
__device__ __forceinline__ float fold_chain_quads(float4 chain) {
#pragma unroll
  for (int lanes = kWarp / 2; lanes > 0; lanes /= 2) {
    chain.x = chain.x + shuffle_down(chain.x, lanes);
    chain.y = chain.y + shuffle_down(chain.y, lanes);
    chain.z = chain.z + shuffle_down(chain.z, lanes);
    chain.w = chain.w + shuffle_down(chain.w, lanes);
  }
  return (chain.x + chain.z) + (chain.y + chain.w);
}

/// The first `count` of four chains take in their next element.
__device__ __forceinline__ void join_chains(float4& chain, float4 x, float4 w, int count) {
  if (count > 0) chain.x = __fmaf_rn(x.x, w.x, chain.x);
  if (count > 1) chain.y = __fmaf_rn(x.y, w.y, chain.y);
  if (count > 2) chain.z = __fmaf_rn(x.z, w.z, chain.z);
  if (count > 3) chain.w = __fmaf_rn(x.w, w.w, chain.w);
}

template <class Source>
struct FewOutputsArgs {
  Source input;  ///< [N, I]
  Lines weight;  ///< [O, I]
  const float* bias;
  std::int64_t rows, features;
  int outputs;
  float* out;
  std::int64_t out_stride;
};

constexpr int kFewThreads = 128;
// blocks per multiprocessor: 128 registers; for more blocks the compiler would spill
constexpr int kFewBlocks = 4;

// few_outputs: forward of a layer with at most 8 outputs.
// math         output[n, o] = (tree over c of chain[c]) + bias[o]; chain[j mod 128] = fma(input[n, j],
//              weight[o, j], chain[j mod 128]) for ascending j from +0
// shapes       input [N, I] f32 or u8, gathered; weight [O, I] f32; output [N, O] f32
// bytes        reads 4 N I (N I of bytes) once, the weights from the caches; writes 4 N O; flops 2 N I O
//              (memory bound)
// launch       128 threads = 4 warps, a warp per kRows rows; no shared memory
// determinism  exact: a chain belongs to one lane; fixed shuffle tree, no atomics
// contract     1 <= O <= kOutputs, I >= 1
template <int kRows, int kOutputs, class Source>
__global__ void __launch_bounds__(kFewThreads, kFewBlocks) few_outputs_kernel(FewOutputsArgs<Source> p) {
  const std::int64_t first =
      (std::int64_t{blockIdx.x} * (kFewThreads / kWarp) + warp_index()) * std::int64_t{kRows};
  if (first >= p.rows) return;  // whole warps leave together
  typename Source::Line line[kRows];
#pragma unroll
  for (int r = 0; r < kRows; ++r) line[r] = p.input.line(first + r < p.rows ? first + r : first);
  float4 chain[kRows][kOutputs] = {};
  for (std::int64_t j = 4 * lane_index(); j < p.features; j += kChains) {
    const int count = count_before(p.features, j, 4);
    float4 x[kRows];
#pragma unroll
    for (int r = 0; r < kRows; ++r) x[r] = p.input.quad(line[r], j, count);
#pragma unroll
    for (int o = 0; o < kOutputs; ++o) {
      if (o >= p.outputs) break;
      const float4 w = p.weight.quad(p.weight.line(o), j, count);
#pragma unroll
      for (int r = 0; r < kRows; ++r) join_chains(chain[r][o], x[r], w, count);
    }
  }
#pragma unroll
  for (int r = 0; r < kRows; ++r) {
#pragma unroll
    for (int o = 0; o < kOutputs; ++o) {
      if (o >= p.outputs) break;
      const float sum = fold_chain_quads(chain[r][o]);
      if (lane_index() == 0 && first + r < p.rows)
        p.out[(first + r) * p.out_stride + o] = p.bias != nullptr ? sum + p.bias[o] : sum;
    }
  }
}

template <int kRows, int kOutputs, class Source>
void launch_few(const Device& device, const FewOutputsArgs<Source>& args) {
  launch(device.stream, {blocks_for(args.rows, kRows * (kFewThreads / kWarp)), kFewThreads}, "linear_forward",
         few_outputs_kernel<kRows, kOutputs, Source>, args);
}

/// The sums of a layer with at most kFewOutputs outputs, its rows read as Source.
template <class Source>
void launch_few_outputs(const Device& device, const LinearForward& a, const Source& rows) {
  const FewOutputsArgs<Source> args{
      rows,         make_lines(a.weight, a.input.cols), a.bias,        a.input.rows,
      a.input.cols, static_cast<int>(a.output.cols),    a.output.data, a.output.stride};
  if (args.outputs == 1) return launch_few<4, 1>(device, args);
  if (args.outputs == 2) return launch_few<4, 2>(device, args);
  if (args.outputs <= 4) return launch_few<2, 4>(device, args);
  launch_few<2, 8>(device, args);
}

}  // namespace thalweg
