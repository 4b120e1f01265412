// sparse_index: which features a batch touches, ascending, and the entries of each of them.
// math         (column, entry) pairs sorted by column; a column that differs from its left neighbour is a
//              feature, and its place is the number of such columns before it
// shapes       input [N, I] CSR; features i32; entries (row, value); row_begin i64 [N + 1]; count i64 [1]
// bytes        per row reads 16 and writes 8; per entry reads 8 and writes 16 to gather it, reads 36 and writes
//              32 in the sort, then reads 24 and writes 12
// launch       a scan over the rows; one warp per row; the sort; a scan over the entries; 256 threads per 256
//              entries
// determinism  integers only; a stable sort leaves each feature's entries in the order of the rows
// contract     fewer than 2^31 entries; the number of entries is known to the device alone: sort and scan go
//              over the caller's memory for them, what would not fit being dropped rather than refused
#include "kernels/sparse_linear/sparse_index_cuda.cuh"

#include "kernels/base/sort_cuda.cuh"
#include "kernels/base/thrust.cuh"
#include "kernels/base/warp.cuh"
#include "kernels/sparse_linear/sparse_entries.hpp"

namespace thalweg::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarp;

/// Entries of row n; none behind the last row.
struct EntriesOfRow {
  SparseRows input;

  THALWEG_HD std::int64_t operator()(std::int64_t n) const {
    return n < input.rows ? sparse_entries(input, n).count : 0;
  }
};

/// Whether a feature begins at a place of the sorted columns.
struct IsFirst {
  const std::uint32_t* columns;

  THALWEG_HD std::int32_t operator()(std::int64_t p) const {
    const std::uint32_t column = columns[p];
    return column != kLargestKey && (p == 0 || column != columns[p - 1]) ? 1 : 0;
  }
};

/// The entries of the batch, rows in order: their columns with their numbers, and what the lists hold. What
/// is left of the columns comes after all others.
__global__ void __launch_bounds__(kThreads)
    gather_entries_kernel(SparseRows input, TouchedFeatures touched, Pairs pairs,
                          TouchedEntry* __restrict__ entries) {
  const std::int64_t capacity = touched.entries_capacity;
  const std::int64_t n = std::int64_t{blockIdx.x} * kWarps + warp_index();
  const std::int64_t thread = n * kWarp + lane_index(), threads = std::int64_t{gridDim.x} * kThreads;
  if (thread == 0) *touched.count = 0;  // until a feature is listed
  for (std::int64_t p = touched.row_begin[input.rows] + thread; p < capacity; p += threads) {
    pairs.keys[p] = kLargestKey;
    pairs.values[p] = 0;
  }
  if (n >= input.rows) return;  // whole warps leave together
  const SparseEntries row = sparse_entries(input, n);
  const std::int64_t begin = touched.row_begin[n];
  for (std::int64_t j = lane_index(); j < row.count && begin + j < capacity; j += kWarp) {
    pairs.keys[begin + j] = static_cast<std::uint32_t>(row.columns[j]);
    pairs.values[begin + j] = static_cast<std::int32_t>(begin + j);
    entries[begin + j] = {static_cast<std::int32_t>(n), row.values[j]};
  }
}

/// A list begins where its feature's column does, and ends where the next one begins. Of features that do not
/// fit, the first one ends the last list.
__global__ void __launch_bounds__(kThreads)
    list_entries_kernel(Pairs sorted, const TouchedEntry* __restrict__ entries,
                        const std::int32_t* __restrict__ features_until, TouchedFeatures touched) {
  const std::int64_t p = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (p >= touched.entries_capacity) return;
  const std::uint32_t column = sorted.keys[p];
  if (column == kLargestKey) return;
  touched.entries[p] = entries[sorted.values[p]];
  const bool first = IsFirst{sorted.keys}(p) != 0;
  const std::int32_t features = features_until[p], slot = features - 1;
  if (first && slot < touched.capacity) touched.features[slot] = static_cast<std::int32_t>(column);
  if (first && slot <= touched.capacity) touched.entries_begin[slot] = static_cast<std::int32_t>(p);
  if (p + 1 < touched.entries_capacity && sorted.keys[p + 1] != kLargestKey) return;
  *touched.count = features;
  if (features <= touched.capacity) touched.entries_begin[features] = static_cast<std::int32_t>(p + 1);
}

void find_row_begins(const Device& device, const SparseIndexArgs& args) {
  with_thrust(device, "sparse_row_begin", [=](const auto& policy) {
    const auto entries = thrust::make_transform_iterator(thrust::make_counting_iterator(std::int64_t{0}),
                                                         EntriesOfRow{args.input});
    thrust::exclusive_scan(policy, entries, entries + args.input.rows + 1, args.touched.row_begin,
                           std::int64_t{0});
  });
}

void count_features(const Device& device, const std::uint32_t* columns, std::int64_t capacity,
                    std::int32_t* features_until) {
  with_thrust(device, "sparse_count_features", [=](const auto& policy) {
    const auto first =
        thrust::make_transform_iterator(thrust::make_counting_iterator(std::int64_t{0}), IsFirst{columns});
    thrust::inclusive_scan(policy, first, first + capacity, features_until);
  });
}

}  // namespace

void sparse_index(const Device& device, const SparseIndexArgs& args) {
  const TouchedFeatures& touched = args.touched;
  const std::int64_t capacity = touched.entries_capacity, rows = args.input.rows;
  const Scratch::Frame frame(device);
  const Pairs pairs = take_pairs(frame, capacity);
  auto* const entries = frame.take<TouchedEntry>(capacity);
  auto* const features_until = frame.take<std::int32_t>(capacity);

  find_row_begins(device, args);
  launch(device.stream, {blocks_for(rows + 1, kWarps), kThreads}, "sparse_gather_entries",
         gather_entries_kernel, args.input, touched, pairs, entries);
  if (capacity == 0) return;
  sort_pairs(device, pairs, capacity);
  count_features(device, pairs.keys, capacity, features_until);
  launch(device.stream, {blocks_for(capacity, kThreads), kThreads}, "sparse_list_entries",
         list_entries_kernel, pairs, entries, features_until, touched);
}

}  // namespace thalweg::cuda
