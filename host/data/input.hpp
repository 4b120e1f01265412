#pragma once
// Input: the rows that a model's first layer reads, dense or sparse, and what its gradients need besides.
#include <cstdint>
#include <variant>

#include "kernels/base/slices.hpp"
#include "kernels/base/touched.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// CSR rows. The last two are set where a parameter gradient is wanted (SparseBatch, host/step).
struct SparseInput {
  SparseRows rows;
  TouchedFeatures touched = {};  ///< of the global batch
  BatchSum weight_sum = {};      ///< where the gradient of the weight goes: compact partials
};

struct Input {
  std::variant<DenseRows, SparseInput> rows;
  /// |x|^2 for per-sample calls, of row n at square_ids[n], or at n if these are null; null in hidden layers.
  const float* squares = nullptr;
  const std::int64_t* square_ids = nullptr;

  const DenseRows& dense() const { return std::get<DenseRows>(rows); }
  const SparseInput& sparse() const { return std::get<SparseInput>(rows); }
  /// Of a hidden layer, whose input is another layer's output.
  ConstMatrix matrix() const {
    const DenseRows& from = dense();
    return {static_cast<const float*>(from.data), from.rows, from.cols, from.stride};
  }
};

}  // namespace thalweg
