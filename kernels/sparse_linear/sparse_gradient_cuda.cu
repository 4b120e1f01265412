// sparse_parameter_grad: gradients of the touched weights and of the biases.
// math         per slice and touched weight one fma chain over the rows in order that hold the feature, then
//              the tree over the slices
// shapes       lists of entries by feature (sparse_index); grad_output [N, O] f32, any stride;
//              partials [slices, touched * O]
// bytes        per entry reads 8 + 4 O; per touched weight and slice writes 4 and reads 4
// launch       one thread per slice and touched weight; one per touched weight
// determinism  each feature's entries come in the order of the rows; no float atomics
// contract     fewer than 2^31 entries; lists are shared out by slices, so a feature that every row holds is a
//              chain of N / slices steps for one thread
#include "kernels/sparse_linear/sparse_gradient_cuda.cuh"

#include "kernels/base/gradient_chains.hpp"
#include "kernels/base/launch.cuh"
#include "kernels/base/slice_tree.cuh"

namespace thalweg::cuda {
namespace {

constexpr int kThreads = 256;

/// The first entry in [low, high) whose row is not before `row`, or `high`.
__device__ __forceinline__ std::int32_t lower_bound(const TouchedEntry* entries, std::int32_t low,
                                                    std::int32_t high, std::int64_t row) {
  while (low < high) {
    const std::int32_t middle = low + (high - low) / 2;
    const bool before = entries[middle].row < row;
    low = before ? middle + 1 : low;
    high = before ? high : middle;
  }
  return low;
}

__global__ void __launch_bounds__(kThreads)
    weight_chains_kernel(SparseParameterGrad args, SliceChains<float> to) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const std::int64_t outputs = args.grad_output.cols, slot = i / outputs, o = i - slot * outputs;
  const int s = static_cast<int>(blockIdx.y);
  const std::int64_t first = args.touched.first_row + args.slices.first;
  const std::int64_t begin = first + args.slices.call_begin(s), end = first + args.slices.call_end(s);
  if (slot >= *args.touched.count || begin == end) return;
  const TouchedEntry* const entries = args.touched.entries;
  const std::int32_t list_end = args.touched.entries_begin[slot + 1];
  const std::int32_t p0 = lower_bound(entries, args.touched.entries_begin[slot], list_end, begin);
  const std::int32_t p1 = lower_bound(entries, p0, list_end, end);
  float* const partial = to.of(s) + i;
  float chain = args.slices.continues(s) ? *partial : 0.0f;
#pragma unroll 4
  for (std::int32_t p = p0; p < p1; ++p) {
    const TouchedEntry entry = entries[p];
    chain = __builtin_fmaf(args.grad_output.row(entry.row - first)[o], entry.value, chain);
  }
  *partial = chain;
}

__global__ void __launch_bounds__(kThreads)
    bias_chains_kernel(ConstMatrix grad_output, BatchSlices slices, SliceChains<float> to) {
  const std::int64_t o = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const int s = static_cast<int>(blockIdx.y);
  const std::int64_t begin = slices.call_begin(s), end = slices.call_end(s);
  if (o >= grad_output.cols || begin == end) return;
  float* const partial = to.of(s) + o;
  float chain = slices.continues(s) ? *partial : 0.0f;
#pragma unroll 16
  for (std::int64_t n = begin; n < end; ++n) chain = chain + grad_output.row(n)[o];
  *partial = chain;
}

/// sum[o * features + touched feature] from the chains at slot * outputs + o.
__global__ void __launch_bounds__(kThreads)
    weight_sums_kernel(SliceChains<float> from, TouchedFeatures touched, std::int64_t outputs,
                       std::int64_t features, float* __restrict__ sum) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const std::int64_t slot = i / outputs, o = i - slot * outputs;
  if (slot >= *touched.count) return;
  sum[o * features + touched.features[slot]] = from.tree(i);
}

__global__ void __launch_bounds__(kThreads)
    bias_sums_kernel(SliceChains<float> from, std::int64_t outputs, float* sum) {
  const std::int64_t o = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (o < outputs) sum[o] = from.tree(o);
}

void weight_grad(const Device& device, const SparseParameterGrad& args, const SliceChains<float>& chains) {
  const std::int64_t outputs = args.grad_output.cols;
  const unsigned blocks = blocks_for(args.touched.capacity * outputs, kThreads);
  launch(device.stream, {dim3(blocks, static_cast<unsigned>(args.slices.slices)), kThreads},
         "sparse_weight_chains", weight_chains_kernel, args, chains);
  if (args.slices.finish() == SliceFinish::later) return;
  launch(device.stream, {blocks, kThreads}, "sparse_weight_sums", weight_sums_kernel, chains, args.touched,
         outputs, args.input.cols, args.grad_weight.sum);
}

void bias_grad(const Device& device, const SparseParameterGrad& args, const SliceChains<float>& chains) {
  const std::int64_t outputs = args.grad_output.cols;
  const unsigned blocks = blocks_for(outputs, kThreads);
  launch(device.stream, {dim3(blocks, static_cast<unsigned>(args.slices.slices)), kThreads},
         "sparse_bias_chains", bias_chains_kernel, args.grad_output, args.slices, chains);
  if (args.slices.finish() == SliceFinish::later) return;
  launch(device.stream, {blocks, kThreads}, "sparse_bias_sums", bias_sums_kernel, chains, outputs,
         args.grad_bias.sum);
}

}  // namespace

void sparse_parameter_grad(const Device& device, const SparseParameterGrad& args) {
  const Scratch::Frame frame(device);
  const std::int64_t outputs = args.grad_output.cols;
  const GradientChains chains = gradient_chains(frame, args.slices, args.grad_weight,
                                                args.touched.capacity * outputs, args.grad_bias, outputs);
  weight_grad(device, args, {args.slices, chains.weight});
  if (args.grad_bias.sum != nullptr) bias_grad(device, args, {args.slices, chains.bias});
}

}  // namespace thalweg::cuda
