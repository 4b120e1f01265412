// sparse_forward: forward, loss and slope of a linear model with one output. The gradient is that of
// sparse_parameter_grad: its chains go by features, which no pass over rows can follow in parallel.
// math         z = row . weight + bias; losses[n] = w loss(z, y); grad_output[n] = (w * scale) * slope(z, y)
// shapes       input [N, I] CSR; weight [I]; losses, grad_output [N] f32
// bytes        reads 12 per entry and 28 per row, writes 8 per row
// launch       256 threads, one warp per row
// determinism  fixed chains and tree
// contract     columns within I; 4-byte alignment; N == 0 never reaches the launch
#include "kernels/base/launch.cuh"
#include "kernels/linear_step/linear_step_cuda.cuh"
#include "kernels/linear_step/linear_step_math.hpp"
#include "kernels/sparse_linear/sparse_forward_cuda.cuh"
#include "kernels/sparse_linear/sparse_gradient_cuda.cuh"

namespace thalweg::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarp;

template <LossKind Kind>
__global__ void __launch_bounds__(kThreads) sparse_forward_kernel(SparseLinearStep args) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kWarps + warp_index();
  if (n >= args.input.rows) return;  // whole warps leave together
  float sum[1];
  sparse_dots<1>(args.weight, 0, sparse_entries(args.input, n), sum);
  if (lane_index() != 0) return;
  const float z = args.bias != nullptr ? sum[0] + args.bias[0] : sum[0];
  const RowTarget t = row_target(Kind, args.rows.targets, n);
  const LossAndSlope l =
      row_loss<Kind>(z, t.target, t.weight, args.rows.loss.parameter, loss_scale(args.rows.targets));
  args.rows.losses[n] = l.loss;
  args.rows.grad_output[n] = l.slope;
}

}  // namespace

void sparse_step(const Device& device, const SparseLinearStep& args) {
  const auto kernel = with_loss_kind(args.rows.loss.kind,
                                     [](auto kind) { return &sparse_forward_kernel<decltype(kind)::value>; });
  launch(device.stream, {blocks_for(args.input.rows, kWarps), kThreads}, "sparse_linear_step", kernel, args);
  sparse_parameter_grad(device, {.input = args.input,
                                 .touched = args.touched,
                                 .grad_output = matrix(args.rows.grad_output, args.input.rows, 1),
                                 .slices = args.slices,
                                 .grad_weight = args.grad_weight,
                                 .grad_bias = args.grad_bias});
}

}  // namespace thalweg::cuda
