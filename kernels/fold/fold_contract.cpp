#include "kernels/base/contract.hpp"
#include "kernels/fold/fold.hpp"

namespace thalweg {
namespace {

/// `size` elements of each term.
void require_terms(Contract& op, const FoldTerms& terms, std::int64_t size) {
  op.within("count", terms.count, 1, kMaxFoldLevels);
  for (int k = 0; k < terms.count; ++k) op.reads("right", terms.right[k], size);
  op.writes("sum", terms.sum, size);
}

}  // namespace

void require_contract(const FoldArgs& a) {
  Contract op("fold.add");
  op.at_least("size", a.size, 0);
  require_terms(op, a.terms, a.size);
}

void require_contract(const FoldTouched& a) {
  Contract op("fold.add_touched");
  const TouchedElements& t = a.touched;
  op.at_least({"touched", "in_features"}, t.in_features, 0);
  op.at_least({"touched", "outputs"}, t.outputs, 0);
  op.at_least({"touched", "offset"}, t.offset, 0);
  op.reads({"touched", "features"}, t.features, t.capacity);
  op.reads({"touched", "count"}, t.count, 1);
  require_terms(op, a.terms, t.offset + t.outputs * t.in_features);
}

}  // namespace thalweg
