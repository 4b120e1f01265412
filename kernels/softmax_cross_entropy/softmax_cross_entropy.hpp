#pragma once
// Softmax and cross entropy of class indices, with label smoothing as in PyTorch's CrossEntropyLoss.
//
// Numerics, per row of K logits z (every operation in float32, rounded once, in this order):
//   m      = max of z, in any order, a NaN left out
//   t_k    = exp(z_k - m)                                        exp of kernels/base/exact_math.hpp
//   s      = sum of t_k by chains                                kernels/base/chains.hpp
//   softmax_k = t_k * (1 / s)                                    the reciprocal is rounded
//   a      = z_y - m
//   loss   = log(s) - a                                          without smoothing
//          = log(s) - ((1 - e) * a + (e / K) * b)                b = sum of (z_k - m) by chains
//   losses = w * loss
//   q_k    = e / K, and (1 - e) + e / K for k == y
//   grad_logits_k = (w * scale) * (softmax_k - q_k)
// A NaN or +inf among the logits makes the row NaN, -inf is a probability of 0. A target that is not an
// integer in [0, K) makes the loss and the gradient of its row NaN.
#include <cstdint>

#include "kernels/base/cost.hpp"
#include "kernels/base/device.hpp"
#include "kernels/base/isa.hpp"
#include "kernels/base/loss.hpp"
#include "kernels/base/required.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// With q_k = (1 - e) [k == y] + e / K, e the smoothing:  loss = logsumexp(z) - sum_k q_k z_k, and
/// grad_logits[n, k] = (w_n * scale) * (softmax(z)_k - q_k);  losses[n] = w_n * loss.
struct SoftmaxCrossEntropyArgs {
  ConstMatrix logits;   ///< [N, K], K >= 2
  LossTargets targets;  ///< class indices
  float label_smoothing = 0.0f;
  float* losses = nullptr;  ///< [N]
  Matrix grad_logits;       ///< [N, K]; data == null: only the losses are wanted
};

/// probabilities = softmax(logits); may be in place.
struct SoftmaxArgs {
  ConstMatrix logits;  ///< [N, K], K >= 1
  Matrix probabilities;
};

// softmax_cross_entropy_contract.cpp: throws InternalError where a call breaks the contract of its op.
void require_contract(const SoftmaxCrossEntropyArgs& args);
void require_contract(const SoftmaxArgs& args);

struct SoftmaxCrossEntropyOps {
  Required<void(const Device&, const SoftmaxCrossEntropyArgs&)> evaluate;
  Required<void(const Device&, const SoftmaxArgs&)> softmax;
};

constexpr Cost softmax_cross_entropy_cost(std::int64_t n, std::int64_t k) {
  return {.flops = 12 * n * k, .bytes_read = 4 * (n * k + 2 * n), .bytes_written = 4 * (n * k + n)};
}

extern const SoftmaxCrossEntropyOps softmax_cross_entropy_reference;
extern const SoftmaxCrossEntropyOps softmax_cross_entropy_cuda;
THALWEG_CPU_TABLE(SoftmaxCrossEntropyOps, softmax_cross_entropy_cpu)

}  // namespace thalweg
