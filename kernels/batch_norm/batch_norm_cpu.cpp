#include "kernels/base/slices_cpu.hpp"
#include "kernels/batch_norm/batch_norm.hpp"
#include "kernels/batch_norm/batch_norm_math.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

/// output = the normalised rows; in place is fine.
void normalize(const Device& device, ConstMatrix input, const float* mean, const float* rstd,
               const float* weight, const float* bias, Matrix output) {
  for_rows(device.pool, input.rows, input.cols, [&](std::int64_t row) {
    const float* x = input.row(row);
    float* out = output.row(row);
    const std::int64_t cols = input.cols;
    THALWEG_ELEMENTWISE
    for (std::int64_t c = 0; c < cols; ++c) {
      out[c] = batch_norm_output(x[c], mean[c], rstd[c], weight[c], bias[c]);
    }
  });
}

/// Fills mean, rstd and, when they are kept, the running statistics. `squares` is scratch for a row.
void statistics(const Device& device, const BatchNormForward& args, float* squares) {
  const ConstMatrix x = args.input;
  const BatchSlices slices = whole_batch(x.rows, args.slices);
  const float n = static_cast<float>(x.rows), n_less_one = static_cast<float>(x.rows > 1 ? x.rows - 1 : 1);
  float* mean = args.mean;

  const BatchSum mean_sum[] = {{.sum = mean}};
  column_sums(device, slices, x.cols, mean_sum,
              [=](std::int64_t row, std::int64_t col, float& chain) { chain = chain + x.row(row)[col]; });
  for (std::int64_t c = 0; c < x.cols; ++c) mean[c] = mean[c] / n;

  const BatchSum square_sum[] = {{.sum = squares}};
  column_sums(device, slices, x.cols, square_sum, [=](std::int64_t row, std::int64_t col, float& chain) {
    chain = batch_norm_square_step(x.row(row)[col], mean[col], chain);
  });
  for (std::int64_t c = 0; c < x.cols; ++c) {
    args.rstd[c] = batch_norm_rstd(squares[c] / n, args.eps);
    args.running_mean[c] = batch_norm_running(args.momentum, mean[c], args.running_mean[c]);
    args.running_variance[c] =
        // mutant: running-unbiased
        batch_norm_running(args.momentum, squares[c] / n_less_one, args.running_variance[c]);
  }
}

void forward(const Device& device, const BatchNormForward& args) {
  const std::int64_t rows = args.input.rows, cols = args.input.cols;
  if (rows == 0) return;
  const Scratch::Frame frame(device);
  statistics(device, args, frame.take<float>(cols));
  normalize(device, args.input, args.mean, args.rstd, args.weight, args.bias, args.output);
}

void inference(const Device& device, const BatchNormInference& args) {
  const std::int64_t cols = args.input.cols;
  const Scratch::Frame frame(device);
  float* const rstd = frame.take<float>(cols);
  // mutant: inference-eps
  for (std::int64_t c = 0; c < cols; ++c) rstd[c] = batch_norm_rstd(args.running_variance[c], args.eps);
  normalize(device, args.input, args.running_mean, rstd, args.weight, args.bias, args.output);
}

void parameter_grads(const Device& device, const BatchNormBackward& args) {
  const ConstMatrix x = args.input, dy = args.grad_output;
  const float *mean = args.mean, *rstd = args.rstd;
  const BatchSum sums[] = {{.sum = args.grad_weight}, {.sum = args.grad_bias}};
  column_sums(device, whole_batch(x.rows, args.slices), x.cols, sums,
              [=](std::int64_t row, std::int64_t col, float& weight_chain, float& bias_chain) {
                const float grad = dy.row(row)[col];
                const float xhat = batch_norm_xhat(x.row(row)[col], mean[col], rstd[col]);
                weight_chain = __builtin_fmaf(grad, xhat, weight_chain);
                bias_chain = bias_chain + grad;
              });
}

/// `column` is scratch for three rows: what grad_input needs of each column, computed once.
void input_grad(const Device& device, const BatchNormBackward& args, float* column) {
  const std::int64_t cols = args.input.cols;
  const float n = static_cast<float>(args.input.rows);
  float *scale = column, *dy_mean = column + cols, *dyx_mean = column + 2 * cols;
  for (std::int64_t c = 0; c < cols; ++c) {
    scale[c] = args.weight[c] * args.rstd[c];
    dy_mean[c] = args.grad_bias[c] / n;
    dyx_mean[c] = args.grad_weight[c] / n;
  }
  for_rows(device.pool, args.input.rows, cols, [&](std::int64_t row) {
    const float *x = args.input.row(row), *dy = args.grad_output.row(row);
    const float *mean = args.mean, *rstd = args.rstd;
    float* grad_input = args.grad_input.row(row);
    THALWEG_ELEMENTWISE
    for (std::int64_t c = 0; c < cols; ++c) {
      grad_input[c] = batch_norm_grad_input(dy[c], batch_norm_xhat(x[c], mean[c], rstd[c]), scale[c],
                                            dy_mean[c], dyx_mean[c]);
    }
  });
}

/// The parameters first: the input gradient may overwrite grad_output, and needs their sums.
void backward(const Device& device, const BatchNormBackward& args) {
  const Scratch::Frame frame(device);
  parameter_grads(device, args);
  input_grad(device, args, frame.take<float>(3 * args.input.cols));
}

}  // namespace

extern const BatchNormOps batch_norm_cpu;
const BatchNormOps batch_norm_cpu{.forward = &forward, .inference = &inference, .backward = &backward};
}  // namespace thalweg::THALWEG_ISA
