#include "kernels/base/launch.cuh"
#include "kernels/base/shared.cuh"
#include "kernels/base/warp.cuh"
#include "kernels/elementwise_loss/elementwise_loss_math.hpp"

namespace thalweg {
namespace {

constexpr int kThreads = 128;
constexpr int kTileRows = 32, kTileOutputs = 32;
constexpr int kPerThread = kTileRows * kTileOutputs / kThreads;

struct Sample {
  float target, weight;
};

__device__ __forceinline__ Sample sample_of(const LossTargets& targets, std::int64_t n) {
  const std::int64_t row = targets.ids ? targets.ids[n] : n;
  return {targets.target[row], targets.weight ? targets.weight[row] : 1.0f};
}

// elementwise_loss: loss and slope of samples with one output.
// math         losses[n] = w loss(z, y); grad_output[n] = (w * scale) * slope(z, y)
// shapes       output, grad_output [N, 1] f32, any stride; ids [N] i64 or none; target, weight by id f32
// bytes        reads 4N + 8N ids + 4N target + 4N weight (a 32-byte sector each behind ids), writes 8N;
//              flops 8N and up to two exponentials (memory bound)
// launch       128 threads, one sample each: a batch is short, so samples go wide rather than by vectors
// determinism  exact: no sum at all
// contract     grad_output null: losses only; N == 0 never reaches the launch
template <LossKind Kind>
__global__ void __launch_bounds__(kThreads) single_output_kernel(const ElementwiseLossArgs args) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (n >= args.output.rows) return;
  const float z = args.output.row(n)[0];
  const Sample sample = sample_of(args.targets, n);
  const LossAndSlope at =
      elementwise_loss<Kind>(z, loss_target(Kind, sample.target, 0, 1), args.loss.parameter);
  args.losses[n] = sample.weight * at.loss;
  if (args.grad_output.data == nullptr) return;
  args.grad_output.row(n)[0] = (sample.weight * loss_scale(args.targets)) * at.slope;
}

// elementwise_loss: samples with several outputs, one class against the rest.
// math         losses[n] = w * (sum over k ascending of loss(z_k, s_k)); gradient as above
// shapes       output, grad_output [N, K] f32, any stride; the rest as above
// bytes        reads 4NK + 16N, writes 4NK + 4N; flops 8NK (memory bound)
// launch       128 threads for 32 samples; tiles of 32 x 32 outputs, 4.4 KiB of shared memory
// determinism  exact: the block reads a tile along the rows, then one thread per sample adds its losses in
//              ascending order
// contract     as above; rows of the tile are 33 apart, so that neither direction meets bank conflicts
template <LossKind Kind>
__global__ void __launch_bounds__(kThreads) several_outputs_kernel(const ElementwiseLossArgs args) {
  SHARED(samples, Sample[kTileRows]);
  SHARED(tile, float[kTileRows][kTileOutputs + 1]);
  const int t = static_cast<int>(threadIdx.x);
  const std::int64_t first = std::int64_t{blockIdx.x} * kTileRows;
  const std::int64_t left = args.output.rows - first, outputs = args.output.cols;
  const int rows = left < kTileRows ? static_cast<int>(left) : kTileRows;
  if (t < rows) samples[t] = sample_of(args.targets, first + t);

  const float scale = loss_scale(args.targets);
  float sum = 0.0f;
  for (std::int64_t begin = 0; begin < outputs; begin += kTileOutputs) {
    const int count = outputs - begin < kTileOutputs ? static_cast<int>(outputs - begin) : kTileOutputs;
    const int elements = rows * count;
    float z[kPerThread];
#pragma unroll
    for (int i = 0; i < kPerThread; ++i) {
      const int e = t + i * kThreads;
      z[i] = e < elements ? args.output.row(first + e / count)[begin + e % count] : 0.0f;
    }
    __syncthreads();  // the samples are there, and nobody still adds up the last tile
#pragma unroll
    for (int i = 0; i < kPerThread; ++i) {
      const int e = t + i * kThreads;
      if (e >= elements) continue;
      const int row = e / count, column = e % count;
      const Sample sample = samples[row];
      const LossAndSlope at = elementwise_loss<Kind>(
          z[i], loss_target(Kind, sample.target, begin + column, outputs), args.loss.parameter);
      tile[row][column] = at.loss;
      if (args.grad_output.data == nullptr) continue;
      args.grad_output.row(first + row)[begin + column] = (sample.weight * scale) * at.slope;
    }
    __syncthreads();
    if (t < rows) {
      for (int column = 0; column < count; ++column) sum = sum + tile[t][column];
    }
  }
  if (t < rows) args.losses[first + t] = samples[t].weight * sum;
}

void evaluate(const Device& device, const ElementwiseLossArgs& args) {
  if (args.output.cols == 1) {
    const auto kernel = with_loss_kind(
        args.loss.kind, [](auto kind) { return &single_output_kernel<decltype(kind)::value>; });
    launch(device.stream, {blocks_for(args.output.rows, kThreads), kThreads}, "elementwise_loss", kernel,
           args);
  } else {
    const auto kernel = args.loss.kind == LossKind::hinge ? &several_outputs_kernel<LossKind::hinge>
                                                          : &several_outputs_kernel<LossKind::squared_hinge>;
    launch(device.stream, {blocks_for(args.output.rows, kTileRows), kThreads}, "elementwise_loss", kernel,
           args);
  }
}

}  // namespace

extern const ElementwiseLossOps elementwise_loss_cuda;
const ElementwiseLossOps elementwise_loss_cuda{.evaluate = &evaluate};
}  // namespace thalweg
