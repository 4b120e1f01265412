// A linear layer's activation as a call of its own, for products without a fused epilogue.
#include "kernels/activation/activation.hpp"
#include "kernels/linear/linear.hpp"

namespace thalweg {
namespace {

/// f(row, elements) for each run of rows that lie one behind the other in both matrices.
template <class F>
void each_run(ConstMatrix a, ConstMatrix b, F f) {
  if (a.stride == a.cols && b.stride == b.cols) return f(std::int64_t{0}, a.rows * a.cols);
  for (std::int64_t row = 0; row < a.rows; ++row) f(row, a.cols);
}

}  // namespace

Matrix linear_sums(const LinearForward& a) {
  return a.before_activation.data != nullptr ? a.before_activation : a.output;
}

void apply_activation(const Device& device, const ActivationOps& ops, const LinearForward& a) {
  if (!a.activation.present) return;
  const Matrix sums = linear_sums(a);
  each_run(sums, a.output, [&](std::int64_t row, std::int64_t size) {
    ops.forward(
        device,
        {.kind = a.activation.kind, .size = size, .input = sums.row(row), .output = a.output.row(row)});
  });
}

void apply_derivative(const Device& device, const ActivationOps& ops, const LinearInputGrad& a) {
  if (!a.activation.present) return;
  each_run(a.kept, a.grad_input, [&](std::int64_t row, std::int64_t size) {
    ops.backward(device, {.kind = a.activation.kind,
                          .size = size,
                          .input = a.kept.row(row),
                          .output = a.kept.row(row),
                          .grad_output = a.grad_input.row(row),
                          .grad_input = a.grad_input.row(row)});
  });
}

}  // namespace thalweg
