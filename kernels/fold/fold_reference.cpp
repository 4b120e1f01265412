// The sums in double, rounded once.
#include "kernels/fold/fold.hpp"

namespace thalweg {
namespace {

void add_at(const FoldTerms& terms, std::int64_t i) {
  double sum = double{terms.sum[i]};
  for (int k = 0; k < terms.count; ++k) sum += double{terms.right[k][i]};
  terms.sum[i] = static_cast<float>(sum);
}

void add(const Device&, const FoldArgs& args) {
  for (std::int64_t i = 0; i < args.size; ++i) add_at(args.terms, i);
}

void add_touched(const Device&, const FoldTouched& args) {
  const TouchedElements& t = args.touched;
  for (std::int64_t o = 0; o < t.outputs; ++o) {
    for (std::int64_t at = 0; at < *t.count; ++at)
      add_at(args.terms, t.offset + o * t.in_features + t.features[at]);
  }
}

}  // namespace

extern const FoldOps fold_reference;
const FoldOps fold_reference{.add = &add, .add_touched = &add_touched};
}  // namespace thalweg
