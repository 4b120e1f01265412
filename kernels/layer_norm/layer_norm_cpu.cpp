#include "kernels/base/chains_cpu.hpp"
#include "kernels/base/slices_cpu.hpp"
#include "kernels/layer_norm/layer_norm.hpp"
#include "kernels/layer_norm/layer_norm_math.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

void forward(const Device& device, const LayerNormForward& args) {
  const std::int64_t cols = args.input.cols;
  const float n = static_cast<float>(cols);
  for_rows(device.pool, args.input.rows, cols, [&](std::int64_t row) {
    const float* x = args.input.row(row);
    float* __restrict out = args.output.row(row);
    const float mean = row_sum(cols, [x](std::int64_t j, float& chain) { chain = chain + x[j]; }) / n;
    const float variance =
        row_sum(cols, [x, mean](std::int64_t j,
                                float& chain) { chain = layer_norm_square_step(x[j], mean, chain); }) /
        n;
    const float rstd = layer_norm_rstd(variance, args.eps);
    const float* weight = args.weight;
    const float* bias = args.bias;
    for (std::int64_t j = 0; j < cols; ++j) out[j] = layer_norm_output(x[j], mean, rstd, weight[j], bias[j]);
    args.mean[row] = mean;
    args.rstd[row] = rstd;
  });
}

void parameter_grads(const Device& device, const LayerNormBackward& args) {
  const std::int64_t cols = args.input.cols;
  const ConstMatrix x = args.input, dy = args.grad_output;
  const float *mean = args.mean, *rstd = args.rstd;
  const BatchSum sums[] = {args.grad_weight, args.grad_bias};
  column_sums(device, args.slices, cols, sums,
              [=](std::int64_t row, std::int64_t col, float& weight_chain, float& bias_chain) {
                const float grad = dy.row(row)[col];
                const float xhat = layer_norm_xhat(x.row(row)[col], mean[row], rstd[row]);
                weight_chain = __builtin_fmaf(grad, xhat, weight_chain);
                bias_chain = bias_chain + grad;
              });
}

void input_grad(const Device& device, const LayerNormBackward& args) {
  const std::int64_t cols = args.input.cols;
  const float n = static_cast<float>(cols);
  for_rows(device.pool, args.input.rows, cols, [&](std::int64_t row) {
    const float *x = args.input.row(row), *dy = args.grad_output.row(row), *weight = args.weight;
    const float mean = args.mean[row], rstd = args.rstd[row];
    float g_sum, gx_sum;
    row_sums(cols, g_sum, gx_sum, [=](std::int64_t j, float& g_chain, float& gx_chain) {
      const float g = dy[j] * weight[j];
      g_chain = g_chain + g;  // mutant: mean-weighted
      // mutant: projection-weighted
      gx_chain = __builtin_fmaf(g, layer_norm_xhat(x[j], mean, rstd), gx_chain);
    });
    const float g_mean = g_sum / n, gx_mean = gx_sum / n;
    float* grad_input = args.grad_input.row(row);
    THALWEG_ELEMENTWISE
    for (std::int64_t j = 0; j < cols; ++j) {
      grad_input[j] =
          layer_norm_grad_input(dy[j] * weight[j], layer_norm_xhat(x[j], mean, rstd), g_mean, gx_mean, rstd);
    }
  });
}

/// The parameters first: the input gradient may overwrite grad_output.
void backward(const Device& device, const LayerNormBackward& args) {
  parameter_grads(device, args);
  input_grad(device, args);
}

}  // namespace

extern const LayerNormOps layer_norm_cpu;
const LayerNormOps layer_norm_cpu{.forward = &forward, .backward = &backward};
}  // namespace thalweg::THALWEG_ISA
