// Every sample's gradient of a layer, written out.
#include "kernels/base/chains.hpp"
#include "kernels/base/launch.cuh"
#include "kernels/base/quads.cuh"
#include "kernels/gemm/row_source.cuh"
#include "kernels/per_sample/sample_gradients_cuda.cuh"
#include "kernels/per_sample/sample_lines.cuh"

namespace thalweg {
namespace {

__device__ __forceinline__ void write_bias(const Matrix& bias, std::int64_t n, std::int64_t o, float grad) {
  if (bias.data != nullptr && lane_index() == 0) bias.row(n)[o] = 0.0f + grad;
}

// dense_gradients: every sample's gradient of a linear layer, written out.
// math         gradients[n, o * I + i] = fma(grad_output[n, o], x[n, i], +0); bias_gradients = grad_output
// shapes       x [N, I] f32 or u8; grad_output [N, O]; gradients [N, O * I], bias_gradients [N, O] f32
// bytes        writes 4NO(I + 1), reads 4NO and each row once (again from the caches); bound by the writes
// launch       256 threads, a warp per (n, o)
// determinism  exact
// contract     16-byte writes where every (n, o) begins aligned; N == 0 or O == 0 never reaches the launch
template <class Rows>
__global__ void __launch_bounds__(kThreads)
    dense_gradients_kernel(const Rows rows, const DenseSampleGradients a, const bool vectors) {
  const std::int64_t outputs = a.grad_output.cols, cols = a.input.cols, line = warp_line();
  if (line >= a.grad_output.rows * outputs) return;
  const std::int64_t n = line / outputs, o = line % outputs;
  const float grad = a.grad_output.row(n)[o];
  const auto x = rows.line(n);
  float* const to = a.gradients.row(n) + o * cols;
  for (std::int64_t at = 4 * lane_index(); at < cols; at += kChains) {
    const int left = count_before(cols, at, 4);
    const float4 v = rows.quad(x, at, left);
    const float4 g = make_float4(__fmaf_rn(grad, v.x, 0.0f), __fmaf_rn(grad, v.y, 0.0f),
                                 __fmaf_rn(grad, v.z, 0.0f), __fmaf_rn(grad, v.w, 0.0f));
    store_quad(to + at, g, left, vectors);
  }
  write_bias(a.bias_gradients, n, o, grad);
}

// sparse_gradients: the same for CSR rows: zeros, then the entries.
// math, shapes, launch, determinism as above; bytes: writes 4NO(I + 1) and 4 per entry and output
// contract     columns differ within a row; N == 0 or O == 0 never reaches the launch
__global__ void __launch_bounds__(kThreads) sparse_gradients_kernel(const SparseSampleGradients a) {
  const std::int64_t outputs = a.grad_output.cols, cols = a.input.cols, line = warp_line();
  if (line >= a.grad_output.rows * outputs) return;
  const std::int64_t n = line / outputs, o = line % outputs;
  const float grad = a.grad_output.row(n)[o];
  float* const to = a.gradients.row(n) + o * cols;
  for (std::int64_t j = lane_index(); j < cols; j += kWarp) to[j] = 0.0f;
  __syncwarp();  // other lanes' zeros come before this lane's entries
  const std::int64_t id = a.input.ids != nullptr ? a.input.ids[n] : n, end = a.input.offsets[id + 1];
  for (std::int64_t e = a.input.offsets[id] + lane_index(); e < end; e += kWarp) {
    to[a.input.columns[e]] = __fmaf_rn(grad, a.input.values[e], 0.0f);
  }
  write_bias(a.bias_gradients, n, o, grad);
}

// layer_norm_gradients: every sample's gradient of a layer norm, written out.
// math         gradients = fma(grad_output, xhat, +0); bias_gradients = grad_output
// shapes       all [N, C] f32, any stride; mean, rstd [N]
// bytes        reads 8NC + 8N, writes 8NC; flops 3NC (memory bound)
// launch       256 threads: four neighbouring columns each, shape by quad_columns
// determinism  exact
// contract     16-byte accesses where all are aligned; N == 0 never reaches the launch
__global__ void __launch_bounds__(kThreads)
    layer_norm_gradients_kernel(const LayerNormSampleGradients a, const bool vectors) {
  const std::int64_t first = quad_column(), left = a.grad_output.cols - first;
  if (left <= 0) return;
  for_quad_rows(a.grad_output.rows, [&](std::int64_t n) {
    const float4 dy = load_quad(a.grad_output.row(n) + first, left, vectors);
    const float4 xhat = normalized(load_quad(a.input.row(n) + first, left, vectors), a.mean[n], a.rstd[n]);
    const float4 g = make_float4(__fmaf_rn(dy.x, xhat.x, 0.0f), __fmaf_rn(dy.y, xhat.y, 0.0f),
                                 __fmaf_rn(dy.z, xhat.z, 0.0f), __fmaf_rn(dy.w, xhat.w, 0.0f));
    store_quad(a.gradients.row(n) + first, g, left, vectors);
    const float4 b = make_float4(0.0f + dy.x, 0.0f + dy.y, 0.0f + dy.z, 0.0f + dy.w);
    store_quad(a.bias_gradients.row(n) + first, b, left, vectors);
  });
}

}  // namespace

namespace cuda {

void dense_gradients(const Device& device, const DenseSampleGradients& a) {
  const bool vectors = has_quads(a.gradients) && a.input.cols % 4 == 0;
  with_rows(a.input, [&](auto rows) {
    launch(device.stream, warp_per_line(a.grad_output.rows * a.grad_output.cols), "dense_gradients",
           &dense_gradients_kernel<decltype(rows)>, rows, a, vectors);
  });
}

void sparse_gradients(const Device& device, const SparseSampleGradients& a) {
  launch(device.stream, warp_per_line(a.grad_output.rows * a.grad_output.cols), "sparse_gradients",
         &sparse_gradients_kernel, a);
}

void layer_norm_gradients(const Device& device, const LayerNormSampleGradients& a) {
  const bool vectors =
      has_quads(a.grad_output) && has_quads(a.input) && has_quads(a.gradients) && has_quads(a.bias_gradients);
  launch(device.stream, quad_columns(a.grad_output.rows, a.grad_output.cols, kThreads, 1),
         "layer_norm_gradients", &layer_norm_gradients_kernel, a, vectors);
}

}  // namespace cuda
}  // namespace thalweg
