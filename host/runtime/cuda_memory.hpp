#pragma once
#include "kernels/backend.hpp"

namespace thalweg {

extern const MemoryOps cuda_memory;
extern const GraphOps cuda_graphs;

}  // namespace thalweg
