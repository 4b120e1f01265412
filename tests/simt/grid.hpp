#pragma once
#include "block.hpp"

namespace simt {

/// Runs every block of the grid and returns when all are done. The shape has been checked.
void run_grid(Launch& launch);

}  // namespace simt
