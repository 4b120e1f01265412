#pragma once
// Additions of a tree program over whole vectors, in host memory.
#include <span>

#include "host/ranks/slice_owners.hpp"
#include "kernels/base/device.hpp"

namespace thalweg {

/// values[to] = values[to] + values[from] for each addition in turn; `values` [leaves] of `size` floats each.
void fold(const Device& device, std::span<const TreeProgram::Add> adds, std::span<float* const> values,
          std::int64_t size);

}  // namespace thalweg
