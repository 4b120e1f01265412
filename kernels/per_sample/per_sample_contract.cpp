#include "kernels/base/contract_views.hpp"
#include "kernels/per_sample/per_sample.hpp"

namespace thalweg {

void require_contract(const DenseRowSquares& a) {
  Contract op("per_sample.dense_row_squares");
  reads(op, "input", a.input);
  op.writes("squares", a.squares, a.input.rows);
}

void require_contract(const SparseRowSquares& a) {
  Contract op("per_sample.sparse_row_squares");
  reads(op, "input", a.input);
  op.writes("squares", a.squares, a.input.rows);
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
  const std::int64_t n = a.input.rows, c = a.input.cols;
  op.reads("grad_output", a.grad_output, n, c);
  op.reads("input", a.input, n, c);
  op.reads("mean", a.mean, n);
  op.reads("rstd", a.rstd, n);
  op.writes("squared_norms", a.squared_norms, n);
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
  const std::int64_t n = a.input.rows, o = a.grad_output.cols;
  reads(op, "input", a.input);
  op.reads("grad_output", a.grad_output, n, o);
  op.writes("gradients", a.gradients, n, o * a.input.cols);
  op.may_write("bias_gradients", a.bias_gradients, n, o);
}

void require_contract(const SparseSampleGradients& a) {
  Contract op("per_sample.sparse_gradients");
  const std::int64_t n = a.input.rows, o = a.grad_output.cols;
  reads(op, "input", a.input);
  op.reads("grad_output", a.grad_output, n, o);
  op.writes("gradients", a.gradients, n, o * a.input.cols);
  op.may_write("bias_gradients", a.bias_gradients, n, o);
}

void require_contract(const LayerNormSampleGradients& a) {
  Contract op("per_sample.layer_norm_gradients");
  const std::int64_t n = a.input.rows, c = a.input.cols;
  op.reads("grad_output", a.grad_output, n, c);
  op.reads("input", a.input, n, c);
  op.reads("mean", a.mean, n);
  op.reads("rstd", a.rstd, n);
  op.writes("gradients", a.gradients, n, c);
  op.writes("bias_gradients", a.bias_gradients, n, c);
}

void require_contract(const GaussianNoise& a) {
  Contract op("per_sample.add_noise");
  op.reads("deviation", a.deviation, 1);
  op.reads("step", a.step, 1);
  op.writes("values", a.values, a.size);
}

}  // namespace thalweg
