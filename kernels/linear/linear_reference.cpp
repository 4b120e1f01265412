// The linear layer in double precision, straight from its definition.
#include <cstdint>

#include "kernels/activation/activation.hpp"
#include "kernels/base/feature_reference.hpp"
#include "kernels/linear/linear.hpp"

namespace thalweg {
namespace {

/// One sum over the batch. Between the calls of a batch, what each slice has so far waits in `partials`.
template <class Term>
void batch_sum(const BatchSlices& slices, const BatchSum& to, std::int64_t element, Term term) {
  const bool finishes = slices.finish() == SliceFinish::here;
  double total = 0.0;
  for (int s = 0; s < slices.slices; ++s) {
    const bool has_rows = slices.begin(s) < slices.begin(s + 1);
    const bool has_earlier_rows = has_rows && slices.begin(s) < slices.first;
    double sum = has_earlier_rows ? to.chain(s)[element] : 0.0;
    for (std::int64_t n = slices.call_begin(s); n < slices.call_end(s); ++n) sum += term(n);
    if (!finishes && slices.call_begin(s) < slices.call_end(s))
      to.chain(s)[element] = static_cast<float>(sum);
    total += sum;
  }
  if (finishes) to.sum[element] = static_cast<float>(total);
}

void forward(const Device& device, const LinearForward& a) {
  const Matrix sums = linear_sums(a);
  for (std::int64_t n = 0; n < a.input.rows; ++n) {
    for (std::int64_t o = 0; o < a.output.cols; ++o) {
      double sum = 0.0;
      for (std::int64_t i = 0; i < a.input.cols; ++i)
        sum += feature(a.input, n, i) * a.weight[o * a.input.cols + i];
      if (a.bias != nullptr) sum += a.bias[o];
      sums.row(n)[o] = static_cast<float>(sum);
    }
  }
  apply_activation(device, activation_reference, a);
}

void input_grad(const Device& device, const LinearInputGrad& a) {
  for (std::int64_t n = 0; n < a.grad_input.rows; ++n) {
    for (std::int64_t i = 0; i < a.grad_input.cols; ++i) {
      double sum = 0.0;
      for (std::int64_t o = 0; o < a.grad_output.cols; ++o)
        sum += double{a.grad_output.row(n)[o]} * a.weight[o * a.grad_input.cols + i];
      a.grad_input.row(n)[i] = static_cast<float>(sum);
    }
  }
  apply_derivative(device, activation_reference, a);
}

void parameter_grad(const Device&, const LinearParameterGrad& a) {
  const std::int64_t features = a.input.cols;
  for (std::int64_t o = 0; o < a.grad_output.cols; ++o) {
    for (std::int64_t i = 0; i < features; ++i) {
      batch_sum(a.slices, a.grad_weight, o * features + i,
                [&](std::int64_t n) { return a.grad_output.row(n)[o] * feature(a.input, n, i); });
    }
    if (a.grad_bias.sum != nullptr)
      batch_sum(a.slices, a.grad_bias, o, [&](std::int64_t n) { return double{a.grad_output.row(n)[o]}; });
  }
}

}  // namespace

extern const LinearOps linear_reference;
const LinearOps linear_reference{
    .forward = &forward, .input_grad = &input_grad, .parameter_grad = &parameter_grad};
}  // namespace thalweg
