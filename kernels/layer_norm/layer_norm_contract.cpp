#include "kernels/base/contract_views.hpp"
#include "kernels/layer_norm/layer_norm.hpp"

namespace thalweg {

void require_contract(const LayerNormForward& a) {
  Contract op("layer_norm.forward");
  const std::int64_t n = a.input.rows, c = a.input.cols;
  op.reads("input", a.input, n, c);
  op.reads("weight", a.weight, c);
  op.reads("bias", a.bias, c);
  op.writes("output", a.output, n, c);
  op.writes("mean", a.mean, n);
  op.writes("rstd", a.rstd, n);
}

void require_contract(const LayerNormBackward& a) {
  Contract op("layer_norm.backward");
  const std::int64_t n = a.input.rows, c = a.input.cols;
  const Operand grad_output = op.reads("grad_output", a.grad_output, n, c);
  op.reads("input", a.input, n, c);
  op.reads("weight", a.weight, c);
  op.reads("mean", a.mean, n);
  op.reads("rstd", a.rstd, n);
  require_slices(op, a.slices, n);
  op.writes("grad_input", a.grad_input, n, c, grad_output);
  writes(op, "grad_weight", a.grad_weight, a.slices, c);
  writes(op, "grad_bias", a.grad_bias, a.slices, c);
}

}  // namespace thalweg
