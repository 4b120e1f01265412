#include <cuda_runtime.h>

#include "kernels/activation/activation.hpp"
#include "kernels/base/launch.cuh"
#include "kernels/base/slices_cuda.cuh"
#include "kernels/base/warp.cuh"
#include "kernels/gemm/library_product.cuh"
#include "kernels/gemm/row_source.cuh"
#include "kernels/linear/linear_fast.cuh"

namespace thalweg {
namespace {

using library::factor;
using library::Factor;
using library::Product;
using library::ProductPlan;

constexpr int kGatherThreads = 256;

// gather_rows: the rows of a batch as the product reads them.
// math         to[n, i] = input[ids[n], i], converted and scaled as DenseRows says
// shapes       input [N, I] f32 or u8; to [N, pitch] f32, pitch = I rounded up to 4, the rest of a row zero
// bytes        reads N I (4 or 1), writes 4 N pitch (memory bound)
// launch       256 threads = 8 warps, a warp per row, four elements per lane and turn, no shared memory
// determinism  exact: every element is one thread's
// contract     N, I >= 1; to begins at a multiple of 16 bytes
template <class Source>
__global__ void __launch_bounds__(kGatherThreads)
    gather_rows_kernel(Source input, std::int64_t rows, std::int64_t cols, std::int64_t pitch, float* to) {
  const std::int64_t row = std::int64_t{blockIdx.x} * (kGatherThreads / kWarp) + warp_index();
  if (row >= rows) return;
  const auto line = input.line(row);
  for (std::int64_t at = lane_index() * 4; at < pitch; at += kWarp * 4)
    store4(to + row * pitch + at, input.quad(line, at, count_before(cols, at, 4)));
}

/// Rows that lie as the product needs them are read in place; others go through scratch memory.
struct PlacedRows {
  bool gathered;
  std::int64_t stride, floats;  ///< floats of scratch

  explicit PlacedRows(const DenseRows& x)
      : gathered(is_converted(x) || x.ids != nullptr),
        stride(gathered ? (x.cols + 3) / 4 * 4 : x.stride),
        floats(gathered ? x.rows * stride : 0) {}

  Factor as_factor(const DenseRows& x) const {
    if (!gathered) return factor(static_cast<const float*>(x.data), x.cols, x.rows, stride, CUBLAS_OP_N);
    return {nullptr, x.cols, x.rows, stride, CUBLAS_OP_N, library::kScratchAlignment};
  }

  /// Writes the rows to `to` if they need it and tells the factor where they are.
  void place(const Device& device, const DenseRows& x, float* to, Factor& rows) const {
    if (!gathered) return;
    with_rows(x, [&](auto input) {
      launch(device.stream, {blocks_for(x.rows, kGatherThreads / kWarp), kGatherThreads},
             "linear_gather_rows", gather_rows_kernel<decltype(input)>, input, x.rows, x.cols, stride, to);
    });
    rows.data = to;
  }
};

/// The terms of grad_bias, added in the order of exact numerics.
struct BiasSource {
  static constexpr int kTerms = 1;
  ConstMatrix grad_output;

  __device__ __forceinline__ void enter(std::int64_t col) { grad_output.data += col; }
  __device__ __forceinline__ Terms<1> read(std::int64_t row) const { return {{*grad_output.row(row)}}; }
  template <int>
  static __device__ __forceinline__ float step(const Terms<1>& g, float chain) {
    return chain + g.value[0];
  }
};

}  // namespace

void linear_forward_fast(const Device& device, const LinearForward& a) {
  const PlacedRows placed(a.input);
  const Matrix sums = linear_sums(a);
  const std::int64_t features = a.input.cols, outputs = a.output.cols;
  Product p{.name = "linear_forward",
            .a = factor(a.weight, features, outputs, features, CUBLAS_OP_T),
            .b = placed.as_factor(a.input),
            .out = sums.data,
            .rows = outputs,
            .cols = sums.rows,
            .stride = sums.stride,
            .bias = a.bias};
  ProductPlan plan(device, p);
  const Scratch::Frame frame(device);
  placed.place(device, a.input, frame.take<float>(placed.floats), p.b);
  plan.run(device, p, frame.take_bytes(plan.workspace_bytes()));
  apply_activation(device, activation_cuda, a);
}

void linear_input_grad_fast(const Device& device, const LinearInputGrad& a) {
  const std::int64_t rows = a.grad_input.rows, features = a.grad_input.cols, outputs = a.grad_output.cols;
  const Product p{.name = "linear_input_grad",
                  .a = factor(a.weight, features, outputs, features, CUBLAS_OP_N),
                  .b = factor(a.grad_output.data, outputs, rows, a.grad_output.stride, CUBLAS_OP_N),
                  .out = a.grad_input.data,
                  .rows = features,
                  .cols = rows,
                  .stride = a.grad_input.stride,
                  .bias = nullptr};
  ProductPlan plan(device, p);
  const Scratch::Frame frame(device);
  plan.run(device, p, frame.take_bytes(plan.workspace_bytes()));
  apply_derivative(device, activation_cuda, a);
}

void linear_parameter_grad_fast(const Device& device, const LinearParameterGrad& a) {
  const PlacedRows placed(a.input);
  const std::int64_t rows = a.input.rows, features = a.input.cols, outputs = a.grad_output.cols;
  Product p{.name = "linear_parameter_grad",
            .a = placed.as_factor(a.input),
            .b = factor(a.grad_output.data, outputs, rows, a.grad_output.stride, CUBLAS_OP_T),
            .out = a.grad_weight.sum,
            .rows = features,
            .cols = outputs,
            .stride = features,
            .bias = nullptr};
  ProductPlan plan(device, p);
  const Scratch::Frame frame(device);
  placed.place(device, a.input, frame.take<float>(placed.floats), p.a);
  plan.run(device, p, frame.take_bytes(plan.workspace_bytes()));
  if (a.grad_bias.sum == nullptr) return;
  const BatchSum bias_sum[1] = {a.grad_bias};
  column_sums(device, "linear_grad_bias", a.slices, outputs, bias_sum, BiasSource{a.grad_output},
              StoreSums<1>{{a.grad_bias.sum}});
}

}  // namespace thalweg
