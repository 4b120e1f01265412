// sparse_parameter_grad: gradients of the touched weights and of the biases.
// math         per slice and touched weight one fma chain over the rows in order that hold the feature, then
//              the tree over the slices
// shapes       input [N, I] CSR; grad_output [N, O] f32, any stride; partials [slices, touched * O]
// bytes        per entry reads 12 and writes 16 to gather it, 20 per pass of the sort by slot, then reads
//              12 + 4 O; per touched weight and slice writes 4 and reads 4
// launch       one warp per row; the sort; one thread per slice and touched weight; one per touched weight
// determinism  a stable sort by slot leaves each feature's entries in the order of the rows; no float atomics
// contract     fewer than 2^31 entries; lists are shared out by slices, so a feature that every row holds is a
//              chain of N / slices steps for one thread
#include "kernels/sparse_linear/sparse_gradient_cuda.cuh"

#include "kernels/base/sort_cuda.cuh"
#include "kernels/sparse_linear/sparse_entries.hpp"

namespace thalweg::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarp;

/// What the gradient needs of an entry.
struct alignas(8) Item {
  std::int32_t row;
  float value;
};

/// The chains of a sum over the batch: those of slice s at chains + s * stride.
struct SliceChains {
  float* chains;
  std::int64_t stride;
  int slices;
  std::uint64_t with_rows;  ///< bit s: slice s has rows; the chains of the others are not read
};

/// Entries are numbered within the call: row n's first is row_begin[first + n] - row_begin[first].
__global__ void __launch_bounds__(kThreads)
    gather_entries_kernel(SparseRows input, TouchedFeatures touched, std::int64_t first_row, Pairs pairs,
                          Item* __restrict__ items) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kWarps + warp_index();
  if (n >= input.rows) return;  // whole warps leave together
  const SparseEntries row = sparse_entries(input, n);
  const std::int64_t begin = touched.row_begin[first_row + n], local = begin - touched.row_begin[first_row];
  for (std::int64_t j = lane_index(); j < row.count; j += kWarp) {
    pairs.keys[local + j] = static_cast<std::uint32_t>(touched.slots[begin + j]);
    pairs.values[local + j] = static_cast<std::int32_t>(local + j);
    items[local + j] = {static_cast<std::int32_t>(n), row.values[j]};
  }
}

/// The first of the sorted pairs that is not before (slot, entry).
__device__ __forceinline__ std::int32_t lower_bound(const Pairs& sorted, std::int32_t length,
                                                    std::uint32_t slot, std::int32_t entry) {
  std::int32_t low = 0;
  while (length > 0) {
    const std::int32_t half = length / 2, middle = low + half;
    const std::uint32_t key = sorted.keys[middle];
    const bool before = key < slot || (key == slot && sorted.values[middle] < entry);
    low = before ? middle + 1 : low;
    length = before ? length - half - 1 : half;
  }
  return low;
}

__global__ void __launch_bounds__(kThreads)
    weight_chains_kernel(SparseParameterGrad args, Pairs sorted, const Item* __restrict__ items,
                         DeviceLength entries, SliceChains to) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const std::int64_t outputs = args.grad_output.cols, slot = i / outputs, o = i - slot * outputs;
  const int s = static_cast<int>(blockIdx.y);
  const std::int64_t first_row = args.slices.call_begin(s), end_row = args.slices.call_end(s);
  if (slot >= *args.touched.count || first_row == end_row) return;
  const std::int64_t* const begin = args.touched.row_begin + args.slices.first;
  const auto key = static_cast<std::uint32_t>(slot);
  const std::int32_t length = entries.get();
  const std::int32_t p0 =
      lower_bound(sorted, length, key, static_cast<std::int32_t>(begin[first_row] - begin[0]));
  const std::int32_t p1 = p0 + lower_bound({sorted.keys + p0, sorted.values + p0}, length - p0, key,
                                           static_cast<std::int32_t>(begin[end_row] - begin[0]));
  float* const partial = to.chains + s * to.stride + i;
  float chain = args.slices.continues(s) ? *partial : 0.0f;
#pragma unroll 4
  for (std::int32_t p = p0; p < p1; ++p) {
    const Item item = items[sorted.values[p]];
    chain = __builtin_fmaf(args.grad_output.row(item.row)[o], item.value, chain);
  }
  *partial = chain;
}

__global__ void __launch_bounds__(kThreads)
    bias_chains_kernel(ConstMatrix grad_output, BatchSlices slices, SliceChains to) {
  const std::int64_t o = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const int s = static_cast<int>(blockIdx.y);
  const std::int64_t begin = slices.call_begin(s), end = slices.call_end(s);
  if (o >= grad_output.cols || begin == end) return;
  float* const partial = to.chains + s * to.stride + o;
  float chain = slices.continues(s) ? *partial : 0.0f;
#pragma unroll 16
  for (std::int64_t n = begin; n < end; ++n) chain = chain + grad_output.row(n)[o];
  *partial = chain;
}

/// The tree of slices.hpp, fed one leaf at a time: level k holds the sum of a full subtree of 2^k leaves
/// while its neighbour is awaited. What remains in the end joins from the lowest level up, as odd ones pass
/// through. Selects instead of branches keep the levels in registers.
__device__ __forceinline__ float tree_of_slices(const SliceChains& from, std::int64_t i) {
  constexpr int kLevels = 7;
  static_assert(1 << (kLevels - 1) == kMaxSlices);
  float level[kLevels] = {};
#pragma unroll 4
  for (int s = 0; s < from.slices; ++s) {
    float sum = (from.with_rows >> s & 1) != 0 ? from.chains[s * from.stride + i] : 0.0f;
    bool carried = true;
#pragma unroll
    for (int k = 0; k < kLevels; ++k) {
      const bool joins = carried && (s >> k & 1) != 0;
      const float both = level[k] + sum;
      level[k] = carried && !joins ? sum : level[k];
      sum = joins ? both : sum;
      carried = joins;
    }
  }
  float total = 0.0f;
  bool any = false;
#pragma unroll
  for (int k = 0; k < kLevels; ++k) {
    if ((from.slices >> k & 1) == 0) continue;
    total = any ? level[k] + total : level[k];
    any = true;
  }
  return total;
}

/// sum[o * features + touched feature] from the chains at slot * outputs + o.
__global__ void __launch_bounds__(kThreads)
    weight_sums_kernel(SliceChains from, TouchedFeatures touched, std::int64_t outputs, std::int64_t features,
                       float* __restrict__ sum) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const std::int64_t slot = i / outputs, o = i - slot * outputs;
  if (slot >= *touched.count) return;
  sum[o * features + touched.features[slot]] = tree_of_slices(from, i);
}

__global__ void __launch_bounds__(kThreads)
    bias_sums_kernel(SliceChains from, std::int64_t outputs, float* __restrict__ sum) {
  const std::int64_t o = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (o < outputs) sum[o] = tree_of_slices(from, o);
}

std::uint64_t slices_with_rows(const BatchSlices& slices) {
  std::uint64_t bits = 0;
  for (int s = 0; s < slices.slices; ++s)
    if (slices.begin(s) != slices.begin(s + 1)) bits |= std::uint64_t{1} << s;
  return bits;
}

/// Scratch memory of one call.
struct Memory {
  Item* items;
  Pairs pairs, spare;
  std::int32_t* counters;
  SliceChains weight, bias;

  Memory(const Scratch::Frame& frame, const SparseParameterGrad& args) {
    const std::int64_t entries = args.touched.slots_capacity, outputs = args.grad_output.cols;
    const std::int64_t weights = args.touched.capacity * outputs;
    items = frame.take<Item>(entries);
    pairs = take_pairs(frame, entries);
    spare = take_pairs(frame, entries);
    counters = frame.take<std::int32_t>(sort_counters(entries));
    const int slices = args.slices.slices;
    const std::uint64_t with_rows = slices_with_rows(args.slices);
    weight = {args.grad_weight.partials, args.grad_weight.partial_stride, slices, with_rows};
    bias = {args.grad_bias.partials, args.grad_bias.partial_stride, slices, with_rows};
    if (!args.slices.whole()) return;
    weight = {frame.take<float>(slices * weights), weights, slices, with_rows};
    bias = {frame.take<float>(slices * outputs), outputs, slices, with_rows};
  }
};

void weight_grad(const Device& device, const SparseParameterGrad& args, const Memory& memory) {
  const std::int64_t outputs = args.grad_output.cols, rows = args.input.rows;
  const std::int64_t entries = args.touched.slots_capacity;
  const std::int64_t* const begin = args.touched.row_begin + args.slices.first;
  const DeviceLength length{begin, begin + rows};
  launch(device.stream, {blocks_for(rows, kWarps), kThreads}, "sparse_gather_entries", gather_entries_kernel,
         args.input, args.touched, args.slices.first, memory.pairs, memory.items);
  const Pairs sorted = sort_pairs(device, memory.pairs, memory.spare, memory.counters, length, entries,
                                  bits_of(args.touched.capacity - 1));
  const unsigned blocks = blocks_for(args.touched.capacity * outputs, kThreads);
  launch(device.stream, {dim3(blocks, static_cast<unsigned>(args.slices.slices)), kThreads},
         "sparse_weight_chains", weight_chains_kernel, args, sorted, memory.items, length, memory.weight);
  if (!args.slices.last()) return;
  launch(device.stream, {blocks, kThreads}, "sparse_weight_sums", weight_sums_kernel, memory.weight,
         args.touched, outputs, args.input.cols, args.grad_weight.sum);
}

void bias_grad(const Device& device, const SparseParameterGrad& args, const Memory& memory) {
  const std::int64_t outputs = args.grad_output.cols;
  const unsigned blocks = blocks_for(outputs, kThreads);
  launch(device.stream, {dim3(blocks, static_cast<unsigned>(args.slices.slices)), kThreads},
         "sparse_bias_chains", bias_chains_kernel, args.grad_output, args.slices, memory.bias);
  if (!args.slices.last()) return;
  launch(device.stream, {blocks, kThreads}, "sparse_bias_sums", bias_sums_kernel, memory.bias, outputs,
         args.grad_bias.sum);
}

}  // namespace

void sparse_parameter_grad(const Device& device, const SparseParameterGrad& args) {
  const Scratch::Frame frame(device);
  const Memory memory(frame, args);
  weight_grad(device, args, memory);
  if (args.grad_bias.sum != nullptr) bias_grad(device, args, memory);
}

}  // namespace thalweg::cuda
