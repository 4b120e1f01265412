#include "kernels/linear/few_outputs.hpp"
#include "kernels/linear/gemm_slices.hpp"
#include "kernels/linear/linear.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

/// Rows of a forward pass: bounds the packed panels, whatever the batch (an evaluation may bring the whole
/// data set).
constexpr std::int64_t kPassRows = 2048;
/// Rows of one task of the few-output product.
constexpr std::int64_t kRowBlock = 16;

float* scratch_floats(const Context& ctx, std::int64_t count) {
  return static_cast<float*>(ctx.scratch(larger(count, 1) * std::int64_t{sizeof(float)}));
}

DenseRows rows_from(const DenseRows& x, std::int64_t first, std::int64_t count) {
  DenseRows part = x;
  part.rows = count;
  if (x.ids != nullptr) {
    part.ids = x.ids + first;
  } else {
    const std::int64_t bytes = first * x.stride * (x.dtype == DType::f32 ? 4 : 1);
    part.data = static_cast<const char*>(x.data) + bytes;
  }
  return part;
}

/// Row n as floats the model sees: where it lies if it can be, else converted into `buffer` [cols].
const float* row_floats(const DenseRows& x, std::int64_t n, float* buffer) {
  if (x.dtype == DType::f32 && x.scale == nullptr)
    return static_cast<const float*>(x.data) + (x.ids ? x.ids[n] : n) * x.stride;
  for (std::int64_t j = 0; j < x.cols; j += kLanes) {
    const std::int64_t count = smaller(kLanes, x.cols - j);
    store_first(buffer + j, load_features(x, n, j, count), count);
  }
  return buffer;
}

void forward_few(const Context& ctx, const LinearForward& a) {
  const DenseRows& x = a.input;
  float* buffers = scratch_floats(ctx, ctx.pool().threads() * x.cols);
  ctx.pool().run(ceil_div(x.rows, kRowBlock), [&](std::int64_t task, int thread) {
    const std::int64_t end = smaller(x.rows, (task + 1) * kRowBlock);
    for (std::int64_t n = task * kRowBlock; n < end; ++n) {
      const float* row = row_floats(x, n, buffers + thread * x.cols);
      for (std::int64_t o = 0; o < a.output.cols; ++o) {
        const float dot = chain_dot(row, a.weight + o * x.cols, x.cols);
        a.output.data[n * a.output.stride + o] = a.bias != nullptr ? dot + a.bias[o] : dot;
      }
    }
  });
}

void forward_pass(const Context& ctx, const LinearForward& a) {
  const DenseRows& x = a.input;
  const Grid grid = make_grid(a.output.cols, x.rows, x.cols, ctx.pool().threads());
  float* panels = scratch_floats(ctx, grid.panels * x.cols * kPanel);
  run_packing(ctx.pool(), grid.panels, x.cols, [&](std::int64_t panel, std::int64_t begin, std::int64_t end) {
    pack_rows(x, panel * kPanel, begin, end, panels + panel * x.cols * kPanel);
  });
  run_product(ctx.pool(), grid, ForwardJob{a.weight, a.bias, panels, x.cols, a.output});
}

void forward(const Context& ctx, const LinearForward& a) {
  if (a.output.cols <= kFewOutputs) return forward_few(ctx, a);
  for (std::int64_t first = 0; first < a.input.rows; first += kPassRows) {
    const std::int64_t count = smaller(kPassRows, a.input.rows - first);
    LinearForward pass = a;
    pass.input = rows_from(a.input, first, count);
    pass.output = {a.output.data + first * a.output.stride, count, a.output.cols, a.output.stride};
    forward_pass(ctx, pass);
  }
}

void input_grad(const Context& ctx, const LinearInputGrad& a) {
  const std::int64_t outputs = a.grad_output.cols, features = a.grad_input.cols;
  if (a.grad_input.rows == 0) return;
  const DenseRows weight{
      .data = a.weight, .dtype = DType::f32, .rows = outputs, .cols = features, .stride = features};
  const Grid grid = make_grid(a.grad_input.rows, features, outputs, ctx.pool().threads());
  float* panels = scratch_floats(ctx, grid.panels * outputs * kPanel);
  run_packing(ctx.pool(), grid.panels, outputs,
              [&](std::int64_t panel, std::int64_t begin, std::int64_t end) {
                pack_columns(weight, panel * kPanel, begin, end, panels + panel * outputs * kPanel);
              });
  run_product(ctx.pool(), grid, InputGradJob{a.grad_output, panels, a.grad_input});
}

void parameter_grad(const Context& ctx, const LinearParameterGrad& a) {
  const std::int64_t outputs = a.grad_output.cols, features = a.input.cols, rows = a.input.rows;
  const Grid grid = make_grid(outputs, features, rows, ctx.pool().threads());
  float* panels = scratch_floats(ctx, grid.panels * rows * kPanel);
  run_packing(ctx.pool(), grid.panels, rows, [&](std::int64_t panel, std::int64_t begin, std::int64_t end) {
    pack_columns(a.input, panel * kPanel, begin, end, panels + panel * rows * kPanel);
  });
  run_product(ctx.pool(), grid, WeightGradJob{a.grad_output, panels, features, a.slices, a.grad_weight});
  if (a.grad_bias.sum == nullptr) return;
  ctx.pool().run(ceil_div(outputs, kLanes), [&](std::int64_t task, int) {
    bias_sum(a.grad_output, a.slices, a.grad_bias, task * kLanes);
  });
}

void model_step(const Context&, const LinearModelStep&) { __builtin_trap(); }

}  // namespace

extern const LinearOps linear_cpu;
const LinearOps linear_cpu{.forward = &forward,
                           .input_grad = &input_grad,
                           .parameter_grad = &parameter_grad,
                           .model_step = &model_step};
}  // namespace thalweg::THALWEG_ISA
