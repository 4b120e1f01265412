#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/backend.hpp"
#include "kernels/base/device.hpp"
#include "thalweg/context.hpp"
#include "thalweg/devices.hpp"

namespace thalweg {

/// The CUDA backend's tables. Throws DeviceUnavailable when this build has none.
const Backend& cuda_backend();

/// Whether this build holds a CUDA backend and a device can be used; `reason` says why not.
bool cuda_usable(std::string& reason);

/// The CUDA devices of this machine; where there is none, one entry "cuda" with the reason.
std::vector<DeviceInfo> cuda_devices();

/// The support of this build and this machine for the CUDA backend.
struct CudaReport {
  bool built = false;
  int driver = 0, runtime = 0;  ///< as the driver and the library count them: 13000 is 13.0; 0: none
  std::string architectures;    ///< built in, as CMAKE_CUDA_ARCHITECTURES lists them, by commas
};
CudaReport cuda_report();

/// Free memory of the context's device; -1 where that is host memory.
std::int64_t cuda_free_bytes(const Context& ctx);

/// Selects the device of ordinal `device` and gives a new stream on it; destroy_cuda_stream ends it.
void* create_cuda_stream(int device);
/// Makes it the device of the calling thread's next calls; should that fail, they do.
void select_cuda_device(int device) noexcept;
void destroy_cuda_stream(void* stream) noexcept;
DeviceProperties cuda_properties(int device);

/// cuBLASLt on the selected device, for contexts with fast numerics: a handle takes memory and time, so it is
/// made once and never inside a step.
void* create_matrix_library();
void destroy_matrix_library(void* library) noexcept;

}  // namespace thalweg
