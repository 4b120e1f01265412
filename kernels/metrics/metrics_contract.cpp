#include "kernels/base/contract_views.hpp"
#include "kernels/metrics/metrics.hpp"

namespace thalweg {

void require_contract(const MetricSumArgs& a) {
  Contract op("metrics.sum");
  op.reads("values", a.values, a.count);
  op.writes("sum", a.sum, 1);
}

void require_contract(const ResidualArgs& a) {
  Contract op("metrics.residuals");
  const std::int64_t n = a.output.rows;
  op.reads("output", a.output, n, 1);
  reads(op, "targets", a.targets, n);
  op.writes("squared", a.squared, 1);
  op.writes("absolute", a.absolute, 1);
}

void require_contract(const ConfusionArgs& a) {
  Contract op("metrics.confusion");
  const std::int64_t n = a.output.rows, k = a.output.cols;
  op.equal("classes", a.classes, k == 1 ? 2 : k);
  op.reads("output", a.output, n, k);
  reads(op, "targets", a.targets, n);
  op.writes("confusion", a.confusion, a.classes * a.classes);
}

void require_contract(const PairArgs& a) {
  Contract op("metrics.pairs");
  op.within("rows", a.rows, 0, (std::int64_t{1} << 31) - 1);
  op.reads("scores", a.scores, a.rows);
  reads(op, "targets", a.targets, a.rows);
  op.writes("pairs", a.pairs, 1);
}

}  // namespace thalweg
