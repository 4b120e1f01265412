#include "kernels/base/contract_views.hpp"
#include "kernels/linear_step/linear_burst.hpp"
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

void require_contract(const LinearBurst& a) {
  Contract op("linear_step.burst");
  const std::int64_t end = a.bias.used > 0 ? a.bias.offset + 1 : a.weight.offset + a.weight.used;
  reads(op, "input", a.input);
  reads(op, "targets", a.targets, a.input.rows);
  op.require(a.input.ids == nullptr && a.targets.ids == nullptr, "the steps name their rows");
  op.equal({"weight", "used"}, a.weight.used, a.input.cols);
  op.within({"bias", "used"}, a.bias.used, 0, 1);
  op.at_least("max_batch", a.max_batch, 1);
  op.within("slices", a.slices, 1, kMaxSlices);
  op.at_least("step_count", a.step_count, 1);
  op.reads("steps", a.steps, a.step_count);
  op.may_read("order_rows", a.order_rows, 1);
  op.writes("param", a.param, end);
  for (int s = 0; s < state_count(a.rule); ++s) op.writes("state", a.state[s], end);
  op.may_write("average", a.average, end);
  op.writes("burst", a.burst, 1);
  op.writes("records", a.records, a.step_count);
}

}  // namespace thalweg
