#pragma once
// Device: what an op needs of the machine it runs on. It is passed first and const, and is all that calls
// share.
#include <cstdint>

#include "kernels/base/scratch.hpp"

namespace thalweg {

class ThreadPool;

/// Of a GPU, asked once, when it is opened; zero elsewhere.
struct DeviceProperties {
  int multiprocessors = 0;
  int compute_major = 0;          ///< of the compute capability
  std::int64_t shared_bytes = 0;  ///< of dynamic shared memory that a block can ask for
};

struct Device {
  ThreadPool& pool;  ///< the host's threads
  Scratch& scratch;
  DeviceProperties properties{};
  void* stream = nullptr;          ///< cudaStream_t on cuda, null elsewhere
  void* matrix_library = nullptr;  ///< cublasLtHandle_t on cuda with fast numerics, null elsewhere
};

}  // namespace thalweg
