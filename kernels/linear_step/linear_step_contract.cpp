#include "kernels/base/contract_views.hpp"
#include "kernels/linear_step/linear_step.hpp"

namespace thalweg {
namespace {

/// What both steps ask, once the contract has named the rows that they read. The chains of the weight are as
/// long as the features of which they keep a sum.
template <class Step>
void require_step(Contract& op, const Step& a, std::int64_t chain) {
  const std::int64_t n = a.input.rows, i = a.input.cols;
  op.reads("weight", a.weight, i);
  op.may_read("bias", a.bias, 1);
  reads(op, "targets", a.rows.targets, n);
  require_slices(op, a.slices, n);
  op.writes("losses", a.rows.losses, n);
  op.writes("grad_output", a.rows.grad_output, n);
  writes(op, "grad_weight", a.grad_weight, a.slices, i, chain);
  may_write(op, "grad_bias", a.grad_bias, a.slices, 1);
}

}  // namespace

void require_contract(const DenseLinearStep& a) {
  Contract op("linear_step.dense");
  reads(op, "input", a.input);
  if (a.upcoming.data != nullptr) reads(op, "upcoming", a.upcoming);
  require_step(op, a, a.input.cols);
}

void require_contract(const SparseLinearStep& a) {
  Contract op("linear_step.sparse");
  reads(op, "input", a.input);
  reads(op, "touched", a.touched, a.slices.batch_rows);
  require_step(op, a, a.touched.capacity);
}

}  // namespace thalweg
