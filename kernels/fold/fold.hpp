#pragma once
// Additions of the tree over slices (docs/numerics.md, "Sums over the batch") whose operands are sums of
// parts of a batch: whole gradients, or the elements of a gradient that a sparse batch touches.
#include <cstdint>

#include "kernels/base/cost.hpp"
#include "kernels/base/device.hpp"
#include "kernels/base/isa.hpp"
#include "kernels/base/required.hpp"
#include "kernels/base/touched.hpp"

namespace thalweg {

/// Levels of a tree over the most slices that a batch may have, 1024.
constexpr int kMaxFoldLevels = 10;

/// The additions on the way from a subtree towards the root, from the right to the left:
/// sum[i] = sum[i] + (right[0][i] + (... + right[count - 1][i])).
struct FoldTerms {
  float* sum = nullptr;
  const float* right[kMaxFoldLevels] = {};
  int count = 0;  ///< of `right`, 1 to kMaxFoldLevels
};

/// Elements [0, size) of each term.
struct FoldArgs {
  FoldTerms terms;
  std::int64_t size = 0;
};

/// Elements of arenas: those of the list alone.
struct FoldTouched {
  FoldTerms terms;
  TouchedElements touched;
};

// fold_contract.cpp: throw InternalError where a call breaks the contract of its op.
void require_contract(const FoldArgs& args);
void require_contract(const FoldTouched& args);

struct FoldOps {
  Required<void(const Device&, const FoldArgs&)> add;
  Required<void(const Device&, const FoldTouched&)> add_touched;
};

/// `right` terms of n elements.
constexpr Cost fold_cost(std::int64_t n, int right) {
  return {.flops = n * right, .bytes_read = 4 * n * (right + 1), .bytes_written = 4 * n};
}

extern const FoldOps fold_reference;
extern const FoldOps fold_cuda;
THALWEG_CPU_TABLE(FoldOps, fold_cpu)

}  // namespace thalweg
