#include "kernels/base/chains.hpp"
#include "kernels/base/fold_cuda.cuh"
#include "kernels/base/launch.cuh"
#include "kernels/base/quads.cuh"
#include "kernels/gemm/row_source.cuh"
#include "kernels/per_sample/noise_math.hpp"
#include "kernels/per_sample/per_sample_math.hpp"
#include "kernels/per_sample/sample_gradients_cuda.cuh"
#include "kernels/per_sample/sample_lines.cuh"

namespace thalweg {
namespace {

/// fma(x, x, chain) for four chains; a zero beyond the row leaves its chain as it is.
__device__ __forceinline__ float4 add_squares(float4 x, float4 chain) {
  return make_float4(__fmaf_rn(x.x, x.x, chain.x), __fmaf_rn(x.y, x.y, chain.y), __fmaf_rn(x.z, x.z, chain.z),
                     __fmaf_rn(x.w, x.w, chain.w));
}

/// Sum of squares of quad(at, count) over a line of `cols` elements, in every lane.
template <class Quad>
__device__ __forceinline__ float line_squares(std::int64_t cols, Quad quad) {
  float4 chain = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  for (std::int64_t base = 0; base < cols; base += kChains) {
    const std::int64_t at = base + 4 * lane_index();
    chain = add_squares(quad(at, count_before(cols, at, 4)), chain);
  }
  return fold_chains(chain);
}

// dense_row_squares: the squared norm of every row of the data, once a data set, and of hidden activations.
// math         squares[n] = sum of x^2 along the row, x as the model reads it
// shapes       input [N, I] f32 or u8; squares [N] f32
// bytes        reads 4NI (u8: NI), writes 4N; flops 2NI (memory bound)
// launch       256 threads, a warp per row, lane l owns chains 4 l .. 4 l + 3
// determinism  exact: 128 chains and their tree
// contract     16-byte reads where rows are aligned; N == 0 never reaches the launch
template <class Rows>
__global__ void __launch_bounds__(kThreads)
    dense_row_squares_kernel(const Rows rows, const std::int64_t count, const std::int64_t cols,
                             float* const squares) {
  const std::int64_t n = warp_line();
  if (n >= count) return;  // whole warps leave together
  const auto line = rows.line(n);
  const float sum = line_squares(cols, [&](std::int64_t at, int left) { return rows.quad(line, at, left); });
  if (lane_index() == 0) squares[n] = sum;
}

// sparse_row_squares: the same for CSR rows, entry j of a row on chain j mod 128.
// math, shapes, determinism as above; bytes: reads 4 per entry and 16N, writes 4N; flops 2 per entry
// launch       256 threads, a warp per row
// contract     entries lie at any 4-byte address; N == 0 never reaches the launch
__global__ void __launch_bounds__(kThreads) sparse_row_squares_kernel(const SparseRowSquares a) {
  const std::int64_t n = warp_line();
  if (n >= a.input.rows) return;
  const std::int64_t id = a.input.ids != nullptr ? a.input.ids[n] : n;
  const std::int64_t begin = a.input.offsets[id], count = a.input.offsets[id + 1] - begin;
  const float* const values = a.input.values + begin;
  const float sum =
      line_squares(count, [=](std::int64_t at, int left) { return load_quad(values + at, left, false); });
  if (lane_index() == 0) a.squares[n] = sum;
}

// linear_squared_norms: squared gradient norm of every sample without forming the gradients.
// math         squared_norms[n] = |grad_output[n]|^2 * (|x[n]|^2 + 1)      (+1 is the bias)
// shapes       grad_output [N, O], input [N, I] f32, any stride, or |x|^2 by data row; squared_norms [N] f32
// bytes        reads 4N(I + O) (squares known: 4NO + 12N), writes 4N; flops 2N(I + O + 1) (memory bound)
// launch       256 threads, a warp per row
// determinism  exact: 128 chains and their tree
// contract     16-byte reads where rows are aligned; N == 0 never reaches the launch
__global__ void __launch_bounds__(kThreads)
    linear_squared_norms_kernel(const LinearSquaredNorms a, const bool vectors) {
  const std::int64_t n = warp_line();
  if (n >= a.grad_output.rows) return;
  const auto squares = [=](const ConstMatrix& matrix) {
    const float* const row = matrix.row(n);
    return line_squares(matrix.cols,
                        [=](std::int64_t at, int left) { return load_quad(row + at, left, vectors); });
  };
  const float input_square =
      a.input_squares == nullptr ? squares(a.input) : a.input_squares[a.ids != nullptr ? a.ids[n] : n];
  const float grad_square = squares(a.grad_output);
  if (lane_index() == 0) a.squared_norms[n] = linear_squared_norm(grad_square, input_square, a.bias);
}

__device__ __forceinline__ float4 product(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

// layer_norm_squared_norms: the same for weight and bias of a layer norm.
// math         squared_norms[n] = sum of (grad_output * xhat)^2 + sum of grad_output^2
// shapes       grad_output, input [N, C] f32, any stride; mean, rstd, squared_norms [N] f32
// bytes        reads 8NC + 8N, writes 4N; flops 7NC (memory bound)
// launch       256 threads, a warp per row
// determinism  exact: 128 chains and their tree for either sum
// contract     16-byte reads where both are aligned; N == 0 never reaches the launch
__global__ void __launch_bounds__(kThreads)
    layer_norm_squared_norms_kernel(const LayerNormSquaredNorms a, const bool vectors) {
  const std::int64_t n = warp_line(), cols = a.grad_output.cols;
  if (n >= a.grad_output.rows) return;
  const float *const dy = a.grad_output.row(n), *const x = a.input.row(n);
  const float mean = a.mean[n], rstd = a.rstd[n];
  float4 weight = make_float4(0.0f, 0.0f, 0.0f, 0.0f), bias = weight;
  for (std::int64_t base = 0; base < cols; base += kChains) {
    const std::int64_t at = base + 4 * lane_index();
    const int left = count_before(cols, at, 4);
    const float4 grad = load_quad(dy + at, left, vectors);
    weight = add_squares(product(grad, normalized(load_quad(x + at, left, vectors), mean, rstd)), weight);
    bias = add_squares(grad, bias);
  }
  const float sum = fold_chains(weight) + fold_chains(bias);
  if (lane_index() == 0) a.squared_norms[n] = sum;
}

// clip_factors: norms of whole gradients, and what each row is scaled by.
// math         per_sample_math.hpp, clip_row
// shapes       squared_norms [L, stride], norms [N], factors [1 or L, stride] f32
// bytes        reads 4NL (per_layer: 8NL), writes 8N (4N + 4NL)
// launch       256 threads, one per row
// determinism  exact: layers in order
// contract     N == 0 never reaches the launch
__global__ void __launch_bounds__(kThreads) clip_factors_kernel(const ClipFactors a) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (n < a.rows) clip_row(a, n);
}

// scale_rows: row n of a matrix times a factor, in place.
// math         matrix[n, j] = matrix[n, j] * factors[n]
// shapes       matrix [N, O] f32, any stride; factors [N] f32
// bytes        reads 4NO + 4N, writes 4NO; flops NO (memory bound)
// launch       256 threads: four neighbouring columns each, shape by quad_columns
// determinism  exact
// contract     16-byte accesses where rows are aligned; N == 0 or O == 0 never reaches the launch
__global__ void __launch_bounds__(kThreads) scale_rows_kernel(const RowScale a, const bool vectors) {
  const std::int64_t first = quad_column(), left = a.matrix.cols - first;
  if (left <= 0) return;
  for_quad_rows(a.matrix.rows, [&](std::int64_t n) {
    float* const at = a.matrix.row(n) + first;
    const float f = a.factors[n];
    store_quad(at, product(load_quad(at, left, vectors), make_float4(f, f, f, f)), left, vectors);
  });
}

// add_noise: Gaussian noise on a parameter's gradient, generated where it is added.
// math         values[e] = fma(deviation, z, values[e]), noise_math.hpp
// shapes       values [P] f32; step [1] u64; deviation [1] f32
// bytes        reads 4P, writes 4P; flops about 40P, and 10 rounds of Philox per four elements
// launch       256 threads: four neighbouring elements each, which one Philox block decides
// determinism  exact: z depends on (key, step, stream, element) alone
// contract     16-byte accesses where values is aligned; P == 0 never reaches the launch
__global__ void __launch_bounds__(kThreads) add_noise_kernel(const GaussianNoise a, const bool vectors) {
  const std::int64_t block = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const std::int64_t first = block * kNormalsPerBlock, left = a.size - first;
  if (left <= 0) return;
  float z[kNormalsPerBlock];
  normal_block(a.key, *a.step, a.stream, block, z);
  const float4 v = load_quad(a.values + first, left, vectors);
  const float deviation = *a.deviation;
  const float4 noised = make_float4(__fmaf_rn(deviation, z[0], v.x), __fmaf_rn(deviation, z[1], v.y),
                                    __fmaf_rn(deviation, z[2], v.z), __fmaf_rn(deviation, z[3], v.w));
  store_quad(a.values + first, noised, left, vectors);
}

void dense_row_squares(const Device& device, const DenseRowSquares& a) {
  with_rows(a.input, [&](auto rows) {
    launch(device.stream, warp_per_line(a.input.rows), "dense_row_squares",
           &dense_row_squares_kernel<decltype(rows)>, rows, a.input.rows, a.input.cols, a.squares);
  });
}

void sparse_row_squares(const Device& device, const SparseRowSquares& a) {
  launch(device.stream, warp_per_line(a.input.rows), "sparse_row_squares", &sparse_row_squares_kernel, a);
}

void linear_squared_norms(const Device& device, const LinearSquaredNorms& a) {
  launch(device.stream, warp_per_line(a.grad_output.rows), "linear_squared_norms",
         &linear_squared_norms_kernel, a, has_quads(a.grad_output) && has_quads(a.input));
}

void layer_norm_squared_norms(const Device& device, const LayerNormSquaredNorms& a) {
  launch(device.stream, warp_per_line(a.grad_output.rows), "layer_norm_squared_norms",
         &layer_norm_squared_norms_kernel, a, has_quads(a.grad_output) && has_quads(a.input));
}

void clip_factors(const Device& device, const ClipFactors& a) {
  launch(device.stream, {blocks_for(a.rows, kThreads), kThreads}, "clip_factors", &clip_factors_kernel, a);
}

void scale_rows(const Device& device, const RowScale& a) {
  launch(device.stream, quad_columns(a.matrix.rows, a.matrix.cols, kThreads, 1), "scale_rows",
         &scale_rows_kernel, a, has_quads(a.matrix));
}

void add_noise(const Device& device, const GaussianNoise& a) {
  launch(device.stream, {blocks_for(a.size, kThreads * kNormalsPerBlock), kThreads}, "add_noise",
         &add_noise_kernel, a, has_quads(a.values));
}

}  // namespace

extern const PerSampleOps per_sample_cuda;
const PerSampleOps per_sample_cuda{.dense_row_squares = &dense_row_squares,
                                   .sparse_row_squares = &sparse_row_squares,
                                   .linear_squared_norms = &linear_squared_norms,
                                   .layer_norm_squared_norms = &layer_norm_squared_norms,
                                   .clip_factors = &clip_factors,
                                   .scale_rows = &scale_rows,
                                   .dense_gradients = &cuda::dense_gradients,
                                   .sparse_gradients = &cuda::sparse_gradients,
                                   .layer_norm_gradients = &cuda::layer_norm_gradients,
                                   .add_noise = &add_noise};
}  // namespace thalweg
