#include "kernels/base/launch.cuh"
#include "kernels/base/shared.cuh"
#include "kernels/base/warp.cuh"
#include "kernels/metrics/metrics_math.hpp"
#include "kernels/metrics/pairs_cuda.cuh"

namespace thalweg {
namespace {

constexpr int kThreads = 256;
constexpr int kRounds = 4, kTile = kThreads * kRounds;
constexpr int kWarps = kThreads / kWarp;

/// The floats themselves.
struct Values {
  static constexpr int kSums = 1;
  const float* values;
  ExactSum* sum[kSums];

  __device__ __forceinline__ void at(std::int64_t n, float (&term)[kSums]) const { term[0] = values[n]; }
};

struct Residuals {
  static constexpr int kSums = 2;
  ConstMatrix output;
  LossTargets targets;
  bool rates;
  ExactSum* sum[kSums];

  __device__ __forceinline__ void at(std::int64_t n, float (&term)[kSums]) const {
    const std::int64_t row = data_row(targets, n);
    const float r = residual(output.row(n)[0], targets.target[row], rates);
    const float w = targets.weight != nullptr ? targets.weight[row] : 1.0f;
    term[0] = w * (r * r);
    term[1] = w * exact::abs(r);
  }
};

/// Adds a term to the digits of a block; one that is not finite goes to the sum itself.
__device__ __forceinline__ void add(float term, int* digits, ExactSum* sum) {
  if (const Count special = special_of(term); special != 0) {
    atomicOr(&sum->special, special);
    return;
  }
  const TermDigits adds = term_digits(term);
#pragma unroll
  for (int i = 0; i < kTermDigits; ++i) {
    if (adds.digit[i] != 0) atomicAdd(&digits[adds.place + i], adds.digit[i]);
  }
}

// metric_sum, residuals: exact sums of the rows' terms.
// math         sum += term, in the digits of ExactSum; terms: values[n], or w r^2 and w |r|
// shapes       values [N] f32, or output [N, 1] f32 with target and weight by id
// bytes        reads 4N, or 4N + 8N ids + 8N (a 32-byte sector each behind ids); writes 152 per block
// launch       256 threads for 1024 rows; 72 or 144 bytes of shared memory
// determinism  exact: integers, whose sum has no order; 1024 digits of 16 bits fit an int
// contract     N == 0 never reaches the launch
template <class Terms>
__global__ void __launch_bounds__(kThreads) add_terms_kernel(const Terms terms, const std::int64_t rows) {
  SHARED(digits, int[Terms::kSums][kSumDigits]);
  const int t = static_cast<int>(threadIdx.x);
#pragma unroll
  for (int k = 0; k < Terms::kSums; ++k) {
    if (t < kSumDigits) digits[k][t] = 0;
  }
  __syncthreads();
  for (int i = 0; i < kRounds; ++i) {
    const std::int64_t n = std::int64_t{blockIdx.x} * kTile + i * kThreads + t;
    if (n >= rows) break;
    float term[Terms::kSums];
    terms.at(n, term);
#pragma unroll
    for (int k = 0; k < Terms::kSums; ++k) add(term[k], digits[k], terms.sum[k]);
  }
  __syncthreads();
#pragma unroll
  for (int k = 0; k < Terms::kSums; ++k) {
    if (t < kSumDigits && digits[k][t] != 0)
      atomicAdd(&terms.sum[k]->digit[t], static_cast<Count>(std::int64_t{digits[k][t]}));
  }
}

/// Adds the weight of row n to the cell of its target and the class that was predicted.
__device__ __forceinline__ void count_row(const ConfusionArgs& args, std::int64_t n, std::int64_t predicted) {
  const std::int64_t row = data_row(args.targets, n);
  const std::int64_t target = target_class(args.targets.target[row], args.classes);
  if (target < 0) return;
  atomicAdd(args.confusion + target * args.classes + predicted, sample_weight(args.targets, row, args.unit));
}

// confusion: weights by target and predicted class, of models with one output.
// math         confusion[target, z > 0] += weight in units
// shapes       output [N, 1] f32; confusion [2, 2] u64; target, weight by id f32
// bytes        reads 4N + 8N ids + 8N, adds 8N in the L2 cache
// launch       256 threads, a row each
// determinism  exact: integers
// contract     N == 0 never reaches the launch; N is short (the rows of one forward pass), so that the
// atomics
//              of four cells do not queue for long
__global__ void __launch_bounds__(kThreads) confusion_of_two_kernel(const ConfusionArgs args) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (n < args.output.rows) count_row(args, n, predicted_class(args.output.row(n), 1));
}

// confusion: the same with an output per class.
// math         confusion[target, first k of the largest z_k] += weight in units
// shapes       output [N, K] f32; confusion [classes, classes] u64
// bytes        reads 4NK + 16N, adds 8N
// launch       256 threads = 8 warps, a warp per row: lane l looks at outputs l, l + 32, ...
// determinism  exact: of equal outputs the one with the smallest index, in any order
// contract     K < 2^31
__global__ void __launch_bounds__(kThreads) confusion_kernel(const ConfusionArgs args) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kWarps + warp_index();
  if (n >= args.output.rows) return;  // whole warps leave together
  const float* z = args.output.row(n);
  const int outputs = static_cast<int>(args.output.cols);
  float largest = -exact::kInfinity;
  int best = 0;
  for (int k = lane_index(); k < outputs; k += kWarp) {
    const float value = z[k];
    if (!(value > largest)) continue;
    largest = value;
    best = k;
  }
#pragma unroll
  for (int stride = kWarp / 2; stride > 0; stride /= 2) {
    const float other = shuffle_xor(largest, stride);
    const int index = shuffle_xor(best, stride);
    const bool wins = other > largest || (other == largest && index < best);
    largest = wins ? other : largest;
    best = wins ? index : best;
  }
  if (lane_index() == 0) count_row(args, n, best);
}

template <class Terms>
void add_terms(const Device& device, const char* op, const Terms& terms, std::int64_t rows) {
  launch(device.stream, {blocks_for(rows, kTile), kThreads}, op, &add_terms_kernel<Terms>, terms, rows);
}

void sum(const Device& device, const MetricSumArgs& args) {
  add_terms(device, "metric_sum", Values{args.values, {args.sum}}, args.count);
}

void residuals(const Device& device, const ResidualArgs& args) {
  add_terms(device, "residuals",
            Residuals{args.output, args.targets, args.rates, {args.squared, args.absolute}},
            args.output.rows);
}

void confusion(const Device& device, const ConfusionArgs& args) {
  const std::int64_t rows = args.output.rows;
  if (args.output.cols == 1) {
    launch(device.stream, {blocks_for(rows, kThreads), kThreads}, "confusion", &confusion_of_two_kernel,
           args);
  } else {
    launch(device.stream, {blocks_for(rows, kWarps), kThreads}, "confusion", &confusion_kernel, args);
  }
}

}  // namespace

extern const MetricsOps metrics_cuda;
const MetricsOps metrics_cuda{
    .sum = &sum, .residuals = &residuals, .confusion = &confusion, .pairs = &cuda::count_pairs};
}  // namespace thalweg
