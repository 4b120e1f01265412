#pragma once
#include "block.hpp"
#include "simt/runtime_api.hpp"

namespace simt {

/// Whether the launch was written down, and so is not to be executed.
bool written_down(const Launch& launch, Kernel kernel);

}  // namespace simt
