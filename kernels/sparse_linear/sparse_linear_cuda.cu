// sparse_forward: output = input * weight^T + bias.
// math         at most 8 outputs: 128 chains over a row's entries and their fold; more: one chain per output
// shapes       input [N, I] CSR; weight [O, I], output [N, O] f32, any stride
// bytes        reads 8 per entry (8 per 32 outputs and entry when there are more than 8), 4 O of the weights
// launch       256 threads, one warp per row; more than 8 outputs: one warp per row and 32 outputs
// determinism  fixed chains and tree
// contract     columns within I; 4-byte alignment; N == 0 never reaches the launch
#include "kernels/base/launch.cuh"
#include "kernels/sparse_linear/sparse_forward_cuda.cuh"
#include "kernels/sparse_linear/sparse_gradient_cuda.cuh"
#include "kernels/sparse_linear/sparse_index_cuda.cuh"

namespace thalweg {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarp;

template <int kOutputs>
__global__ void __launch_bounds__(kThreads) few_outputs_kernel(SparseLinearForward args) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kWarps + warp_index();
  if (n >= args.input.rows) return;  // whole warps leave together
  float sum[kOutputs];
  cuda::sparse_dots<kOutputs>(args.weight, args.input.cols, sparse_entries(args.input, n), sum);
  if (lane_index() != 0) return;
  float* const output = args.output.data + n * args.output.stride;
#pragma unroll
  for (int o = 0; o < kOutputs; ++o) output[o] = args.bias != nullptr ? sum[o] + args.bias[o] : sum[o];
}

__global__ void __launch_bounds__(kThreads) many_outputs_kernel(SparseLinearForward args) {
  const std::int64_t outputs = args.output.cols, groups = (outputs + (kWarp - 1)) / kWarp;
  const std::int64_t task = std::int64_t{blockIdx.x} * kWarps + warp_index();
  const std::int64_t n = task / groups, o = (task - n * groups) * kWarp + lane_index();
  if (n >= args.input.rows || o >= outputs) return;
  const SparseEntries row = sparse_entries(args.input, n);
  const float* const weight = args.weight + o * args.input.cols;
  float chain = 0.0f;
#pragma unroll 4
  for (std::int64_t j = 0; j < row.count; ++j)
    chain = __builtin_fmaf(weight[row.columns[j]], row.values[j], chain);
  args.output.data[n * args.output.stride + o] = args.bias != nullptr ? chain + args.bias[o] : chain;
}

void forward(const Device& device, const SparseLinearForward& args) {
  constexpr void (*kFew[])(SparseLinearForward) = {
      &few_outputs_kernel<1>, &few_outputs_kernel<2>, &few_outputs_kernel<3>, &few_outputs_kernel<4>,
      &few_outputs_kernel<5>, &few_outputs_kernel<6>, &few_outputs_kernel<7>, &few_outputs_kernel<8>};
  static_assert(sizeof kFew / sizeof kFew[0] == kFewOutputs);
  const std::int64_t outputs = args.output.cols, rows = args.input.rows;
  if (outputs == 0) return;
  const bool few = outputs <= kFewOutputs;
  const std::int64_t warps = few ? rows : rows * ((outputs + (kWarp - 1)) / kWarp);
  launch(device.stream, {blocks_for(warps, kWarps), kThreads}, "sparse_forward",
         few ? kFew[outputs - 1] : &many_outputs_kernel, args);
}

}  // namespace

extern const SparseLinearOps sparse_linear_cuda;
const SparseLinearOps sparse_linear_cuda{
    .index = &cuda::sparse_index, .forward = &forward, .parameter_grad = &cuda::sparse_parameter_grad};
}  // namespace thalweg
