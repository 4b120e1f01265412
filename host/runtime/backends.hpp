#pragma once
// Backends by name. backends.cpp makes those of the cpu and the reference, cuda_backend.cpp that of cuda, of
// the ops that kernels/backend.hpp lists.
#include <string>
#include <vector>

#include "kernels/backend.hpp"

namespace thalweg {

/// "cpu" (the best instruction set of this machine), "cpu:avx2", "cpu:avx512", "cpu:generic", "reference",
/// "cuda". Throws DeviceUnavailable saying what is missing.
const Backend& find_backend(const std::string& name);

/// A copy of the cpu's ops for one instruction set.
struct CpuVariant {
  std::string name;     ///< "cpu:avx512"
  std::string refusal;  ///< why this machine cannot run it; empty: it can
};
/// The variants of this build, the best first.
std::vector<CpuVariant> built_cpu_variants();

/// Names of the cpu variants that this machine can run, the best first.
std::vector<std::string> cpu_variants();

}  // namespace thalweg
