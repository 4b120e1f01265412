#pragma once
// Layer normalisation (Ba, Kiros, Hinton 2016): each row to mean 0 and variance 1, then weight and bias.
#include <cstdint>

#include "kernels/base/cost.hpp"
#include "kernels/base/device.hpp"
#include "kernels/base/isa.hpp"
#include "kernels/base/required.hpp"
#include "kernels/base/slices.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// mean = sum x / C; variance = sum (x - mean)^2 / C (two passes, by chains); rstd = 1 / sqrt(variance +
/// eps); output = fma((x - mean) * rstd, weight, bias).
struct LayerNormForward {
  ConstMatrix input;              ///< [N, C]
  const float* weight = nullptr;  ///< [C]
  const float* bias = nullptr;    ///< [C]
  float eps = 1e-5f;
  Matrix output;          ///< [N, C]; must not be the input
  float* mean = nullptr;  ///< [N] kept for backward
  float* rstd = nullptr;  ///< [N]
};

/// With g = grad_output * weight, xhat = (x - mean) * rstd:
/// grad_input = rstd * (g - sum(g) / C - xhat * (sum(g * xhat) / C));
/// grad_weight[c] = sum over the batch of grad_output * xhat; grad_bias[c] = sum over the batch of
/// grad_output.
struct LayerNormBackward {
  ConstMatrix grad_output;  ///< [N, C]
  ConstMatrix input;        ///< [N, C]
  const float* weight = nullptr;
  const float* mean = nullptr;
  const float* rstd = nullptr;
  Matrix grad_input;  ///< [N, C]; may be grad_output itself
  BatchSlices slices;
  BatchSum grad_weight;  ///< [C]
  BatchSum grad_bias;    ///< [C]
};

// layer_norm_contract.cpp: throws InternalError where a call breaks the contract of its op.
void require_contract(const LayerNormForward& args);
void require_contract(const LayerNormBackward& args);

struct LayerNormOps {
  Required<void(const Device&, const LayerNormForward&)> forward;
  Required<void(const Device&, const LayerNormBackward&)> backward;
};

constexpr Cost layer_norm_forward_cost(std::int64_t n, std::int64_t c) {
  return {.flops = 7 * n * c, .bytes_read = 4 * (n * c + 2 * c), .bytes_written = 4 * (n * c + 2 * n)};
}

/// Input and gradient are read for the parameters and again for the input gradient.
constexpr Cost layer_norm_backward_cost(std::int64_t n, std::int64_t c) {
  return {
      .flops = 17 * n * c, .bytes_read = 4 * (4 * n * c + 4 * n + c), .bytes_written = 4 * (n * c + 2 * c)};
}

extern const LayerNormOps layer_norm_reference;
extern const LayerNormOps layer_norm_cuda;
THALWEG_CPU_TABLE(LayerNormOps, layer_norm_cpu)

}  // namespace thalweg
