// pairs: twice the weighted number of (positive, negative) pairs in the right order, ties half: what the area
// under the ROC curve is made of (Fawcett, "An introduction to ROC analysis", 2006).
// math         rows sorted by score; N(i) the weight of the negatives before place i. A positive whose score
//              fills the places [a, b) adds w (N(a) + N(b)).
// shapes       scores [N] f32; target, weight by id f32; pairs: four limbs of 32 bits and their carries
// bytes        reads 4N for the keys (8N written), 36N in the sort (32N written), then 20N for the prefix sums
//              (8N written) and 28N for the pairs
// launch       256 threads, a row each for keys and pairs; the sort and a scan between
// determinism  exact: integers of 64 bits, products of 128
// contract     fewer than 2^31 rows, weights below 2^62 units together
#include "kernels/metrics/pairs_cuda.cuh"

#include "kernels/base/shared.cuh"
#include "kernels/base/sort_cuda.cuh"
#include "kernels/base/thrust.cuh"
#include "kernels/base/warp.cuh"
#include "kernels/metrics/metrics_math.hpp"
#include "thalweg/error.hpp"

namespace thalweg::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarp;

/// The row of the data set at a place of the sorted rows.
THALWEG_HD std::int64_t row_at(const PairArgs& args, const std::int32_t* sorted, std::int64_t place) {
  return data_row(args.targets, sorted[place]);
}

THALWEG_HD bool is_positive(const PairArgs& args, std::int64_t row) {
  return args.targets.target[row] > 0.5f;
}

/// Weight of the row at a place of the sorted rows, if it is a negative; none behind the last row.
struct NegativeWeight {
  PairArgs args;
  const std::int32_t* sorted;

  THALWEG_HD Count operator()(std::int64_t place) const {
    if (place >= args.rows) return 0;
    const std::int64_t row = row_at(args, sorted, place);
    return is_positive(args, row) ? 0 : sample_weight(args.targets, row, args.unit);
  }
};

__global__ void __launch_bounds__(kThreads) score_keys_kernel(const PairArgs args, const Pairs pairs) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (n >= args.rows) return;
  pairs.keys[n] = score_key(args.scores[n]);
  pairs.values[n] = static_cast<std::int32_t>(n);
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

/// Adds the limbs of a block's threads to the result. Called by all threads together.
__device__ __forceinline__ void add_limbs(const Count (&limb)[4], Count* result) {
  SHARED(warp_sums, Count[4][kWarps]);
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const Count sum = warp_tree(limb[i], [](Count a, Count b) { return a + b; });
    if (lane_index() == 0) warp_sums[i][warp_index()] = sum;
  }
  __syncthreads();
  if (threadIdx.x >= 4) return;
  Count all = 0;
#pragma unroll
  for (int w = 0; w < kWarps; ++w) all += warp_sums[threadIdx.x][w];
  if (all != 0) atomicAdd(&result[threadIdx.x], all);
}

/// `negatives`: their weight before each place, and before the place behind the last row.
__global__ void __launch_bounds__(kThreads)
    add_pairs_kernel(const PairArgs args, const Pairs sorted, const Count* __restrict__ negatives) {
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
                  negatives[begin] + negatives[end], limb);
    }
  }
  add_limbs(limb, args.pairs->limb);
}

}  // namespace

void count_pairs(const Device& device, const PairArgs& args) {
  const std::int64_t rows = args.rows;
  if (rows >= std::int64_t{1} << 31)
    throw ShapeError("auc: got " + std::to_string(rows) + " rows; expected fewer than 2^31");
  if (rows == 0) return;
  const Scratch::Frame frame(device);
  auto* const negatives = frame.take<Count>(rows + 1);
  const Pairs pairs = take_pairs(frame, rows);

  const LaunchShape row_each{blocks_for(rows, kThreads), kThreads};
  launch(device.stream, row_each, "score_keys", score_keys_kernel, args, pairs);
  sort_pairs(device, pairs, rows);
  with_thrust(device, "negatives_before", [=](const auto& policy) {
    const auto weight = thrust::make_transform_iterator(thrust::make_counting_iterator(std::int64_t{0}),
                                                        NegativeWeight{args, pairs.values});
    thrust::exclusive_scan(policy, weight, weight + rows + 1, negatives, Count{0});
  });
  launch(device.stream, row_each, "add_pairs", add_pairs_kernel, args, pairs, negatives);
}

}  // namespace thalweg::cuda
