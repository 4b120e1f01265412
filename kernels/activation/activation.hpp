#pragma once
// Activations: relu, tanh, sigmoid, gelu (the exact one, by erf; as PyTorch's default).
#include <cstdint>

#include "kernels/common/cost.hpp"
#include "kernels/common/isa.hpp"
#include "kernels/common/required.hpp"
#include "thalweg/choices.hpp"
#include "thalweg/context.hpp"

namespace thalweg {

/// An activation that the op of a neighbouring layer applies on its way.
struct FusedActivation {
  bool present = false;
  Activation kind = Activation::relu;
};

struct ActivationForward {
  Activation kind = Activation::relu;
  std::int64_t size = 0;
  const float* input = nullptr;  ///< [size]
  float* output = nullptr;       ///< [size]; may be the input itself
};

/// grad_input = grad_output * f'(input). relu, tanh and sigmoid read only the output, gelu only the input.
struct ActivationBackward {
  Activation kind = Activation::relu;
  std::int64_t size = 0;
  const float* input = nullptr;
  const float* output = nullptr;
  const float* grad_output = nullptr;
  float* grad_input = nullptr;  ///< may be grad_output itself
};

/// Whether backward needs the input kept (otherwise the layer may overwrite it with the output).
constexpr bool backward_needs_input(Activation kind) { return kind == Activation::gelu; }

struct ActivationOps {
  Required<void(const Context&, const ActivationForward&)> forward;
  Required<void(const Context&, const ActivationBackward&)> backward;
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
