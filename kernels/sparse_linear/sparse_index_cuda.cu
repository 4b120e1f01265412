// sparse_index: which features a batch touches, ascending, and the entries of each of them.
// math         (column, entry) pairs sorted by column; a column that differs from its left neighbour is a
//              feature, and its place is the number of such columns before it
// shapes       input [N, I] CSR; features i32; entries (row, value); row_begin i64 [N + 1]; count i64 [1]
// bytes        per entry reads 8 and writes 16 for the pairs, 20 per pass of the sort (ceil(bits of I / 8)),
//              then reads 24 and writes 12
// launch       one block of 256 threads over the rows; one warp per row; the sort; 256 threads per 256 entries
// determinism  integers only; a stable sort leaves each feature's entries in the order of the rows
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

/// Entries of the rows before each row, as far as they fit.
__global__ void __launch_bounds__(kRowThreads)
    row_begin_kernel(SparseRows input, std::int64_t capacity, std::int64_t* __restrict__ row_begin) {
  std::int64_t done = 0;
  for (std::int64_t first = 0; first < input.rows; first += kRowThreads) {
    const std::int64_t n = first + threadIdx.x;
    std::int64_t count = 0, all = 0;
    if (n < input.rows) count = sparse_entries(input, n).count;
    const std::int64_t before = done + sum_before<kRowThreads>(count, all);
    if (n < input.rows) row_begin[n] = before < capacity ? before : capacity;
    done += all;
  }
  if (threadIdx.x == 0) row_begin[input.rows] = done < capacity ? done : capacity;
}

/// The entries of the batch, rows in order: their columns with their numbers, and what the lists hold.
__global__ void __launch_bounds__(kThreads)
    gather_entries_kernel(SparseRows input, const std::int64_t* __restrict__ row_begin, Pairs pairs,
                          TouchedEntry* __restrict__ entries) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kWarps + warp_index();
  if (n >= input.rows) return;  // whole warps leave together
  const SparseEntries row = sparse_entries(input, n);
  const std::int64_t begin = row_begin[n], end = row_begin[n + 1];
  for (std::int64_t j = lane_index(); begin + j < end; j += kWarp) {
    pairs.keys[begin + j] = static_cast<std::uint32_t>(row.columns[j]);
    pairs.values[begin + j] = static_cast<std::int32_t>(begin + j);
    entries[begin + j] = {static_cast<std::int32_t>(n), row.values[j]};
  }
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

/// A list begins where its feature's column does, and ends where the next one begins. Of features that do not
/// fit, the first one ends the last list.
__global__ void __launch_bounds__(kThreads)
    list_entries_kernel(Pairs sorted, DeviceLength length, const TouchedEntry* __restrict__ entries,
                        const std::int32_t* __restrict__ before, const std::int32_t* __restrict__ totals,
                        TouchedFeatures touched) {
  const std::int64_t p = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (p >= length.get()) return;
  touched.entries[p] = entries[sorted.values[p]];
  const std::int32_t slot = before[p] + totals[p / kSortTile];
  const bool first = is_first(sorted.keys, p);
  if (first && slot < touched.capacity) touched.features[slot] = static_cast<std::int32_t>(sorted.keys[p]);
  if (first && slot <= touched.capacity) touched.entries_begin[slot] = static_cast<std::int32_t>(p);
  if (p + 1 == length.get() && slot + first <= touched.capacity)
    touched.entries_begin[slot + first] = length.get();
}

}  // namespace

void sparse_index(const Device& device, const SparseIndexArgs& args) {
  const TouchedFeatures& touched = args.touched;
  const std::int64_t capacity = touched.entries_capacity, rows = args.input.rows;
  const Scratch::Frame frame(device);
  const Pairs pairs = take_pairs(frame, capacity), spare = take_pairs(frame, capacity);
  auto* const entries = frame.take<TouchedEntry>(capacity);
  auto* const marks = frame.take<std::int32_t>(capacity);
  auto* const totals = frame.take<std::int32_t>(tiles_of(capacity));
  auto* const counters = frame.take<std::int32_t>(sort_counters(capacity));

  launch(device.stream, {1, kRowThreads}, "sparse_row_begin", row_begin_kernel, args.input, capacity,
         touched.row_begin);
  launch(device.stream, {blocks_for(rows, kWarps), kThreads}, "sparse_gather_entries", gather_entries_kernel,
         args.input, touched.row_begin, pairs, entries);
  const DeviceLength length{touched.row_begin, touched.row_begin + rows};
  const Pairs sorted =
      sort_pairs(device, pairs, spare, counters, length, capacity, bits_of(args.input.cols - 1));
  const LaunchShape shape{blocks_for(capacity, kThreads), kThreads};
  launch(device.stream, shape, "sparse_mark_features", mark_features_kernel, sorted.keys, length, marks);
  prefix_sums(device, marks, totals, length, capacity, touched.count);
  launch(device.stream, shape, "sparse_list_entries", list_entries_kernel, sorted, length, entries, marks,
         totals, touched);
}

}  // namespace thalweg::cuda
