#pragma once
// Losses of one output at a time, which thalweg/loss.hpp defines.
#include <cstdint>

#include "kernels/base/cost.hpp"
#include "kernels/base/device.hpp"
#include "kernels/base/isa.hpp"
#include "kernels/base/loss.hpp"
#include "kernels/base/required.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// losses[n] = w_n * sum over outputs of loss (ascending outputs); grad_output[n, k] = (w_n * scale) *
/// loss'(z).
struct ElementwiseLossArgs {
  LossSpec loss;
  ConstMatrix output;  ///< [N, K], K >= 1; K > 1 only for the hinge losses
  LossTargets targets;
  float* losses = nullptr;  ///< [N]
  Matrix grad_output;       ///< [N, K]; data == null: only the losses are wanted
};

// elementwise_loss_contract.cpp: throws InternalError where a call breaks the contract of its op.
void require_contract(const ElementwiseLossArgs& args);

struct ElementwiseLossOps {
  Required<void(const Device&, const ElementwiseLossArgs&)> evaluate;
};

constexpr Cost elementwise_loss_cost(std::int64_t n, std::int64_t k) {
  return {.flops = 8 * n * k, .bytes_read = 4 * (n * k + 2 * n), .bytes_written = 4 * (n * k + n)};
}

extern const ElementwiseLossOps elementwise_loss_reference;
extern const ElementwiseLossOps elementwise_loss_cuda;
THALWEG_CPU_TABLE(ElementwiseLossOps, elementwise_loss_cpu)

}  // namespace thalweg
