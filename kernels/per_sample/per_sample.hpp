#pragma once
// Per-sample gradients without forming them: squared norms from activations and output gradients (Goodfellow,
// "Efficient per-example gradient computations", 2015), clip factors, the row scale that turns one
// weight-gradient product into the clipped sum (Bu et al., "Differentially private optimization on large
// model at small cost", 2022: book-keeping), the gradients themselves for those who ask, and noise.
// Orders (docs/numerics.md, "Per-sample gradients"): every norm is a sum along a row (128 chains, tree) of
// squares, chain = fma(x, x, chain).
#include <cstdint>

#include "kernels/base/cost.hpp"
#include "kernels/base/device.hpp"
#include "kernels/base/isa.hpp"
#include "kernels/base/philox.hpp"
#include "kernels/base/required.hpp"
#include "thalweg/choices.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// squares[n] = sum over j of x[n, j]^2, x as the model reads it (scaled and shifted).
struct DenseRowSquares {
  DenseRows input;           ///< [N, I]
  float* squares = nullptr;  ///< [N]
};
struct SparseRowSquares {
  SparseRows input;
  float* squares = nullptr;  ///< [N]
};

/// squared_norms[n] = |grad_output[n]|^2 * (|x[n]|^2 + 1); without a bias the 1 is left out. |x[n]|^2 is
/// known, input_squares[ids[n]], or else of row n of `input`.
struct LinearSquaredNorms {
  ConstMatrix grad_output;               ///< [N, O]
  ConstMatrix input;                     ///< [N, I]; not read where squares are known
  const float* input_squares = nullptr;  ///< null: not known
  const std::int64_t* ids = nullptr;     ///< [N] where row n's square is; null: at n
  bool bias = true;
  float* squared_norms = nullptr;  ///< [N]
};

/// squared_norms[n] = sum of (grad_output * xhat)^2 + sum of grad_output^2, xhat = (input - mean) * rstd.
struct LayerNormSquaredNorms {
  ConstMatrix grad_output;      ///< [N, C]
  ConstMatrix input;            ///< [N, C]
  const float* mean = nullptr;  ///< [N] as forward kept them
  const float* rstd = nullptr;
  float* squared_norms = nullptr;  ///< [N]
};

/// ClipMode::flat: one bound for the whole gradient of a sample. per_layer: each of L layers is bounded by
/// clip_norm / sqrt(L), which `clip_norm` then is. automatic: normalised (Bu et al., "Automatic clipping",
/// 2023).
/// norm[n] = sqrt(sum over layers, ascending from +0, of squared_norms[l, n]); factor[l, n] = scale * c:
/// flat       c = min(1, clip_norm / (norm + 1e-6))         one row of factors
/// per_layer  the same with sqrt(squared_norms[l, n])        L rows of factors
/// automatic  c = clip_norm / (norm + 0.01)                  one row of factors
/// clip_norm <= 0: c = 1. A norm that is not finite gives a useless factor; the caller checks `norms`.
struct ClipFactors {
  ClipMode mode = ClipMode::flat;
  std::int64_t rows = 0;
  std::int64_t layers = 0;
  const float* squared_norms = nullptr;  ///< [L, stride]
  std::int64_t stride = 0;
  float clip_norm = 0;
  const float* scale = nullptr;  ///< [1] in the backend's memory; null: 1
  float* norms = nullptr;        ///< [N] out
  float* factors = nullptr;      ///< [1 or L, stride] out
};

/// matrix[n, j] = matrix[n, j] * factors[n].
struct RowScale {
  Matrix matrix;
  const float* factors = nullptr;  ///< [N]
};

/// gradients[n, o * I + i] = fma(grad_output[n, o], x[n, i], +0); bias_gradients[n, o] = +0 +
/// grad_output[n, o]. The bits of the gradient of a batch of one.
struct DenseSampleGradients {
  DenseRows input;
  ConstMatrix grad_output;
  Matrix gradients;       ///< [N, O * I]
  Matrix bias_gradients;  ///< [N, O]; data == null: no bias
};
struct SparseSampleGradients {
  SparseRows input;
  ConstMatrix grad_output;
  Matrix gradients;       ///< [N, O * I]; +0 where the row has no entry
  Matrix bias_gradients;  ///< [N, O]; data == null: no bias
};
struct LayerNormSampleGradients {
  ConstMatrix grad_output;
  ConstMatrix input;
  const float* mean = nullptr;
  const float* rstd = nullptr;
  Matrix gradients;       ///< [N, C]
  Matrix bias_gradients;  ///< [N, C]
};

/// values[e] = fma(deviation, z, values[e]), z standard normal: a function of (key, step, stream, e) alone
/// (noise_math.hpp).
struct GaussianNoise {
  float* values = nullptr;
  std::int64_t size = 0;
  const float* deviation = nullptr;  ///< [1] in the backend's memory
  PhiloxKey key;
  std::uint32_t stream = 0;             ///< which parameter
  const std::uint64_t* step = nullptr;  ///< [1] in the backend's memory
};

// per_sample_contract.cpp: throws InternalError where a call breaks the contract of its op.
void require_contract(const DenseRowSquares& args);
void require_contract(const SparseRowSquares& args);
void require_contract(const LinearSquaredNorms& args);
void require_contract(const LayerNormSquaredNorms& args);
void require_contract(const ClipFactors& args);
void require_contract(const RowScale& args);
void require_contract(const DenseSampleGradients& args);
void require_contract(const SparseSampleGradients& args);
void require_contract(const LayerNormSampleGradients& args);
void require_contract(const GaussianNoise& args);

struct PerSampleOps {
  Required<void(const Device&, const DenseRowSquares&)> dense_row_squares;
  Required<void(const Device&, const SparseRowSquares&)> sparse_row_squares;
  Required<void(const Device&, const LinearSquaredNorms&)> linear_squared_norms;
  Required<void(const Device&, const LayerNormSquaredNorms&)> layer_norm_squared_norms;
  Required<void(const Device&, const ClipFactors&)> clip_factors;
  Required<void(const Device&, const RowScale&)> scale_rows;
  Required<void(const Device&, const DenseSampleGradients&)> dense_gradients;
  Required<void(const Device&, const SparseSampleGradients&)> sparse_gradients;
  Required<void(const Device&, const LayerNormSampleGradients&)> layer_norm_gradients;
  Required<void(const Device&, const GaussianNoise&)> add_noise;
};

constexpr Cost row_squares_cost(std::int64_t n, std::int64_t i) {
  return {.flops = 2 * n * i, .bytes_read = 4 * n * i, .bytes_written = 4 * n};
}
/// Of inputs whose squares are not known.
constexpr Cost linear_squared_norms_cost(std::int64_t n, std::int64_t i, std::int64_t o) {
  return {.flops = 2 * n * (i + o + 1), .bytes_read = 4 * n * (i + o), .bytes_written = 4 * n};
}
constexpr Cost scale_rows_cost(std::int64_t n, std::int64_t o) {
  return {.flops = n * o, .bytes_read = 4 * n * (o + 1), .bytes_written = 4 * n * o};
}
constexpr Cost dense_gradients_cost(std::int64_t n, std::int64_t i, std::int64_t o) {
  return {.flops = 2 * n * i * o, .bytes_read = 4 * n * (i + o), .bytes_written = 4 * n * o * (i + 1)};
}
constexpr Cost gaussian_noise_cost(std::int64_t n) {
  return {.flops = 40 * n, .bytes_read = 4 * n, .bytes_written = 4 * n};
}

extern const PerSampleOps per_sample_reference;
extern const PerSampleOps per_sample_cuda;
THALWEG_CPU_TABLE(PerSampleOps, per_sample_cpu)

}  // namespace thalweg
