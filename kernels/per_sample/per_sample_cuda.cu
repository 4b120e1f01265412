#include "kernels/per_sample/per_sample.hpp"

namespace thalweg {
namespace {
void dense_row_squares(const Context&, const DenseRowSquares&) { __builtin_trap(); }
void sparse_row_squares(const Context&, const SparseRowSquares&) { __builtin_trap(); }
void linear_squared_norms(const Context&, const LinearSquaredNorms&) { __builtin_trap(); }
void layer_norm_squared_norms(const Context&, const LayerNormSquaredNorms&) { __builtin_trap(); }
void clip_factors(const Context&, const ClipFactors&) { __builtin_trap(); }
void scale_rows(const Context&, const RowScale&) { __builtin_trap(); }
void dense_gradients(const Context&, const DenseSampleGradients&) { __builtin_trap(); }
void sparse_gradients(const Context&, const SparseSampleGradients&) { __builtin_trap(); }
void layer_norm_gradients(const Context&, const LayerNormSampleGradients&) { __builtin_trap(); }
void add_noise(const Context&, const GaussianNoise&) { __builtin_trap(); }
}  // namespace

extern const PerSampleOps per_sample_cuda;
const PerSampleOps per_sample_cuda{.dense_row_squares = &dense_row_squares,
                                   .sparse_row_squares = &sparse_row_squares,
                                   .linear_squared_norms = &linear_squared_norms,
                                   .layer_norm_squared_norms = &layer_norm_squared_norms,
                                   .clip_factors = &clip_factors,
                                   .scale_rows = &scale_rows,
                                   .dense_gradients = &dense_gradients,
                                   .sparse_gradients = &sparse_gradients,
                                   .layer_norm_gradients = &layer_norm_gradients,
                                   .add_noise = &add_noise};
}  // namespace thalweg
