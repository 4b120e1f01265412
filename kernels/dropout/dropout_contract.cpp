#include "kernels/base/contract.hpp"
#include "kernels/dropout/dropout.hpp"

namespace thalweg {

void require_contract(const DropoutArgs& a) {
  Contract op("dropout.apply");
  const std::int64_t n = a.input.rows, u = a.input.cols;
  const Operand input = op.reads("input", a.input, n, u);
  op.may_read("ids", a.ids, n);
  op.reads("step", a.step, 1);
  op.writes("output", a.output, n, u, input);
}

}  // namespace thalweg
