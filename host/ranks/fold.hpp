#pragma once
// Additions of a tree program over whole gradients.
#include <span>

#include "host/ranks/slice_owners.hpp"
#include "kernels/base/touched.hpp"
#include "thalweg/context.hpp"

namespace thalweg {

/// Where the segment of the touched elements ends in the arena, with its padding.
std::int64_t segment_end(const TouchedElements& touched);

/// The additions that follow one leaf: each takes in what the one before it gave. `values` [leaves] of `size`
/// floats each, in the memory of ctx. The value of the last addition's `to` becomes the sum; all others stay.
void fold(const Context& ctx, std::span<const TreeProgram::Add> adds, std::span<float* const> values,
          std::int64_t size);
/// The same for arenas in one segment of which the touched elements alone count. Without features everything
/// counts.
void fold_arenas(const Context& ctx, std::span<const TreeProgram::Add> adds, std::span<float* const> values,
                 std::int64_t size, const TouchedElements& touched);

}  // namespace thalweg
