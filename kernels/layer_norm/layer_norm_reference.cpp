#include <cmath>
#include <vector>

#include "kernels/layer_norm/layer_norm.hpp"

namespace thalweg {
namespace {

double mean_of(const float* x, std::int64_t n) {
  double sum = 0;
  for (std::int64_t j = 0; j < n; ++j) sum += x[j];
  return sum / static_cast<double>(n);
}

double variance_of(const float* x, std::int64_t n, double mean) {
  double sum = 0;
  for (std::int64_t j = 0; j < n; ++j) sum += (x[j] - mean) * (x[j] - mean);
  return sum / static_cast<double>(n);
}

/// Statistics of a row in double; they become floats only for the interface.
struct RowStatistics {
  double mean, rstd;
};

RowStatistics statistics_of(const float* x, std::int64_t n, double eps) {
  const double mean = mean_of(x, n);
  return {mean, 1.0 / std::sqrt(variance_of(x, n, mean) + eps)};
}

void forward(const Device&, const LayerNormForward& args) {
  for (std::int64_t n = 0; n < args.input.rows; ++n) {
    const float* x = args.input.row(n);
    const auto [mean, rstd] = statistics_of(x, args.input.cols, args.eps);
    for (std::int64_t c = 0; c < args.input.cols; ++c) {
      args.output.row(n)[c] = static_cast<float>((x[c] - mean) * rstd * args.weight[c] + args.bias[c]);
    }
    args.mean[n] = static_cast<float>(mean);
    args.rstd[n] = static_cast<float>(rstd);
  }
}

double xhat_of(const LayerNormBackward& args, std::int64_t n, std::int64_t c) {
  return (static_cast<double>(args.input.row(n)[c]) - args.mean[n]) * args.rstd[n];
}

/// Sums of a micro-batch go on from the partial of slice 0, which holds the batch's sum so far.
double sum_so_far(const LayerNormBackward& args, const BatchSum& sum, std::int64_t c) {
  return args.slices.first > 0 ? static_cast<double>(sum.partials[c]) : 0.0;
}

void keep_sum(const LayerNormBackward& args, const BatchSum& sum, std::int64_t c, double value) {
  if (!args.slices.whole()) sum.partials[c] = static_cast<float>(value);
  if (args.slices.finish() == SliceFinish::here) sum.sum[c] = static_cast<float>(value);
}

void parameter_grads(const LayerNormBackward& args) {
  for (std::int64_t c = 0; c < args.input.cols; ++c) {
    double weight = sum_so_far(args, args.grad_weight, c), bias = sum_so_far(args, args.grad_bias, c);
    for (std::int64_t n = 0; n < args.input.rows; ++n) {
      weight += args.grad_output.row(n)[c] * xhat_of(args, n, c);
      bias += args.grad_output.row(n)[c];
    }
    keep_sum(args, args.grad_weight, c, weight);
    keep_sum(args, args.grad_bias, c, bias);
  }
}

/// dx = rstd (g - mean(g) - xhat mean(g xhat)), g = dy * weight: the Jacobian of the normalised row.
void input_grad_row(const LayerNormBackward& args, std::int64_t n) {
  const std::int64_t cols = args.input.cols;
  std::vector<double> g(static_cast<std::size_t>(cols));
  double g_mean = 0, gx_mean = 0;
  for (std::int64_t c = 0; c < cols; ++c) {
    const double grad = static_cast<double>(args.grad_output.row(n)[c]) * args.weight[c];
    g[static_cast<std::size_t>(c)] = grad;
    g_mean += grad / static_cast<double>(cols);
    gx_mean += grad * xhat_of(args, n, c) / static_cast<double>(cols);
  }
  for (std::int64_t c = 0; c < cols; ++c) {
    const double centred = g[static_cast<std::size_t>(c)] - g_mean - xhat_of(args, n, c) * gx_mean;
    args.grad_input.row(n)[c] = static_cast<float>(args.rstd[n] * centred);
  }
}

void backward(const Device&, const LayerNormBackward& args) {
  parameter_grads(args);
  for (std::int64_t n = 0; n < args.input.rows; ++n) input_grad_row(args, n);
}

}  // namespace

extern const LayerNormOps layer_norm_reference;
const LayerNormOps layer_norm_reference{.forward = &forward, .backward = &backward};
}  // namespace thalweg
