#include "kernels/base/contract_views.hpp"
#include "kernels/per_sample/per_sample.hpp"

namespace thalweg {
namespace {

template <class Squares>
void require_row_squares(Contract& op, const Squares& a) {
  reads(op, "input", a.input);
  op.writes("squares", a.squares, a.input.rows);
}

/// Of dense and of sparse rows.
template <class Gradients>
void require_gradients(Contract& op, const Gradients& a) {
  const std::int64_t n = a.input.rows, o = a.grad_output.cols;
  reads(op, "input", a.input);
  op.reads("grad_output", a.grad_output, n, o);
  op.writes("gradients", a.gradients, n, o * a.input.cols);
  op.may_write("bias_gradients", a.bias_gradients, n, o);
}

template <class LayerNorm>
void require_layer_norm_inputs(Contract& op, const LayerNorm& a) {
  const std::int64_t n = a.input.rows, c = a.input.cols;
  op.reads("grad_output", a.grad_output, n, c);
  op.reads("input", a.input, n, c);
  op.reads("mean", a.mean, n);
  op.reads("rstd", a.rstd, n);
}

}  // namespace

void require_contract(const DenseRowSquares& a) {
  Contract op("per_sample.dense_row_squares");
  require_row_squares(op, a);
}

void require_contract(const SparseRowSquares& a) {
  Contract op("per_sample.sparse_row_squares");
  require_row_squares(op, a);
}

void require_contract(const LinearSquaredNorms& a) {
  Contract op("per_sample.linear_squared_norms");
  const std::int64_t n = a.grad_output.rows;
  op.reads("grad_output", a.grad_output, n, a.grad_output.cols);
  if (a.input_squares == nullptr) {
    op.reads("input", a.input, n, a.input.cols);
  } else {
    op.reads("input_squares", a.input_squares, a.ids != nullptr && n > 0 ? 1 : n);
    op.may_read("ids", a.ids, n);
  }
  op.writes("squared_norms", a.squared_norms, n);
}

void require_contract(const LayerNormSquaredNorms& a) {
  Contract op("per_sample.layer_norm_squared_norms");
  require_layer_norm_inputs(op, a);
  op.writes("squared_norms", a.squared_norms, a.input.rows);
}

void require_contract(const ClipFactors& a) {
  Contract op("per_sample.clip_factors");
  const std::int64_t n = a.rows, factor_rows = a.mode == ClipMode::per_layer ? a.layers : 1;
  op.at_least("stride", a.stride, n);
  op.reads(area("squared_norms", ConstMatrix{a.squared_norms, a.layers, n, a.stride}));
  op.may_read("scale", a.scale, 1);
  op.writes("norms", a.norms, n);
  op.writes(area("factors", Matrix{a.factors, factor_rows, n, a.stride}));
}

void require_contract(const RowScale& a) {
  Contract op("per_sample.scale_rows");
  op.reads("factors", a.factors, a.matrix.rows);
  op.writes("matrix", a.matrix, a.matrix.rows, a.matrix.cols);
}

void require_contract(const DenseSampleGradients& a) {
  Contract op("per_sample.dense_gradients");
  require_gradients(op, a);
}

void require_contract(const SparseSampleGradients& a) {
  Contract op("per_sample.sparse_gradients");
  require_gradients(op, a);
}

void require_contract(const LayerNormSampleGradients& a) {
  Contract op("per_sample.layer_norm_gradients");
  require_layer_norm_inputs(op, a);
  op.writes("gradients", a.gradients, a.input.rows, a.input.cols);
  op.writes("bias_gradients", a.bias_gradients, a.input.rows, a.input.cols);
}

void require_contract(const GaussianNoise& a) {
  Contract op("per_sample.add_noise");
  op.reads("deviation", a.deviation, 1);
  op.reads("step", a.step, 1);
  op.writes("values", a.values, a.size);
}

}  // namespace thalweg
