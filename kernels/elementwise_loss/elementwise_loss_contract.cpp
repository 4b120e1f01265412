#include "kernels/base/contract_views.hpp"
#include "kernels/elementwise_loss/elementwise_loss.hpp"

namespace thalweg {

void require_contract(const ElementwiseLossArgs& a) {
  Contract op("elementwise_loss.evaluate");
  const std::int64_t n = a.output.rows, k = a.output.cols;
  op.at_least({"output", "cols"}, k, 1);
  op.require(k == 1 || a.loss.kind == LossKind::hinge || a.loss.kind == LossKind::squared_hinge,
             "output has several columns; only the hinge losses take them");
  op.reads("output", a.output, n, k);
  reads(op, "targets", a.targets, n);
  op.writes("losses", a.losses, n);
  op.may_write("grad_output", a.grad_output, n, k);
}

}  // namespace thalweg
