#pragma once
#include "kernels/common/backend.hpp"

namespace thalweg {

extern const MemoryOps cuda_memory;
extern const GraphOps cuda_graphs;

}  // namespace thalweg
