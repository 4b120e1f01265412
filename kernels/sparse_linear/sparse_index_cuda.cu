// sparse_index: which features a batch touches, ascending, and for each entry its place among them.
// math         (column, entry) pairs sorted by column; a column that differs from its left neighbour is a
//              feature, and its place is the number of such columns before it
// shapes       input [N, I] CSR; features, slots i32; row_begin i64 [N + 1]; count i64 [1]
// bytes        per entry reads 4 and writes 8 for the pairs, 20 per pass of the sort (ceil(bits of I / 8)),
//              then reads 16 and writes 12
// launch       one block of 256 threads over the rows; one warp per row; the sort; 256 threads per 256 entries
// determinism  integers only
// contract     fewer than 2^31 entries; the number of entries is known to the device alone, so what would not
//              fit into the caller's memory is dropped there rather than refused
#include "kernels/sparse_linear/sparse_index_cuda.cuh"

#include "kernels/base/sort_cuda.cuh"
#include "kernels/sparse_linear/sparse_entries.hpp"

namespace thalweg::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarp;
constexpr int kRowThreads = 256;

__global__ void __launch_bounds__(kRowThreads)
    row_begin_kernel(SparseRows input, std::int64_t* __restrict__ row_begin) {
  std::int64_t done = 0;
  for (std::int64_t first = 0; first < input.rows; first += kRowThreads) {
    const std::int64_t n = first + threadIdx.x;
    std::int64_t count = 0, all = 0;
    if (n < input.rows) count = sparse_entries(input, n).count;
    const std::int64_t before = sum_before<kRowThreads>(count, all);
    if (n < input.rows) row_begin[n] = done + before;
    done += all;
  }
  if (threadIdx.x == 0) row_begin[input.rows] = done;
}

__global__ void __launch_bounds__(kThreads)
    gather_columns_kernel(SparseRows input, const std::int64_t* __restrict__ row_begin, std::int64_t capacity,
                          Pairs pairs) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kWarps + warp_index();
  if (n >= input.rows) return;  // whole warps leave together
  const SparseEntries row = sparse_entries(input, n);
  const std::int64_t begin = row_begin[n];
  for (std::int64_t j = lane_index(); j < row.count && begin + j < capacity; j += kWarp) {
    pairs.keys[begin + j] = static_cast<std::uint32_t>(row.columns[j]);
    pairs.values[begin + j] = static_cast<std::int32_t>(begin + j);
  }
}

/// The number of entries, or what fits. The sort and the prefix sum read it as length[1] - length[0].
__global__ void entries_kernel(const std::int64_t* row_begin_last, std::int64_t capacity,
                               std::int64_t* length) {
  length[0] = 0;
  length[1] = *row_begin_last < capacity ? *row_begin_last : capacity;
}

__device__ __forceinline__ bool is_first(const std::uint32_t* keys, std::int64_t p) {
  return p == 0 || keys[p] != keys[p - 1];
}

__global__ void __launch_bounds__(kThreads)
    mark_features_kernel(const std::uint32_t* __restrict__ keys, DeviceLength entries,
                         std::int32_t* __restrict__ marks) {
  const std::int64_t p = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (p < entries.get()) marks[p] = is_first(keys, p) ? 1 : 0;
}

__global__ void __launch_bounds__(kThreads)
    assign_slots_kernel(Pairs sorted, DeviceLength entries, const std::int32_t* __restrict__ before,
                        const std::int32_t* __restrict__ totals, TouchedFeatures touched) {
  const std::int64_t p = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (p >= entries.get()) return;
  const bool first = is_first(sorted.keys, p);
  const std::int32_t slot = before[p] + totals[p / kSortTile] - (first ? 0 : 1);
  touched.slots[sorted.values[p]] = slot;
  if (first && slot < touched.capacity) touched.features[slot] = static_cast<std::int32_t>(sorted.keys[p]);
}

}  // namespace

void sparse_index(const Device& device, const SparseIndexArgs& args) {
  const TouchedFeatures& touched = args.touched;
  const std::int64_t capacity = touched.slots_capacity, rows = args.input.rows;
  const Scratch::Frame frame(device);
  auto* const length = frame.take<std::int64_t>(2);
  const Pairs pairs = take_pairs(frame, capacity), spare = take_pairs(frame, capacity);
  auto* const marks = frame.take<std::int32_t>(capacity);
  auto* const totals = frame.take<std::int32_t>(tiles_of(capacity));
  auto* const counters = frame.take<std::int32_t>(sort_counters(capacity));

  launch(device.stream, {1, kRowThreads}, "sparse_row_begin", row_begin_kernel, args.input,
         touched.row_begin);
  launch(device.stream, {1, 1}, "sparse_entries", entries_kernel, touched.row_begin + rows, capacity, length);
  launch(device.stream, {blocks_for(rows, kWarps), kThreads}, "sparse_gather_columns", gather_columns_kernel,
         args.input, touched.row_begin, capacity, pairs);
  const DeviceLength entries{length, length + 1};
  const Pairs sorted =
      sort_pairs(device, pairs, spare, counters, entries, capacity, bits_of(args.input.cols - 1));
  const LaunchShape shape{blocks_for(capacity, kThreads), kThreads};
  launch(device.stream, shape, "sparse_mark_features", mark_features_kernel, sorted.keys, entries, marks);
  prefix_sums(device, marks, totals, entries, capacity, touched.count);
  launch(device.stream, shape, "sparse_assign_slots", assign_slots_kernel, sorted, entries, marks, totals,
         touched);
}

}  // namespace thalweg::cuda
