#pragma once
// In place of the CUDA toolkit's header of this name, for kernels that are executed on the CPU.
#include "simt/intrinsics.hpp"
#include "simt/qualifiers.hpp"
#include "simt/runtime_api.hpp"
#include "simt/vector_types.hpp"
