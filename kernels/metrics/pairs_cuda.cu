// pairs: twice the weighted number of (positive, negative) pairs in the right order, ties half: what the area
// under the ROC curve is made of (Fawcett, "An introduction to ROC analysis", 2006).
// math         rows sorted by score; N(i) the weight of the negatives before place i. A positive whose score
//              fills the places [a, b) adds w (N(a) + N(b)).
// shapes       scores [N] f32; target, weight by id f32; pairs: four limbs of 32 bits and their carries
// bytes        reads 4N for the keys, 12N in each of the sort's four passes (8N written), then 20N for the
//              prefix sums (8N written) and 28N for the pairs
// launch       256 threads, a row each for keys and pairs, 1024 rows for the prefix sums; one block over tiles
// determinism  exact: integers of 64 bits, products of 128
// contract     fewer than 2^31 rows, weights below 2^62 units together
#include "kernels/metrics/pairs_cuda.cuh"

#include "kernels/base/sort_cuda.cuh"
#include "kernels/metrics/metrics_math.hpp"
#include "thalweg/error.hpp"

namespace thalweg::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kKeyBits = 32;
constexpr int kRounds = kSortTile / kThreads;

/// Weights of negatives before each place of the sorted rows: before[i] in its tile, totals[tile] before the
/// tile; `all` of them together.
struct Negatives {
  Count* before;
  Count* totals;
  Count* all;

  __device__ __forceinline__ Count until(int place, int rows) const {
    return place < rows ? before[place] + totals[place / kSortTile] : *all;
  }
};

/// The row of the data set at a place of the sorted rows.
__device__ __forceinline__ std::int64_t row_at(const PairArgs& args, const std::int32_t* sorted, int place) {
  return data_row(args.targets, sorted[place]);
}

__device__ __forceinline__ bool is_positive(const PairArgs& args, std::int64_t row) {
  return args.targets.target[row] > 0.5f;
}

__global__ void __launch_bounds__(kThreads)
    score_keys_kernel(const PairArgs args, const Pairs pairs, std::int64_t* __restrict__ length) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (n == 0) {
    length[0] = 0;
    length[1] = args.rows;
  }
  if (n >= args.rows) return;
  pairs.keys[n] = score_key(args.scores[n]);
  pairs.values[n] = static_cast<std::int32_t>(n);
}

__global__ void __launch_bounds__(kThreads)
    negatives_in_tiles_kernel(const PairArgs args, const std::int32_t* __restrict__ sorted,
                              const Negatives negatives) {
  const int rows = static_cast<int>(args.rows);
  const int first = static_cast<int>(blockIdx.x) * kSortTile + static_cast<int>(threadIdx.x) * kRounds;
  Count weight[kRounds], sum = 0;
#pragma unroll
  for (int r = 0; r < kRounds; ++r) {
    weight[r] = 0;
    if (first + r < rows) {
      const std::int64_t row = row_at(args, sorted, first + r);
      if (!is_positive(args, row)) weight[r] = sample_weight(args.targets, row, args.unit);
    }
    sum += weight[r];
  }
  Count all = 0;
  Count before = sum_before<kThreads>(sum, all);
#pragma unroll
  for (int r = 0; r < kRounds; ++r) {
    if (first + r < rows) negatives.before[first + r] = before;
    before += weight[r];
  }
  if (threadIdx.x == 0) negatives.totals[blockIdx.x] = all;
}

__global__ void __launch_bounds__(kThreads)
    negatives_over_tiles_kernel(const std::int64_t tiles, const Negatives negatives) {
  Count done = 0;
  for (std::int64_t first = 0; first < tiles; first += kThreads) {
    const std::int64_t i = first + threadIdx.x;
    Count sum = 0;
    const Count before = sum_before<kThreads>(i < tiles ? negatives.totals[i] : 0, sum);
    if (i < tiles) negatives.totals[i] = done + before;
    done += sum;
  }
  if (threadIdx.x == 0) *negatives.all = done;
}

/// The first place in [low, high) whose key is at least `key`, or `high`.
__device__ __forceinline__ int lower_bound(const std::uint32_t* keys, int low, int high, std::uint64_t key) {
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (keys[middle] < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

__global__ void __launch_bounds__(kThreads)
    add_pairs_kernel(const PairArgs args, const Pairs sorted, const Negatives negatives) {
  const std::int64_t global = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const int rows = static_cast<int>(args.rows), place = static_cast<int>(global);
  Count limb[4] = {};
  if (global < args.rows) {
    const std::int64_t row = row_at(args, sorted.values, place);
    if (is_positive(args, row)) {
      const std::uint64_t key = sorted.keys[place];
      const bool ties_before = place > 0 && sorted.keys[place - 1] == key;
      const bool ties_after = place + 1 < rows && sorted.keys[place + 1] == key;
      const int begin = ties_before ? lower_bound(sorted.keys, 0, place, key) : place;
      const int end = ties_after ? lower_bound(sorted.keys, place + 1, rows, key + 1) : place + 1;
      add_product(sample_weight(args.targets, row, args.unit),
                  // mutant: ties-count-half
                  negatives.until(begin, rows) + negatives.until(end, rows), limb);
    }
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    Count all = 0;
    static_cast<void>(sum_before<kThreads>(limb[i], all));
    if (threadIdx.x == 0 && all != 0) atomicAdd(&args.pairs->limb[i], all);
  }
}

}  // namespace

void count_pairs(const Device& device, const PairArgs& args) {
  const std::int64_t rows = args.rows, tiles = tiles_of(rows);
  if (rows >= std::int64_t{1} << 31)
    throw ShapeError("auc: got " + std::to_string(rows) + " rows; expected fewer than 2^31");
  if (rows == 0) return;
  const Scratch::Frame frame(device);
  auto* const length = frame.take<std::int64_t>(2);
  const Negatives negatives{
      .before = frame.take<Count>(rows), .totals = frame.take<Count>(tiles), .all = frame.take<Count>(1)};
  const Pairs pairs = take_pairs(frame, rows), spare = take_pairs(frame, rows);
  auto* const counters = frame.take<std::int32_t>(sort_counters(rows));

  const LaunchShape row_each{blocks_for(rows, kThreads), kThreads};
  launch(device.stream, row_each, "score_keys", score_keys_kernel, args, pairs, length);
  const Pairs sorted = sort_pairs(device, pairs, spare, counters, {length, length + 1}, rows, kKeyBits);
  launch(device.stream, {static_cast<unsigned>(tiles), kThreads}, "negatives_in_tiles",
         negatives_in_tiles_kernel, args, sorted.values, negatives);
  launch(device.stream, {1, kThreads}, "negatives_over_tiles", negatives_over_tiles_kernel, tiles, negatives);
  launch(device.stream, row_each, "add_pairs", add_pairs_kernel, args, sorted, negatives);
}

}  // namespace thalweg::cuda
