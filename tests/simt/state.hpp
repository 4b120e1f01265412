#pragma once
// What the runtime's calls share: the last error, kernel attributes.
#include "simt/runtime_api.hpp"

namespace simt {

/// Remembers `error` for cudaGetLastError and returns it.
cudaError_t failed(cudaError_t error);
/// Bytes of dynamic shared memory that launches of the kernel may ask for.
std::size_t dynamic_limit(Kernel kernel);

}  // namespace simt
