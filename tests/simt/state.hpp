#pragma once
// What the runtime's calls share: the last error, kernel attributes.
#include "simt/calls.hpp"
#include "simt/runtime_api.hpp"

namespace simt {

/// Remembers `error` for cudaGetLastError and returns it.
cudaError_t failed(cudaError_t error);
/// Bytes of dynamic shared memory that launches of the kernel may ask for.
std::size_t dynamic_limit(Kernel kernel);
/// Does the work now, or records it when the stream is captured. `kernel` is null for work that is not a
/// launch.
cudaError_t issue(cudaStream_t stream, Kernel kernel, std::function<cudaError_t()> run);
/// Counts one more call.
void count(std::int64_t Calls::*which, std::int64_t by = 1);
/// Whether fail_allocation has chosen this one.
bool allocation_fails();
/// Whether a stream is being captured.
bool any_capture();

}  // namespace simt
