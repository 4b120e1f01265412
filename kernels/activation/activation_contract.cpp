#include "kernels/activation/activation.hpp"
#include "kernels/base/contract.hpp"

namespace thalweg {

void require_contract(const ActivationForward& a) {
  Contract op("activation.forward");
  const Operand input = op.reads("input", a.input, a.size);
  op.writes("output", a.output, a.size, input);
}

void require_contract(const ActivationBackward& a) {
  Contract op("activation.backward");
  if (backward_needs_input(a.kind))
    op.reads("input", a.input, a.size);
  else
    op.reads("output", a.output, a.size);
  const Operand grad_output = op.reads("grad_output", a.grad_output, a.size);
  op.writes("grad_input", a.grad_input, a.size, grad_output);
}

}  // namespace thalweg
