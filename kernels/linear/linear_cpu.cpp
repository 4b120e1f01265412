// The linear layer on the cpu: which product serves which shape. All of them have the order of
// docs/numerics.md.
#include "kernels/activation/activation.hpp"
#include "kernels/gemm/few_outputs_cpu.hpp"
#include "kernels/gemm/short_cpu.hpp"
#include "kernels/gemm/thin_cpu.hpp"
#include "kernels/gemm/weight_grad_cpu.hpp"
#include "kernels/linear/linear.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

/// Rows of a forward pass: bounds the packed panels, whatever the batch (an evaluation may bring the whole
/// data set).
constexpr std::int64_t kPassRows = 2048;
/// Rows of one task of the few-output product.
constexpr std::int64_t kRowBlock = 16;
/// Prefetch distance of the few-output product, in rows.
constexpr std::int64_t kForwardAheadRows = 8;

DenseRows rows_from(const DenseRows& x, std::int64_t first, std::int64_t count) {
  DenseRows part = x;
  part.rows = count;
  if (x.ids != nullptr) {
    part.ids = x.ids + first;
  } else {
    part.data = row_address(x, first);
  }
  return part;
}

void forward_few(const Device& device, const LinearForward& a) {
  const DenseRows& x = a.input;
  const Scratch::Frame frame(device);
  float* const buffers = frame.take<float>(device.pool.threads() * x.cols);
  device.pool.run(ceil_div(x.rows, kRowBlock), [&](std::int64_t task, int thread) {
    const std::int64_t end = smaller(x.rows, (task + 1) * kRowBlock);
    for (std::int64_t n = task * kRowBlock; n < end; ++n) {
      const float* row = row_floats(x, n, buffers + thread * x.cols);
      const LinesAhead ahead(row_address(x, smaller(n + kForwardAheadRows, x.rows - 1)), row_bytes(x));
      for (std::int64_t o = 0; o < a.output.cols; ++o) {
        const float dot = chain_dot(row, a.weight + o * x.cols, x.cols, o == 0 ? ahead : LinesAhead{});
        // mutant: bias-added
        a.output.data[n * a.output.stride + o] = a.bias != nullptr ? dot + a.bias[o] : dot;
      }
    }
  });
}

void forward_pass(const Device& device, const LinearForward& a) {
  const DenseRows& x = a.input;
  const Grid grid = make_grid(a.output.cols, x.rows, x.cols, device.pool.threads());
  const Scratch::Frame frame(device);
  float* const panels = frame.take<float>(grid.panels * x.cols * kPanel);
  run_packing(device.pool, grid.panels, x.cols,
              [&](std::int64_t panel, std::int64_t begin, std::int64_t end) {
                pack_rows(x, panel * kPanel, begin, end, panels + panel * x.cols * kPanel);
              });
  run_product(device.pool, grid, ForwardJob{a.weight, a.bias, panels, x.cols, a.output});
}

void forward_thin(const Device& device, const LinearForward& a) {
  const ThinPanels panels(device, a.weight, a.output.cols, a.input.cols);
  const std::int64_t rows = a.input.rows;
  device.pool.run(ceil_div(rows, kThinTaskRows), [&](std::int64_t task, int thread) {
    const ThinForward job{a.input, panels.of(thread), a.bias, a.output};
    const std::int64_t end = smaller(rows, (task + 1) * kThinTaskRows);
    for (std::int64_t n = task * kThinTaskRows; n < end; n += kThinRows) job.run(n);
  });
}

void sums(const Device& device, const LinearForward& a) {
  if (a.output.cols <= kFewOutputs) return forward_few(device, a);
  if (ThinForward::serves(a.input, a.output.cols)) return forward_thin(device, a);
  for (std::int64_t first = 0; first < a.input.rows; first += kPassRows) {
    const std::int64_t count = smaller(kPassRows, a.input.rows - first);
    LinearForward pass = a;
    pass.input = rows_from(a.input, first, count);
    pass.output = {a.output.data + first * a.output.stride, count, a.output.cols, a.output.stride};
    forward_pass(device, pass);
  }
}

void forward(const Device& device, const LinearForward& a) {
  LinearForward product = a;
  product.output = linear_sums(a);
  sums(device, product);
  apply_activation(device, activation_cpu, a);
}

void packed_input_grad(const Device& device, const LinearInputGrad& a, const Grid& grid) {
  const std::int64_t outputs = a.grad_output.cols, features = a.grad_input.cols;
  const DenseRows weight{
      .data = a.weight, .dtype = DType::f32, .rows = outputs, .cols = features, .stride = features};
  const Scratch::Frame frame(device);
  float* const panels = frame.take<float>(grid.panels * outputs * kPanel);
  run_row_packing(device.pool, outputs, [&](const Share& share, std::int64_t begin, std::int64_t end) {
    pack_columns(weight, share.begin(grid.panels), share.end(grid.panels), begin, end, panels,
                 kPanel * outputs);
  });
  run_product(device.pool, grid, InputGradJob<PackedWeights>{a.grad_output, {panels, outputs}, a.grad_input});
}

void long_input_grad(const Device& device, const LinearInputGrad& a) {
  const std::int64_t features = a.grad_input.cols;
  const Grid grid = make_grid(a.grad_input.rows, features, a.grad_output.cols, device.pool.threads());
  if (!PlainWeights::serve(grid)) return packed_input_grad(device, a, grid);
  run_product(device.pool, grid,
              InputGradJob<PlainWeights>{a.grad_output, {a.weight, features}, a.grad_input});
}

void short_input_grad(const Device& device, const LinearInputGrad& a) {
  const ShortInputGrad job{a.grad_output, a.weight, a.grad_input};
  device.pool.run(job.tasks(), [&](std::int64_t task, int) { job.run(task); });
}

void input_grad(const Device& device, const LinearInputGrad& a) {
  if (a.grad_input.rows == 0) return;
  ShortInputGrad::serves(a.grad_output.cols) ? short_input_grad(device, a) : long_input_grad(device, a);
  apply_derivative(device, activation_cpu, a);
}

/// The bias gradient of a row block is summed while its gradients are in the cache.
template <class Operands>
void parameter_grad_of(const Device& device, const LinearParameterGrad& a, const Grid& grid,
                       const SliceTable& slices, const Operands& operands) {
  const WeightGradJob<Operands> job{operands, a.input.cols, &slices, a.grad_weight};
  run_product(device.pool, grid, job, [&](std::int64_t block) {
    if (a.grad_bias.sum == nullptr) return;
    bias_sums(operands, slices, a.grad_bias, grid.row_begin(block), grid.row_begin(block + 1));
  });
}

void packed_parameter_grad(const Device& device, const LinearParameterGrad& a, const Grid& grid,
                           const SliceTable& slices) {
  const std::int64_t rows = a.input.rows;
  const Scratch::Frame frame(device);
  float* const panels = frame.take<float>(rows * grid.panels * kPanel);
  float* const blocks = frame.take<float>(rows * grid.row_blocks * kBlockStride);
  run_row_packing(device.pool, rows, [&](const Share& share, std::int64_t begin, std::int64_t end) {
    pack_columns(a.input, share.begin(grid.panels), share.end(grid.panels), begin, end, panels,
                 kPanel * rows);
    pack_blocks(a.grad_output, grid, share, begin, end, blocks, kBlockStride * rows);
  });
  parameter_grad_of(device, a, grid, slices,
                    PackedOperands{blocks, panels, rows, grid.rows, grid.row_blocks});
}

void parameter_grad(const Device& device, const LinearParameterGrad& a) {
  const Grid grid = make_grid(a.grad_output.cols, a.input.cols, a.input.rows, device.pool.threads());
  const SliceTable slices = make_slice_table(a.slices);
  if (!PlainOperands::serve(grid, a.input)) return packed_parameter_grad(device, a, grid, slices);
  const auto* input = static_cast<const float*>(a.input.data);
  parameter_grad_of(device, a, grid, slices,
                    PlainOperands{a.grad_output, input, a.input.stride, a.input.ids});
}

}  // namespace

extern const LinearOps linear_cpu;
const LinearOps linear_cpu{.forward = &forward, .input_grad = &input_grad, .parameter_grad = &parameter_grad};
}  // namespace thalweg::THALWEG_ISA
