#include "kernels/base/launch.cuh"
#include "kernels/gemm/tiles.hpp"
#include "kernels/linear/linear_cuda.cuh"
#include "kernels/linear_step/linear_step_cuda.cuh"
#include "kernels/linear_step/linear_step_dense.cuh"

namespace thalweg {
namespace {

/// The separate passes of a step: dot products, losses, gradient. For rows too long for one pass.
void separate_step(const Device& device, const DenseLinearStep& a) {
  const std::int64_t rows = a.input.rows, features = a.input.cols;
  const Scratch::Frame frame(device);
  float* const outputs = frame.take<float>(rows);
  const GradientChains chains = gradient_chains(frame, a.slices, a.grad_weight, features, a.grad_bias, 1);
  cuda::linear_outputs(device, {a.input, a.weight, a.bias, matrix(outputs, rows, 1)});
  launch(device.stream, {blocks_for(rows, kRowLossThreads), kRowLossThreads}, "linear_step_losses",
         row_loss_kernel, rows, outputs, a.rows);
  cuda::linear_gradient_chains(device, a.input, matrix<const float>(a.rows.grad_output, rows, 1), a.slices,
                               chains);
  cuda::linear_slice_sums(device, a.slices, chains, features, 1);
}

/// One block per multiprocessor, and as many rows at a time as they hold.
StepPlan plan_step(const DeviceProperties& gpu, const DenseLinearStep& a, const TouchedSlices& touched) {
  const std::int64_t features = a.input.cols, element = a.input.dtype == DType::u8 ? 1 : 4;
  StepPlan plan{.groups = most_groups(gpu, features, touched.count)};
  std::int64_t longest = 0;
  for (int s = touched.first; s < touched.first + touched.count; ++s) {
    const std::int64_t rows = a.slices.call_end(s) - a.slices.call_begin(s);
    if (rows > longest) longest = rows;
  }
  if (features > kMaxStepFeatures) return {};
  const std::int64_t row_bytes = StepColumns(features, plan.groups, 0).pitch() * element + 4;
  const std::int64_t fit = gpu.shared_bytes / row_bytes / 4 * 4;
  if (fit == 0) return {};
  const std::int64_t wanted = ceil_div(longest, 4) * 4;
  const std::int64_t rows = wanted < fit ? wanted : fit;
  plan.chunk_rows = static_cast<int>(rows);
  plan.chunks = static_cast<int>(ceil_div(longest, rows));
  plan.shared_bytes = rows * row_bytes;
  return plan;
}

}  // namespace

namespace cuda {

void dense_step(const Device& device, const DenseLinearStep& a) {
  const TouchedSlices touched = touched_slices(a.slices);
  const StepPlan plan = touched.count > 0 ? plan_step(device.properties, a, touched) : StepPlan{};
  if (plan.groups == 0) return separate_step(device, a);
  const Scratch::Frame frame(device);
  float* const sums = frame.take<float>(std::int64_t{touched.count} * plan.chunk_rows * kChains);
  const GradientChains chains = gradient_chains(frame, a.slices, a.grad_weight, a.input.cols, a.grad_bias, 1);
  const StepArgs args{make_converted(a.input),
                      a.weight,
                      a.bias,
                      static_cast<int>(a.input.cols),
                      a.slices,
                      touched.first,
                      plan.chunk_rows,
                      plan.chunks,
                      a.rows,
                      sums,
                      chains.weight,
                      chains.bias};
  const LaunchShape shape{dim3(static_cast<unsigned>(plan.groups), static_cast<unsigned>(touched.count)),
                          StepArgs::kThreads, static_cast<std::size_t>(plan.shared_bytes)};
  const auto kernel =
      a.input.dtype == DType::u8 ? dense_step_kernel<unsigned char> : dense_step_kernel<float>;
  if (plan.groups > 1) {
    launch_cooperative(device.stream, shape, "dense_linear_step", kernel, args);
  } else {
    launch(device.stream, shape, "dense_linear_step", kernel, args);
  }
  linear_slice_sums(device, a.slices, chains, a.input.cols, 1);
}

}  // namespace cuda
}  // namespace thalweg
