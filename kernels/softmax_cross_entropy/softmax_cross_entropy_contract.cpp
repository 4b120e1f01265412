#include "kernels/base/contract_views.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.hpp"

namespace thalweg {

void require_contract(const SoftmaxCrossEntropyArgs& a) {
  Contract op("softmax_cross_entropy.evaluate");
  const std::int64_t n = a.logits.rows, k = a.logits.cols;
  op.at_least({"logits", "cols"}, k, 2);
  op.reads("logits", a.logits, n, k);
  reads(op, "targets", a.targets, n);
  op.writes("losses", a.losses, n);
  op.may_write("grad_logits", a.grad_logits, n, k);
}

void require_contract(const SoftmaxArgs& a) {
  Contract op("softmax_cross_entropy.softmax");
  const std::int64_t n = a.logits.rows, k = a.logits.cols;
  op.at_least({"logits", "cols"}, k, 1);
  const Operand logits = op.reads("logits", a.logits, n, k);
  op.writes("probabilities", a.probabilities, n, k, logits);
}

}  // namespace thalweg
