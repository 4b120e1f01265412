#pragma once
// The devices that the CUDA code of a build supports.
#include <string>

namespace thalweg {

/// `architectures` as CMAKE_CUDA_ARCHITECTURES lists them, by commas: "80-real,90" (object code, object code
/// and PTX), "90-virtual" (PTX alone). Object code of X.Y runs on X.Z with Z >= Y, PTX on anything later.
bool has_code_for(const std::string& architectures, int major, int minor);

}  // namespace thalweg
