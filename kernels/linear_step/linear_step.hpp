#pragma once
// The step of a linear model with one output: forward, loss and parameter gradient, each row read once from
// memory. Orders (docs/numerics.md): those of the separate ops (linear.hpp or sparse_linear.hpp, and
// elementwise_loss.hpp), so that a step has the bits of the three ops one after the other.
#include <cstdint>

#include "kernels/base/cost.hpp"
#include "kernels/base/device.hpp"
#include "kernels/base/isa.hpp"
#include "kernels/base/loss.hpp"
#include "kernels/base/required.hpp"
#include "kernels/base/slices.hpp"
#include "kernels/base/touched.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// The loss of every row, and what the step leaves of it.
struct RowLosses {
  LossSpec loss;
  LossTargets targets;
  float* losses = nullptr;       ///< [N] weighted loss of each row
  float* grad_output = nullptr;  ///< [N] out: derivative of the scaled loss by the output
};

struct DenseLinearStep {
  DenseRows input;                ///< [N, I]
  const float* weight = nullptr;  ///< [I]
  const float* bias = nullptr;    ///< [1] or null
  RowLosses rows;
  BatchSlices slices;
  BatchSum grad_weight;  ///< [I]
  BatchSum grad_bias;    ///< [1]; sum == null: no bias
  /// The rows of the call that is likely to follow, if known. A backend may prefetch the first of them. No
  /// bit depends on it.
  DenseRows upcoming;
};

/// Writes only the touched elements of grad_weight.sum. Its partials are compact, as in SparseParameterGrad.
struct SparseLinearStep {
  SparseRows input;               ///< [N, I]
  TouchedFeatures touched;        ///< of the global batch
  const float* weight = nullptr;  ///< [I]
  const float* bias = nullptr;    ///< [1] or null
  RowLosses rows;
  BatchSlices slices;
  BatchSum grad_weight;  ///< [I]
  BatchSum grad_bias;    ///< [1]; sum == null: no bias
};

// linear_step_contract.cpp: throws InternalError where a call breaks the contract of its op.
void require_contract(const DenseLinearStep& args);
void require_contract(const SparseLinearStep& args);

struct LinearStepOps {
  Required<void(const Device&, const DenseLinearStep&)> dense;
  Required<void(const Device&, const SparseLinearStep&)> sparse;
};

constexpr Cost dense_linear_step_cost(std::int64_t n, std::int64_t i) {
  return {.flops = 4 * n * i, .bytes_read = 4 * (n * i + i + 2 * n), .bytes_written = 4 * (i + 2 * n)};
}
/// Column, value and slot of each entry, its weight and its two passes over the slice's partial; then the
/// touched features and their gradient.
constexpr Cost sparse_linear_step_cost(std::int64_t n, std::int64_t entries, std::int64_t touched) {
  return {.flops = 4 * entries,
          .bytes_read = entries * 20 + 20 * n + 4 * touched,
          .bytes_written = 4 * (entries + touched) + 8 * n};
}

extern const LinearStepOps linear_step_reference;
extern const LinearStepOps linear_step_cuda;
THALWEG_CPU_TABLE(LinearStepOps, linear_step_cpu)

}  // namespace thalweg
