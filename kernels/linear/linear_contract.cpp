#include "kernels/base/contract_views.hpp"
#include "kernels/linear/linear.hpp"

namespace thalweg {

void require_contract(const LinearForward& a) {
  Contract op("linear.forward");
  const std::int64_t n = a.input.rows, o = a.output.cols;
  reads(op, "input", a.input);
  op.reads("weight", a.weight, o * a.input.cols);
  op.may_read("bias", a.bias, o);
  op.writes("output", a.output, n, o);
  op.may_write("before_activation", a.before_activation, n, o);
  op.require(a.activation.present || a.before_activation.data == nullptr,
             "before_activation is given, but no activation");
}

void require_contract(const LinearInputGrad& a) {
  Contract op("linear.input_grad");
  const std::int64_t n = a.grad_output.rows, o = a.grad_output.cols, i = a.grad_input.cols;
  op.reads("grad_output", a.grad_output, n, o);
  op.reads("weight", a.weight, o * i);
  if (a.activation.present) op.reads("kept", a.kept, n, i);
  op.writes("grad_input", a.grad_input, n, i);
}

void require_contract(const LinearParameterGrad& a) {
  Contract op("linear.parameter_grad");
  const std::int64_t n = a.input.rows, i = a.input.cols, o = a.grad_output.cols;
  reads(op, "input", a.input);
  op.reads("grad_output", a.grad_output, n, o);
  require_slices(op, a.slices, n);
  writes(op, "grad_weight", a.grad_weight, a.slices, o * i);
  may_write(op, "grad_bias", a.grad_bias, a.slices, o);
}

}  // namespace thalweg
