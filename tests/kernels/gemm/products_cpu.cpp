#include "tests/kernels/gemm/products.hpp"

#include "kernels/gemm/few_outputs_cpu.hpp"
#include "kernels/gemm/short_cpu.hpp"
#include "kernels/gemm/thin_cpu.hpp"
#include "kernels/gemm/weight_grad_cpu.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

void packed_forward(const Device& device, const LinearForward& a) {
  const DenseRows& x = a.input;
  const Grid grid = make_grid(a.output.cols, x.rows, x.cols, device.pool.threads());
  const Scratch::Frame frame(device);
  float* const panels = frame.take<float>(grid.panels * x.cols * kPanel);
  run_packing(device.pool, grid.panels, x.cols, [&](std::int64_t p, std::int64_t begin, std::int64_t end) {
    pack_rows(x, p * kPanel, begin, end, panels + p * x.cols * kPanel);
  });
  run_product(device.pool, grid, ForwardJob{a.weight, a.bias, panels, x.cols, a.output});
}

void thin_forward(const Device& device, const LinearForward& a) {
  const ThinPanels panels(device, a.weight, a.output.cols, a.input.cols);
  const ThinForward job{a.input, panels.of(0), a.bias, a.output};
  for (std::int64_t n = 0; n < a.input.rows; n += kThinRows) job.run(n);
}

void packed_input_grad(const Device& device, const LinearInputGrad& a) {
  const std::int64_t outputs = a.grad_output.cols, features = a.grad_input.cols;
  const Grid grid = make_grid(a.grad_input.rows, features, outputs, device.pool.threads());
  const DenseRows weight = dense_rows({a.weight, outputs, features, features});
  const Scratch::Frame frame(device);
  float* const panels = frame.take<float>(grid.panels * outputs * kPanel);
  pack_columns(weight, 0, grid.panels, 0, outputs, panels, kPanel * outputs);
  run_product(device.pool, grid, InputGradJob<PackedWeights>{a.grad_output, {panels, outputs}, a.grad_input});
}

void plain_input_grad(const Device& device, const LinearInputGrad& a) {
  const std::int64_t features = a.grad_input.cols;
  const Grid grid = make_grid(a.grad_input.rows, features, a.grad_output.cols, device.pool.threads());
  run_product(device.pool, grid,
              InputGradJob<PlainWeights>{a.grad_output, {a.weight, features}, a.grad_input});
}

void short_input_grad(const Device& device, const LinearInputGrad& a) {
  const ShortInputGrad job{a.grad_output, a.weight, a.grad_input};
  device.pool.run(job.tasks(), [&](std::int64_t task, int) { job.run(task); });
}

template <class Operands>
void parameter_grad_of(const Device& device, const LinearParameterGrad& a, const Grid& grid,
                       const Operands& operands) {
  const SliceTable slices = make_slice_table(a.slices);
  const WeightGradJob<Operands> job{operands, a.input.cols, &slices, a.grad_weight};
  run_product(device.pool, grid, job, [&](std::int64_t block) {
    bias_sums(operands, slices, a.grad_bias, grid.row_begin(block), grid.row_begin(block + 1));
  });
}

Grid grid_of(const Device& device, const LinearParameterGrad& a) {
  return make_grid(a.grad_output.cols, a.input.cols, a.input.rows, device.pool.threads());
}

void packed_parameter_grad(const Device& device, const LinearParameterGrad& a) {
  const Grid grid = grid_of(device, a);
  const std::int64_t rows = a.input.rows;
  const Scratch::Frame frame(device);
  float* const panels = frame.take<float>(rows * grid.panels * kPanel);
  float* const blocks = frame.take<float>(rows * grid.row_blocks * kBlockStride);
  run_row_packing(device.pool, rows, [&](const Share& share, std::int64_t begin, std::int64_t end) {
    pack_columns(a.input, share.begin(grid.panels), share.end(grid.panels), begin, end, panels,
                 kPanel * rows);
    pack_blocks(a.grad_output, grid, share, begin, end, blocks, kBlockStride * rows);
  });
  parameter_grad_of(device, a, grid, PackedOperands{blocks, panels, rows, grid.rows, grid.row_blocks});
}

void plain_parameter_grad(const Device& device, const LinearParameterGrad& a) {
  const auto* input = static_cast<const float*>(a.input.data);
  parameter_grad_of(device, a, grid_of(device, a),
                    PlainOperands{a.grad_output, input, a.input.stride, a.input.ids});
}

float whole_chain_dot(const float* x, const float* w, std::int64_t n) { return chain_dot(x, w, n, {}); }

void tiles(std::int64_t rows, std::int64_t cols, std::int64_t depth, int threads, void* to,
           void (*visit)(void*, const TileExtent&)) {
  const Grid grid = make_grid(rows, cols, depth, threads);
  for (std::int64_t task = 0; task < grid.tasks(); ++task) {
    for_each_tile(grid, task, 0, [&](const TilePlace& place) {
      visit(to, {place.row, place.rows, place.col, place.lanes});
    });
  }
}

}  // namespace

extern const GemmProducts gemm_products;
const GemmProducts gemm_products{.lanes = kLanes,
                                 .tile_rows = kTileRows,
                                 .panel = kPanel,
                                 .packed_forward = &packed_forward,
                                 .thin_forward = &thin_forward,
                                 .packed_input_grad = &packed_input_grad,
                                 .plain_input_grad = &plain_input_grad,
                                 .short_input_grad = &short_input_grad,
                                 .packed_parameter_grad = &packed_parameter_grad,
                                 .plain_parameter_grad = &plain_parameter_grad,
                                 .chain_dot = &whole_chain_dot,
                                 .tiles = &tiles};

}  // namespace thalweg::THALWEG_ISA
