#include "kernels/base/quads.cuh"
#include "kernels/base/slices_cuda.cuh"
#include "kernels/batch_norm/batch_norm.hpp"
#include "kernels/batch_norm/batch_norm_math.hpp"

namespace thalweg {
namespace {

constexpr int kThreads = 256, kRowsPerThread = 8;

/// Sum of x, and what the mean is made of.
struct MeanSource {
  static constexpr int kTerms = 1;
  ConstMatrix input;

  __device__ __forceinline__ void enter(std::int64_t col) { input.data += col; }
  __device__ __forceinline__ Terms<1> read(std::int64_t row) const { return {{*input.row(row)}}; }
  template <int>
  static __device__ __forceinline__ float step(const Terms<1>& x, float chain) {
    return chain + x.value[0];
  }
};

struct MeanFinish {
  float rows;
  float* mean;
  __device__ __forceinline__ void operator()(std::int64_t col, const float (&sum)[1]) const {
    mean[col] = sum[0] / rows;
  }
};

/// Sum of (x - mean)^2.
struct SquareSource {
  static constexpr int kTerms = 1;
  ConstMatrix input;
  const float* means;
  float mean;

  __device__ __forceinline__ void enter(std::int64_t col) {
    input.data += col;
    mean = means[col];
  }
  __device__ __forceinline__ Terms<1> read(std::int64_t row) const { return {{*input.row(row) - mean}}; }
  template <int>
  static __device__ __forceinline__ float step(const Terms<1>& d, float chain) {
    return __builtin_fmaf(d.value[0], d.value[0], chain);
  }
};

struct VarianceFinish {
  float rows, rows_less_one, eps, momentum;
  const float* mean;
  float *rstd, *running_mean, *running_variance;

  __device__ __forceinline__ void operator()(std::int64_t col, const float (&squares)[1]) const {
    rstd[col] = batch_norm_rstd(squares[0] / rows, eps);
    running_mean[col] = batch_norm_running(momentum, mean[col], running_mean[col]);
    // mutant: running-unbiased
    running_variance[col] = batch_norm_running(momentum, squares[0] / rows_less_one, running_variance[col]);
  }
};

/// The gradients of weight (sum 0) and bias (sum 1).
struct ParameterGrads {
  static constexpr int kTerms = 2;
  ConstMatrix grad_output, input;
  const float *means, *rstds;
  float mean, rstd;

  __device__ __forceinline__ void enter(std::int64_t col) {
    grad_output.data += col;
    input.data += col;
    mean = means[col];
    rstd = rstds[col];
  }
  __device__ __forceinline__ Terms<2> read(std::int64_t row) const {
    return {{*grad_output.row(row), batch_norm_xhat(*input.row(row), mean, rstd)}};
  }
  template <int k>
  static __device__ __forceinline__ float step(const Terms<2>& terms, float chain) {
    return k == 0 ? __builtin_fmaf(terms.value[0], terms.value[1], chain) : chain + terms.value[0];
  }
};

/// Four columns' parameters as the normalisation uses them.
struct Columns {
  float4 mean, rstd, weight, bias;
};

// batch_norm: output = the normalised rows, with statistics of the batch or running ones.
// math         batch_norm_math.hpp; kRunning: `spread` holds variances, of which rstd is made once per column
// shapes       input, output [N, C] f32, any stride; mean, spread, weight, bias [C]
// bytes        reads 4NC + 16C per row of blocks, writes 4NC; flops 3NC (memory bound)
// launch       256 threads, four columns by up to eight rows each; shape by quad_columns
// determinism  exact: elements do not meet
// contract     in place is fine; N == 0 never reaches the launch
template <bool kRunning>
__global__ void __launch_bounds__(kThreads)
    normalize_kernel(const ConstMatrix input, const float* mean, const float* spread, const float eps,
                     const float* weight, const float* bias, const Matrix output, const bool vectors) {
  const std::int64_t first = quad_column(), left = input.cols - first;
  if (left <= 0) return;
  Columns at = {load_quad(mean + first, left, vectors), load_quad(spread + first, left, vectors),
                load_quad(weight + first, left, vectors), load_quad(bias + first, left, vectors)};
  if constexpr (kRunning) {
    at.rstd = make_float4(batch_norm_rstd(at.rstd.x, eps), batch_norm_rstd(at.rstd.y, eps),
                          batch_norm_rstd(at.rstd.z, eps), batch_norm_rstd(at.rstd.w, eps));
  }
  for_quad_rows(input.rows, [&](std::int64_t row) {
    const float4 x = load_quad(input.row(row) + first, left, vectors);
    const float4 y = make_float4(batch_norm_output(x.x, at.mean.x, at.rstd.x, at.weight.x, at.bias.x),
                                 batch_norm_output(x.y, at.mean.y, at.rstd.y, at.weight.y, at.bias.y),
                                 batch_norm_output(x.z, at.mean.z, at.rstd.z, at.weight.z, at.bias.z),
                                 batch_norm_output(x.w, at.mean.w, at.rstd.w, at.weight.w, at.bias.w));
    store_quad(output.row(row) + first, y, left, vectors);
  });
}

/// The values of a column that the input gradient needs.
struct ColumnGrad {
  float mean, rstd, scale, dy_mean, dyx_mean;

  __device__ __forceinline__ ColumnGrad(const BatchNormBackward& args, std::int64_t col)
      : mean(args.mean[col]),
        rstd(args.rstd[col]),
        scale(args.weight[col] * rstd),
        dy_mean(args.grad_bias[col] / static_cast<float>(args.input.rows)),
        dyx_mean(args.grad_weight[col] / static_cast<float>(args.input.rows)) {}

  __device__ __forceinline__ float of(float dy, float x) const {
    return batch_norm_grad_input(dy, batch_norm_xhat(x, mean, rstd), scale, dy_mean, dyx_mean);
  }
};

// batch_norm backward: the gradient of the input, after those of weight and bias.
// math         batch_norm_math.hpp
// shapes       grad_output, input, grad_input [N, C] f32, any stride; weight, mean, rstd and the sums [C]
// bytes        reads 8NC + 20C per row of blocks, writes 4NC; flops 6NC (memory bound)
// launch       256 threads, four columns by up to eight rows each; shape by quad_columns
// determinism  exact: elements do not meet
// contract     grad_input may be grad_output; N == 0 never reaches the launch
__global__ void __launch_bounds__(kThreads)
    input_grad_kernel(const BatchNormBackward args, const bool vectors) {
  const std::int64_t first = quad_column(), left = args.input.cols - first;
  if (left <= 0) return;
  const std::int64_t last = args.input.cols - 1;
  const auto column = [&](std::int64_t c) { return ColumnGrad(args, c < last ? c : last); };
  const ColumnGrad c0 = column(first), c1 = column(first + 1), c2 = column(first + 2), c3 = column(first + 3);
  for_quad_rows(args.input.rows, [&](std::int64_t row) {
    const float4 dy = load_quad(args.grad_output.row(row) + first, left, vectors);
    const float4 x = load_quad(args.input.row(row) + first, left, vectors);
    const float4 dx = make_float4(c0.of(dy.x, x.x), c1.of(dy.y, x.y), c2.of(dy.z, x.z), c3.of(dy.w, x.w));
    store_quad(args.grad_input.row(row) + first, dx, left, vectors);
  });
}

template <bool kRunning>
void normalize(const Device& device, ConstMatrix input, const float* mean, const float* spread, float eps,
               const float* weight, const float* bias, Matrix output) {
  const bool vectors = has_quads(input) && has_quads(output) && has_quads(mean) && has_quads(spread) &&
                       has_quads(weight) && has_quads(bias);
  launch(device.stream, quad_columns(input.rows, input.cols, kThreads, kRowsPerThread), "batch_norm",
         &normalize_kernel<kRunning>, input, mean, spread, eps, weight, bias, output, vectors);
}

void forward(const Device& device, const BatchNormForward& args) {
  const std::int64_t rows = args.input.rows, cols = args.input.cols;
  if (rows == 0) return;
  const BatchSlices slices = whole_batch(rows, args.slices);
  const BatchSum in_scratch[1] = {};
  const float n = static_cast<float>(rows), n_less_one = static_cast<float>(rows > 1 ? rows - 1 : 1);
  column_sums(device, "batch_norm_mean", slices, cols, in_scratch, MeanSource{args.input},
              MeanFinish{n, args.mean});
  column_sums(device, "batch_norm_variance", slices, cols, in_scratch, SquareSource{args.input, args.mean},
              VarianceFinish{n, n_less_one, args.eps, args.momentum, args.mean, args.rstd, args.running_mean,
                             args.running_variance});
  normalize<false>(device, args.input, args.mean, args.rstd, args.eps, args.weight, args.bias, args.output);
}

void inference(const Device& device, const BatchNormInference& args) {
  normalize<true>(device, args.input, args.running_mean, args.running_variance, args.eps, args.weight,
                  args.bias, args.output);
}

/// The parameters first: the input gradient needs their sums, and may overwrite grad_output.
void backward(const Device& device, const BatchNormBackward& args) {
  const std::int64_t rows = args.input.rows, cols = args.input.cols;
  const BatchSlices slices = whole_batch(rows, args.slices);
  const BatchSum in_scratch[2] = {};
  column_sums(device, "batch_norm_parameter_grads", slices, cols, in_scratch,
              ParameterGrads{args.grad_output, args.input, args.mean, args.rstd},
              StoreSums<2>{{args.grad_weight, args.grad_bias}});
  const bool vectors = has_quads(args.grad_output) && has_quads(args.input) && has_quads(args.grad_input);
  launch(device.stream, quad_columns(rows, cols, kThreads, kRowsPerThread), "batch_norm_backward",
         &input_grad_kernel, args, vectors);
}

}  // namespace

extern const BatchNormOps batch_norm_cuda;
const BatchNormOps batch_norm_cuda{.forward = &forward, .inference = &inference, .backward = &backward};
}  // namespace thalweg
