#pragma once
#include <string>

#include "kernels/common/backend.hpp"

namespace thalweg {

/// The CUDA backend's tables. Throws DeviceUnavailable when this build has none.
const Backend& cuda_backend();

/// Whether this build holds a CUDA backend and a device can be used; `reason` says why not.
bool cuda_usable(std::string& reason);

/// Selects the device of ordinal `device` and gives a new stream on it; destroy_cuda_stream ends it.
void* create_cuda_stream(int device);
void destroy_cuda_stream(void* stream) noexcept;

}  // namespace thalweg
