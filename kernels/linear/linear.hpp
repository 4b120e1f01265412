#pragma once
// The linear layer: output = input * weight^T + bias, and its gradients.
// Orders (docs/numerics.md): out_features > 8: each output is one fma chain over ascending features from +0,
// then the bias is added; out_features <= 8: 128 chains and their tree, then the bias.
#include <cstdint>

#include "kernels/base/activation_kind.hpp"
#include "kernels/base/chains.hpp"
#include "kernels/base/cost.hpp"
#include "kernels/base/device.hpp"
#include "kernels/base/isa.hpp"
#include "kernels/base/required.hpp"
#include "kernels/base/slices.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

struct ActivationOps;

/// With an activation behind the layer, output = f(input * weight^T + bias): the bits of the two ops one
/// after the other.
struct LinearForward {
  DenseRows input;                ///< [N, I]
  const float* weight = nullptr;  ///< [O, I]
  const float* bias = nullptr;    ///< [O] or null
  Matrix output;                  ///< [N, O]
  FusedActivation activation;
  Matrix before_activation;  ///< [N, O] what f is applied to, apart from output; data == null: not wanted
};

/// grad_input[n, i] = one fma chain over ascending o of grad_output[n, o] * weight[o, i]. Where the layer's
/// input is that of an activation, grad_input goes through its derivative: the bits of the two ops.
struct LinearInputGrad {
  ConstMatrix grad_output;        ///< [N, O]
  const float* weight = nullptr;  ///< [O, I]
  Matrix grad_input;              ///< [N, I]
  FusedActivation activation;
  ConstMatrix kept;  ///< [N, I] the activation's input or output, as backward_needs_input says
};

/// grad_weight[o, i] = sum over the batch of grad_output[n, o] * input[n, i] (fma chains by slice, then the
/// tree); grad_bias[o] = sum over the batch of grad_output[n, o] (plain additions from +0, same slices and
/// tree).
struct LinearParameterGrad {
  DenseRows input;          ///< [N, I]
  ConstMatrix grad_output;  ///< [N, O]
  BatchSlices slices;
  BatchSum grad_weight;  ///< [O, I]
  BatchSum grad_bias;    ///< [O]; sum == null: no bias
};

// linear_contract.cpp: throws InternalError where a call breaks the contract of its op.
void require_contract(const LinearForward& args);
void require_contract(const LinearInputGrad& args);
void require_contract(const LinearParameterGrad& args);

struct LinearOps {
  Required<void(const Device&, const LinearForward&)> forward;
  Required<void(const Device&, const LinearInputGrad&)> input_grad;
  Required<void(const Device&, const LinearParameterGrad&)> parameter_grad;
};

// For products that leave the activation to its own op: the output of the sums, and the call of that op.
Matrix linear_sums(const LinearForward& a);
void apply_activation(const Device& device, const ActivationOps& ops, const LinearForward& a);
void apply_derivative(const Device& device, const ActivationOps& ops, const LinearInputGrad& a);

constexpr Cost linear_forward_cost(std::int64_t n, std::int64_t i, std::int64_t o) {
  return {.flops = 2 * n * i * o, .bytes_read = 4 * (n * i + o * i + o), .bytes_written = 4 * n * o};
}
constexpr Cost linear_input_grad_cost(std::int64_t n, std::int64_t i, std::int64_t o) {
  return {.flops = 2 * n * i * o, .bytes_read = 4 * (n * o + o * i), .bytes_written = 4 * n * i};
}
constexpr Cost linear_parameter_grad_cost(std::int64_t n, std::int64_t i, std::int64_t o) {
  return {.flops = 2 * n * i * o + n * o, .bytes_read = 4 * n * (i + o), .bytes_written = 4 * o * (i + 1)};
}

extern const LinearOps linear_reference;
extern const LinearOps linear_cuda;
THALWEG_CPU_TABLE(LinearOps, linear_cpu)

}  // namespace thalweg
