#include "kernels/base/contract_views.hpp"
#include "kernels/sparse_linear/sparse_linear.hpp"

namespace thalweg {

void require_contract(const SparseIndexArgs& a) {
  Contract op("sparse_linear.index");
  reads(op, "input", a.input);
  writes(op, "touched", a.touched, a.input.rows);
}

void require_contract(const SparseLinearForward& a) {
  Contract op("sparse_linear.forward");
  const std::int64_t o = a.output.cols;
  reads(op, "input", a.input);
  op.reads("weight", a.weight, o * a.input.cols);
  op.may_read("bias", a.bias, o);
  op.writes("output", a.output, a.input.rows, o);
}

void require_contract(const SparseParameterGrad& a) {
  Contract op("sparse_linear.parameter_grad");
  const std::int64_t n = a.input.rows, o = a.grad_output.cols;
  reads(op, "input", a.input);
  op.reads("grad_output", a.grad_output, n, o);
  require_slices(op, a.slices, n);
  reads(op, "touched", a.touched, a.slices.batch_rows);
  writes(op, "grad_weight", a.grad_weight, a.slices, o * a.input.cols, o * a.touched.capacity);
  may_write(op, "grad_bias", a.grad_bias, a.slices, o);
}

}  // namespace thalweg
