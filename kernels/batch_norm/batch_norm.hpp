#pragma once
// Batch normalisation (Ioffe, Szegedy 2015): each feature to mean 0 and variance 1 over the batch.
#include <cstdint>

#include "kernels/base/cost.hpp"
#include "kernels/base/device.hpp"
#include "kernels/base/isa.hpp"
#include "kernels/base/required.hpp"
#include "kernels/base/slices.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// mean[c] and variance[c] (biased) over the batch, two passes, sums by slices and tree;
/// output = fma((x - mean) * rstd, weight, bias); running = fma(momentum, batch - running, running), with the
/// unbiased variance (divided by N - 1; by 1 when N == 1), as PyTorch. An empty batch changes nothing.
struct BatchNormForward {
  ConstMatrix input;  ///< [N, C], the whole global batch
  const float* weight = nullptr;
  const float* bias = nullptr;
  float eps = 1e-5f;
  float momentum = 0.1f;
  int slices = 8;
  Matrix output;                      ///< [N, C]; must not be the input
  float* mean = nullptr;              ///< [C] kept for backward
  float* rstd = nullptr;              ///< [C]
  float* running_mean = nullptr;      ///< [C] updated in place
  float* running_variance = nullptr;  ///< [C] updated in place
};

/// Normalises with the running statistics, for evaluation: any subset of rows gives the same bits.
struct BatchNormInference {
  ConstMatrix input;
  const float* weight = nullptr;
  const float* bias = nullptr;
  float eps = 1e-5f;
  const float* running_mean = nullptr;
  const float* running_variance = nullptr;
  Matrix output;  ///< may be the input itself
};

/// grad_bias = sum dy; grad_weight = sum dy * xhat;
/// grad_input = (weight * rstd) * (dy - grad_bias / N - xhat * (grad_weight / N)).
struct BatchNormBackward {
  ConstMatrix grad_output;  ///< [N, C]
  ConstMatrix input;        ///< [N, C]
  const float* weight = nullptr;
  const float* mean = nullptr;
  const float* rstd = nullptr;
  int slices = 8;
  Matrix grad_input;             ///< [N, C]; may be grad_output itself
  float* grad_weight = nullptr;  ///< [C]
  float* grad_bias = nullptr;    ///< [C]
};

// batch_norm_contract.cpp: throws InternalError where a call breaks the contract of its op.
void require_contract(const BatchNormForward& args);
void require_contract(const BatchNormInference& args);
void require_contract(const BatchNormBackward& args);

struct BatchNormOps {
  Required<void(const Device&, const BatchNormForward&)> forward;
  Required<void(const Device&, const BatchNormInference&)> inference;
  Required<void(const Device&, const BatchNormBackward&)> backward;
};

constexpr Cost batch_norm_forward_cost(std::int64_t n, std::int64_t c) {
  return {.flops = 7 * n * c, .bytes_read = 4 * (3 * n * c + 4 * c), .bytes_written = 4 * (n * c + 4 * c)};
}

/// Input and gradient are read for the parameters and again for the input gradient.
constexpr Cost batch_norm_backward_cost(std::int64_t n, std::int64_t c) {
  return {.flops = 11 * n * c, .bytes_read = 4 * (4 * n * c + 5 * c), .bytes_written = 4 * (n * c + 2 * c)};
}

extern const BatchNormOps batch_norm_reference;
extern const BatchNormOps batch_norm_cuda;
THALWEG_CPU_TABLE(BatchNormOps, batch_norm_cpu)

}  // namespace thalweg
