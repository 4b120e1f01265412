#pragma once
// The linear layer on CSR rows: output = input * weight^T + bias, and its gradients by the features a batch
// touches. Orders (docs/numerics.md), with entry j the j-th one of its row, counted from 0:
// - forward, out_features <= kFewOutputs: 128 chains from +0; entry j makes chain j mod 128 become
//   fma(weight, value, chain); then the fold of chains.hpp, then + bias. A chain that no entry joins is +0
//   and takes part in the fold. More outputs: one chain acc = fma(weight, value, acc) from +0 per output over
//   the entries in order, then + bias. Without a bias nothing is added.
// - grad_weight[o, f]: in each slice a chain from +0 over the rows in order that hold feature f,
//   acc = fma(grad_output[n, o], value, acc); then the tree of slices.hpp over all slices, where a slice that
//   holds the feature in no row (or has no rows) contributes +0.
// - grad_bias[o]: in each slice the plain sum from +0 of grad_output[n, o] over the rows in order; same tree.
#include <cstdint>

#include "kernels/base/cost.hpp"
#include "kernels/base/device.hpp"
#include "kernels/base/isa.hpp"
#include "kernels/base/required.hpp"
#include "kernels/base/slices.hpp"
#include "kernels/base/touched.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

struct SparseLinearForward {
  SparseRows input;               ///< [N, I]
  const float* weight = nullptr;  ///< [O, I]
  const float* bias = nullptr;    ///< [O] or null
  Matrix output;                  ///< [N, O]
};

/// The number of entries lies in the backend's memory. A host backend refuses memory that is too small
/// (require_index_capacity); CUDA cannot ask and leaves out what does not fit.
struct SparseIndexArgs {
  SparseRows input;  ///< the rows of the *global* batch
  TouchedFeatures touched;
};

/// Throws InternalError when the caller's memory for the index of `entries` entries is too small.
void require_index_capacity(const SparseIndexArgs& args, std::int64_t entries);

/// Writes only touched elements: grad_weight.sum[o * I + features[t]] = sum over the batch rows that hold
/// feature t of grad_output[n, o] * value (fma chains by slice over those rows, then the tree). grad_bias as
/// in the linear layer. grad_weight.partials are compact: slice s of output o and slot t at partials + s *
/// partial_stride + t * O + o, partial_stride >= touched.capacity * O.
struct SparseParameterGrad {
  SparseRows input;         ///< [N, I] of this call (a micro-batch of the batch that was indexed)
  TouchedFeatures touched;  ///< of the global batch
  ConstMatrix grad_output;  ///< [N, O]
  BatchSlices slices;
  BatchSum grad_weight;
  BatchSum grad_bias;  ///< [O]; sum == null: no bias
};

// sparse_linear_contract.cpp: throws InternalError where a call breaks the contract of its op.
void require_contract(const SparseIndexArgs& args);
void require_contract(const SparseLinearForward& args);
void require_contract(const SparseParameterGrad& args);

struct SparseLinearOps {
  Required<void(const Device&, const SparseIndexArgs&)> index;
  Required<void(const Device&, const SparseLinearForward&)> forward;
  Required<void(const Device&, const SparseParameterGrad&)> parameter_grad;
};

constexpr Cost sparse_linear_forward_cost(std::int64_t n, std::int64_t entries, std::int64_t o) {
  return {.flops = 2 * entries * o, .bytes_read = entries * (8 + 4 * o) + 8 * n, .bytes_written = 4 * n * o};
}
constexpr Cost sparse_index_cost(std::int64_t n, std::int64_t entries, std::int64_t touched) {
  return {.bytes_read = 4 * entries + 8 * n, .bytes_written = 4 * (entries + touched) + 8 * n};
}

extern const SparseLinearOps sparse_linear_reference;
extern const SparseLinearOps sparse_linear_cuda;
THALWEG_CPU_TABLE(SparseLinearOps, sparse_linear_cpu)

}  // namespace thalweg
