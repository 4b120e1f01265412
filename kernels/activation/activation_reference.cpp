#include <cmath>
#include <numbers>

#include "kernels/activation/activation.hpp"

namespace thalweg {
namespace {

double normal_cdf(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }
double normal_pdf(double x) { return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi); }

double value(Activation kind, double x) {
  switch (kind) {
    case Activation::relu:
      return x <= 0 ? 0.0 : x;
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::gelu:
      break;
  }
  return x * normal_cdf(x);
}

/// f' by what backward_needs_input says is kept: the output y, for gelu the input x.
double slope(Activation kind, double kept) {
  switch (kind) {
    case Activation::relu:
      return kept <= 0 ? 0.0 : 1.0;
    case Activation::tanh:
      return 1 - kept * kept;
    case Activation::sigmoid:
      return kept * (1 - kept);
    case Activation::gelu:
      break;
  }
  return normal_cdf(kept) + kept * normal_pdf(kept);
}

void forward(const Device&, const ActivationForward& args) {
  for (std::int64_t i = 0; i < args.size; ++i)
    args.output[i] = static_cast<float>(value(args.kind, args.input[i]));
}

void backward(const Device&, const ActivationBackward& args) {
  const float* kept = backward_needs_input(args.kind) ? args.input : args.output;
  for (std::int64_t i = 0; i < args.size; ++i)
    args.grad_input[i] = static_cast<float>(args.grad_output[i] * slope(args.kind, kept[i]));
}

}  // namespace

extern const ActivationOps activation_reference;
const ActivationOps activation_reference{.forward = &forward, .backward = &backward};
}  // namespace thalweg
