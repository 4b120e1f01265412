#include <cuda_runtime.h>

#include "kernels/common/launch.cuh"
#include "kernels/linear/few_outputs.cuh"
#include "kernels/linear/linear.hpp"
#include "kernels/linear/linear_fast.cuh"
#include "kernels/linear/model_step.cuh"
#include "kernels/linear/product.cuh"
#include "kernels/linear/slice_sum.cuh"

namespace thalweg {
namespace {

// Tiles: the largest one that still gives every multiprocessor a block; smaller ones read more, but a GPU
// that is half idle costs more than that.
using LargeTile = TileShape<128, 128, 16, 8, 8, 2, 1>;
using MediumTile = TileShape<64, 64, 16, 8, 4, 3, 3>;
using SmallTile = TileShape<32, 32, 32, 4, 4, 4, 4>;
/// grad_weight of few outputs: narrow columns, so that slices x columns fill the GPU, and many rows in
/// flight.
using FewTile = TileShape<8, 32, 32, 1, 4, 4, 4>;

int device_attribute(cudaDeviceAttr attribute) {
  int device = 0, value = 0;
  check_cuda(cudaGetDevice(&device), "linear");
  check_cuda(cudaDeviceGetAttribute(&value, attribute, device), "linear");
  return value;
}
int multiprocessors() { return device_attribute(cudaDevAttrMultiProcessorCount); }

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

template <class Shape>
std::int64_t tiles_of(std::int64_t rows, std::int64_t cols) {
  return ceil_div(rows, Shape::kRows) * ceil_div(cols, Shape::kCols);
}

/// f(Shape{}) with the tile for rows x cols outputs, `copies` times over.
template <class F>
void with_tile(std::int64_t rows, std::int64_t cols, std::int64_t copies, F f) {
  const std::int64_t wanted = multiprocessors();
  if (tiles_of<LargeTile>(rows, cols) * copies >= wanted) return f(LargeTile{});
  if (tiles_of<MediumTile>(rows, cols) * copies >= wanted) return f(MediumTile{});
  f(SmallTile{});
}

template <LineAlong kAlongB, class A>
void product(const Context& ctx, const char* op, const ProductArgs<A, Lines>& args) {
  with_tile(args.rows, args.cols, 1, [&](auto shape) {
    using Shape = decltype(shape);
    using SideA = Side<A, LineAlong::depth, Shape::kRows, Shape::kRowsPerThread, Shape>;
    using SideB = Side<Lines, kAlongB, Shape::kCols, Shape::kColsPerThread, Shape>;
    launch(ctx.stream(), {blocks_for(tiles_of<Shape>(args.rows, args.cols), 1), Shape::kThreads}, op,
           product_kernel<Shape, SideA, SideB>, args);
  });
}

template <int kRows, int kOutputs, class Source>
void launch_few(const Context& ctx, const FewOutputsArgs<Source>& args) {
  launch(ctx.stream(), {blocks_for(args.rows, kRows * (kFewThreads / kWarp)), kFewThreads}, "linear_forward",
         few_outputs_kernel<kRows, kOutputs, Source>, args);
}

void forward_few(const Context& ctx, const LinearForward& a) {
  with_rows(a.input, [&](auto input) {
    const FewOutputsArgs<decltype(input)> args{
        input,        make_lines(a.weight, a.input.cols), a.bias,        a.input.rows,
        a.input.cols, static_cast<int>(a.output.cols),    a.output.data, a.output.stride};
    if (args.outputs == 1) return launch_few<4, 1>(ctx, args);
    if (args.outputs == 2) return launch_few<4, 2>(ctx, args);
    if (args.outputs <= 4) return launch_few<2, 4>(ctx, args);
    launch_few<2, 8>(ctx, args);
  });
}

void forward(const Context& ctx, const LinearForward& a) {
  if (a.input.rows == 0) return;
  if (has_fast_product(ctx, a.input.rows, a.input.cols, a.output.cols)) return linear_forward_fast(ctx, a);
  if (a.output.cols <= kFewOutputs) return forward_few(ctx, a);
  with_rows(a.input, [&](auto input) {
    product<LineAlong::depth>(
        ctx, "linear_forward",
        ProductArgs<decltype(input), Lines>{input, make_lines(a.weight, a.input.cols), a.input.rows,
                                            a.output.cols, a.input.cols, a.output.data, a.output.stride,
                                            a.bias, vector_rows(a.output.data, a.output.stride)});
  });
}

void input_grad(const Context& ctx, const LinearInputGrad& a) {
  if (a.grad_input.rows == 0) return;
  if (has_fast_product(ctx, a.grad_input.rows, a.grad_input.cols, a.grad_output.cols))
    return linear_input_grad_fast(ctx, a);
  product<LineAlong::width>(
      ctx, "linear_input_grad",
      ProductArgs<Lines, Lines>{make_lines(a.grad_output.data, a.grad_output.stride),
                                make_lines(a.weight, a.grad_input.cols), a.grad_input.rows, a.grad_input.cols,
                                a.grad_output.cols, a.grad_input.data, a.grad_input.stride, nullptr,
                                vector_rows(a.grad_input.data, a.grad_input.stride)});
}

/// The slices of which a call brings rows: [first, first + count).
struct TouchedSlices {
  int first = 0, count = 0;
};
TouchedSlices touched_slices(const BatchSlices& s) {
  TouchedSlices touched;
  for (int i = 0; i < s.slices; ++i) {
    if (s.call_begin(i) == s.call_end(i)) continue;
    if (touched.count == 0) touched.first = i;
    touched.count = i + 1 - touched.first;
  }
  return touched;
}

/// Where the chains of a call live: with the caller, or in scratch memory when the call brings the whole
/// batch.
struct Chains {
  BatchSum weight, bias;
};
std::int64_t round_up4(std::int64_t n) { return (n + 3) / 4 * 4; }
std::int64_t chain_floats(const BatchSlices& s, std::int64_t weights, std::int64_t outputs) {
  return s.whole() ? s.slices * (round_up4(weights) + round_up4(outputs)) : 0;
}
Chains chains_of(const BatchSlices& s, const BatchSum& weight, const BatchSum& bias, std::int64_t weights,
                 std::int64_t outputs, float* scratch) {
  Chains c{weight, bias};
  if (s.whole()) {
    c.weight.partials = scratch;
    c.weight.partial_stride = round_up4(weights);
    c.bias.partials = scratch + s.slices * c.weight.partial_stride;
    c.bias.partial_stride = round_up4(outputs);
  }
  if (bias.sum == nullptr) c.bias.partials = nullptr;
  return c;
}

std::uint64_t slices_with_rows(const BatchSlices& s) {
  std::uint64_t bits = 0;
  for (int i = 0; i < s.slices; ++i)
    if (s.begin(i) < s.begin(i + 1)) bits |= std::uint64_t{1} << i;
  return bits;
}

template <class T>
void launch_slice_sums(const Context& ctx, const BatchSlices& s, const Chains& chains, std::int64_t weights,
                       std::int64_t outputs) {
  constexpr std::int64_t kWidth = sizeof(T) / sizeof(float);
  SliceSumsArgs<T> args{
      {reinterpret_cast<const T*>(chains.weight.partials), chains.weight.partial_stride / kWidth,
       weights / kWidth, reinterpret_cast<T*>(chains.weight.sum)},
      {chains.bias.partials, chains.bias.partial_stride, chains.bias.sum != nullptr ? outputs : 0,
       chains.bias.sum},
      s.slices,
      slices_with_rows(s),
      0};
  args.weight_blocks = blocks_for(args.weight.size, kSliceSumThreads);
  const unsigned blocks = args.weight_blocks + blocks_for(args.bias.size, kSliceSumThreads);
  launch(ctx.stream(), {blocks, kSliceSumThreads}, "linear_slice_sums", slice_sums_kernel<T>, args);
}

/// The tree over slices once a call completes the batch.
void slice_sums(const Context& ctx, const BatchSlices& s, const Chains& chains, std::int64_t weights,
                std::int64_t outputs) {
  if (!s.last()) return;
  const bool vector = weights % 4 == 0 && chains.weight.partial_stride % 4 == 0 &&
                      aligned_to(chains.weight.partials, 16) && aligned_to(chains.weight.sum, 16);
  if (vector) {
    launch_slice_sums<float4>(ctx, s, chains, weights, outputs);
  } else {
    launch_slice_sums<float>(ctx, s, chains, weights, outputs);
  }
}

template <class Shape, class Source>
void launch_slice_product(const Context& ctx, const SliceProductArgs<Source>& args, int slices) {
  using SideA = Side<Lines, LineAlong::width, Shape::kRows, Shape::kRowsPerThread, Shape>;
  using SideB = Side<Source, LineAlong::width, Shape::kCols, Shape::kColsPerThread, Shape>;
  const unsigned tiles = blocks_for(tiles_of<Shape>(args.outputs, args.features), 1);
  launch(ctx.stream(), {dim3(tiles, static_cast<unsigned>(slices)), Shape::kThreads}, "linear_parameter_grad",
         slice_product_kernel<Shape, SideA, SideB>, args);
}

/// Continues the chains of the slices that a call touches.
void slice_products(const Context& ctx, const DenseRows& input, const ConstMatrix& grad_output,
                    const BatchSlices& slices, const Chains& chains) {
  const TouchedSlices touched = touched_slices(slices);
  if (touched.count == 0) return;
  with_rows(input, [&](auto rows) {
    using Source = decltype(rows);
    const SliceProductArgs<Source> args{
        make_lines(grad_output.data, grad_output.stride),
        rows,
        grad_output.cols,
        input.cols,
        slices,
        touched.first,
        chains.weight,
        chains.bias,
        vector_rows(chains.weight.partials, chains.weight.partial_stride) && input.cols % 4 == 0};
    if (args.outputs <= kFewOutputs) return launch_slice_product<FewTile>(ctx, args, touched.count);
    with_tile(args.outputs, args.features, touched.count,
              [&](auto shape) { launch_slice_product<decltype(shape)>(ctx, args, touched.count); });
  });
}

void parameter_grad(const Context& ctx, const LinearParameterGrad& a) {
  if (a.slices.whole() && has_fast_product(ctx, a.input.rows, a.input.cols, a.grad_output.cols))
    return linear_parameter_grad_fast(ctx, a);
  const std::int64_t outputs = a.grad_output.cols, weights = outputs * a.input.cols;
  const std::int64_t floats = chain_floats(a.slices, weights, outputs);
  auto* scratch = static_cast<float*>(ctx.scratch(floats * std::int64_t{sizeof(float)}));
  const Chains chains = chains_of(a.slices, a.grad_weight, a.grad_bias, weights, outputs, scratch);
  slice_products(ctx, a.input, a.grad_output, a.slices, chains);
  slice_sums(ctx, a.slices, chains, weights, outputs);
}

/// The separate passes of a step: dot products, losses, gradient. For rows too long for one pass.
void separate_step(const Context& ctx, const LinearModelStep& a) {
  const std::int64_t rows = a.input.rows, features = a.input.cols;
  const std::int64_t floats = round_up4(rows) + chain_floats(a.slices, features, 1);
  auto* outputs = static_cast<float*>(ctx.scratch(floats * std::int64_t{sizeof(float)}));
  const Chains chains =
      chains_of(a.slices, a.grad_weight, a.grad_bias, features, 1, outputs + round_up4(rows));
  forward(ctx, {a.input, a.weight, a.bias, matrix(outputs, rows, 1)});
  launch(ctx.stream(), {blocks_for(rows, kRowLossThreads), kRowLossThreads}, "linear_row_loss",
         row_loss_kernel, rows, outputs, RowLossArgs{a.loss, a.targets, a.losses, a.grad_output});
  slice_products(ctx, a.input, matrix<const float>(a.grad_output, rows, 1), a.slices, chains);
  slice_sums(ctx, a.slices, chains, features, 1);
}

/// As many blocks as there are multiprocessors, and as many rows at a time as they hold.
StepPlan plan_step(const LinearModelStep& a, const TouchedSlices& touched) {
  const std::int64_t features = a.input.cols, element = a.input.dtype == DType::u8 ? 1 : 4;
  StepPlan plan{.groups = kMaxStepGroups};
  const auto idle = [&](int groups) { return (groups - 1) * (kChains / groups) >= features; };
  while (plan.groups > 1 && (plan.groups * touched.count > multiprocessors() || idle(plan.groups)))
    plan.groups /= 2;
  std::int64_t longest = 0;
  for (int s = touched.first; s < touched.first + touched.count; ++s) {
    const std::int64_t rows = a.slices.call_end(s) - a.slices.call_begin(s);
    if (rows > longest) longest = rows;
  }
  if (features > kMaxStepFeatures) return {};
  const std::int64_t row_bytes = StepColumns(features, plan.groups, 0).pitch() * element + 4;
  const std::int64_t fit = device_attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin) / row_bytes / 4 * 4;
  if (fit == 0) return {};
  const std::int64_t rows = round_up4(longest) < fit ? round_up4(longest) : fit;
  plan.chunk_rows = static_cast<int>(rows);
  plan.chunks = static_cast<int>(ceil_div(longest, rows));
  plan.shared_bytes = rows * row_bytes;
  return plan;
}

void model_step(const Context& ctx, const LinearModelStep& a) {
  const TouchedSlices touched = touched_slices(a.slices);
  const StepPlan plan = touched.count > 0 ? plan_step(a, touched) : StepPlan{};
  if (plan.groups == 0) return separate_step(ctx, a);
  const std::int64_t sums = std::int64_t{touched.count} * plan.chunk_rows * kChains;
  const std::int64_t floats = sums + chain_floats(a.slices, a.input.cols, 1);
  auto* scratch = static_cast<float*>(ctx.scratch(floats * std::int64_t{sizeof(float)}));
  const Chains chains = chains_of(a.slices, a.grad_weight, a.grad_bias, a.input.cols, 1, scratch + sums);
  const StepArgs args{make_converted(a.input),
                      a.weight,
                      a.bias,
                      a.input.cols,
                      a.slices,
                      touched.first,
                      plan.chunk_rows,
                      plan.chunks,
                      {a.loss, a.targets, a.losses, a.grad_output},
                      scratch,
                      chains.weight,
                      chains.bias};
  const LaunchShape shape{dim3(static_cast<unsigned>(plan.groups), static_cast<unsigned>(touched.count)),
                          kStepThreads, static_cast<std::size_t>(plan.shared_bytes)};
  const auto kernel =
      a.input.dtype == DType::u8 ? model_step_kernel<unsigned char> : model_step_kernel<float>;
  if (plan.groups > 1) {
    launch_cooperative(ctx.stream(), shape, "linear_model_step", kernel, args);
  } else {
    launch(ctx.stream(), shape, "linear_model_step", kernel, args);
  }
  slice_sums(ctx, a.slices, chains, a.input.cols, 1);
}

}  // namespace

extern const LinearOps linear_cuda;
const LinearOps linear_cuda{.forward = &forward,
                            .input_grad = &input_grad,
                            .parameter_grad = &parameter_grad,
                            .model_step = &model_step};
}  // namespace thalweg
