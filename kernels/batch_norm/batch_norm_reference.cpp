#include <cmath>

#include "kernels/batch_norm/batch_norm.hpp"

namespace thalweg {
namespace {

double column_mean(ConstMatrix x, std::int64_t c) {
  double sum = 0;
  for (std::int64_t n = 0; n < x.rows; ++n) sum += x.row(n)[c];
  return sum / static_cast<double>(x.rows);
}

/// Sum of squared deviations.
double column_squares(ConstMatrix x, std::int64_t c, double mean) {
  double sum = 0;
  for (std::int64_t n = 0; n < x.rows; ++n) sum += (x.row(n)[c] - mean) * (x.row(n)[c] - mean);
  return sum;
}

float moved(float running, double momentum, double batch) {
  return static_cast<float>((1.0 - momentum) * running + momentum * batch);
}

void forward(const Device&, const BatchNormForward& args) {
  const ConstMatrix x = args.input;
  if (x.rows == 0) return;
  const double n = static_cast<double>(x.rows);
  for (std::int64_t c = 0; c < x.cols; ++c) {
    const double mean = column_mean(x, c);
    const double squares = column_squares(x, c, mean);
    const double rstd = 1.0 / std::sqrt(squares / n + args.eps);
    for (std::int64_t r = 0; r < x.rows; ++r) {
      args.output.row(r)[c] = static_cast<float>((x.row(r)[c] - mean) * rstd * args.weight[c] + args.bias[c]);
    }
    args.mean[c] = static_cast<float>(mean);
    args.rstd[c] = static_cast<float>(rstd);
    args.running_mean[c] = moved(args.running_mean[c], args.momentum, mean);
    args.running_variance[c] =
        moved(args.running_variance[c], args.momentum, squares / std::fmax(n - 1.0, 1.0));
  }
}

void inference(const Device&, const BatchNormInference& args) {
  for (std::int64_t r = 0; r < args.input.rows; ++r) {
    for (std::int64_t c = 0; c < args.input.cols; ++c) {
      const double rstd = 1.0 / std::sqrt(static_cast<double>(args.running_variance[c]) + args.eps);
      const double xhat = (static_cast<double>(args.input.row(r)[c]) - args.running_mean[c]) * rstd;
      args.output.row(r)[c] = static_cast<float>(xhat * args.weight[c] + args.bias[c]);
    }
  }
}

/// One feature: its parameter gradients, then dx = weight rstd (dy - mean(dy) - xhat mean(dy xhat)).
void backward_column(const BatchNormBackward& args, std::int64_t c) {
  const std::int64_t rows = args.input.rows;
  const auto xhat = [&](std::int64_t r) {
    return (static_cast<double>(args.input.row(r)[c]) - args.mean[c]) * args.rstd[c];
  };
  double weight = 0, bias = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    weight += args.grad_output.row(r)[c] * xhat(r);
    bias += args.grad_output.row(r)[c];
  }
  const double scale = static_cast<double>(args.weight[c]) * args.rstd[c], n = static_cast<double>(rows);
  for (std::int64_t r = 0; r < rows; ++r) {
    const double centred = args.grad_output.row(r)[c] - bias / n - xhat(r) * (weight / n);
    args.grad_input.row(r)[c] = static_cast<float>(scale * centred);
  }
  args.grad_weight[c] = static_cast<float>(weight);
  args.grad_bias[c] = static_cast<float>(bias);
}

void backward(const Device&, const BatchNormBackward& args) {
  for (std::int64_t c = 0; c < args.input.cols; ++c) backward_column(args, c);
}

}  // namespace

extern const BatchNormOps batch_norm_reference;
const BatchNormOps batch_norm_reference{.forward = &forward, .inference = &inference, .backward = &backward};
}  // namespace thalweg
