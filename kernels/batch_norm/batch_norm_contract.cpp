#include "kernels/base/contract_views.hpp"
#include "kernels/batch_norm/batch_norm.hpp"

namespace thalweg {

void require_contract(const BatchNormForward& a) {
  Contract op("batch_norm.forward");
  const std::int64_t n = a.input.rows, c = a.input.cols;
  op.reads("input", a.input, n, c);
  op.reads("weight", a.weight, c);
  op.reads("bias", a.bias, c);
  require_slices(op, whole_batch(n, a.slices), n);
  op.writes("output", a.output, n, c);
  op.writes("mean", a.mean, c);
  op.writes("rstd", a.rstd, c);
  op.writes("running_mean", a.running_mean, c);
  op.writes("running_variance", a.running_variance, c);
}

void require_contract(const BatchNormInference& a) {
  Contract op("batch_norm.inference");
  const std::int64_t n = a.input.rows, c = a.input.cols;
  const Operand input = op.reads("input", a.input, n, c);
  op.reads("weight", a.weight, c);
  op.reads("bias", a.bias, c);
  op.reads("running_mean", a.running_mean, c);
  op.reads("running_variance", a.running_variance, c);
  op.writes("output", a.output, n, c, input);
}

void require_contract(const BatchNormBackward& a) {
  Contract op("batch_norm.backward");
  const std::int64_t n = a.input.rows, c = a.input.cols;
  const Operand grad_output = op.reads("grad_output", a.grad_output, n, c);
  op.reads("input", a.input, n, c);
  op.reads("weight", a.weight, c);
  op.reads("mean", a.mean, c);
  op.reads("rstd", a.rstd, c);
  require_slices(op, whole_batch(n, a.slices), n);
  op.writes("grad_input", a.grad_input, n, c, grad_output);
  op.writes("grad_weight", a.grad_weight, c);
  op.writes("grad_bias", a.grad_bias, c);
}

}  // namespace thalweg
