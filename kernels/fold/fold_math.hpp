#pragma once
// One element of a fold, for CPU and CUDA.
#include "kernels/base/hd.hpp"
#include "kernels/fold/fold.hpp"

namespace thalweg {

/// The sum of the terms at one place, of T elements that read(term) gives.
template <class T, class Read>
THALWEG_HD T folded(const FoldTerms& terms, const Read& read) {
  T sum = read(terms.right[terms.count - 1]);
  for (int k = terms.count - 2; k >= 0; --k) sum = read(terms.right[k]) + sum;
  return read(terms.sum) + sum;
}

}  // namespace thalweg
