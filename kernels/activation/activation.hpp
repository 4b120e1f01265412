#pragma once
// Activations, element by element; gelu is the exact one, by erf, as PyTorch's default.
#include <cstdint>

#include "kernels/base/activation_kind.hpp"
#include "kernels/base/cost.hpp"
#include "kernels/base/device.hpp"
#include "kernels/base/isa.hpp"
#include "kernels/base/required.hpp"

namespace thalweg {

struct ActivationForward {
  Activation kind = Activation::relu;
  std::int64_t size = 0;
  const float* input = nullptr;  ///< [size]
  float* output = nullptr;       ///< [size]; may be the input itself
};

/// grad_input = grad_output * f'(input). Reads only the input or only the output, as
/// backward_needs_input says.
struct ActivationBackward {
  Activation kind = Activation::relu;
  std::int64_t size = 0;
  const float* input = nullptr;
  const float* output = nullptr;
  const float* grad_output = nullptr;
  float* grad_input = nullptr;  ///< may be grad_output itself
};

// activation_contract.cpp: throws InternalError where a call breaks the contract of its op.
void require_contract(const ActivationForward& args);
void require_contract(const ActivationBackward& args);

struct ActivationOps {
  Required<void(const Device&, const ActivationForward&)> forward;
  Required<void(const Device&, const ActivationBackward&)> backward;
};

/// Forward; backward reads one array more.
constexpr Cost activation_cost(std::int64_t n) {
  return {.flops = n, .bytes_read = 4 * n, .bytes_written = 4 * n};
}
constexpr Cost activation_backward_cost(std::int64_t n) {
  return {.flops = n, .bytes_read = 8 * n, .bytes_written = 4 * n};
}

extern const ActivationOps activation_reference;
extern const ActivationOps activation_cuda;
THALWEG_CPU_TABLE(ActivationOps, activation_cpu)

}  // namespace thalweg
