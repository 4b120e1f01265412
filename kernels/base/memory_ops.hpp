#pragma once
// Memory of a backend, as a table.
#include <cstdint>

#include "kernels/base/required.hpp"

namespace thalweg {

struct Device;

/// allocate gives 256-byte aligned memory or throws InternalError naming the bytes asked for; copies are
/// ordered with the device's stream; download returns when the bytes are there.
struct MemoryOps {
  Required<void*(std::int64_t bytes)> allocate;
  Required<void(void*)> release;
  Required<void(const Device&, void* to, const void* from_host, std::int64_t bytes)> upload;
  Required<void(const Device&, void* to_host, const void* from, std::int64_t bytes)> download;
  Required<void(const Device&, void* to, const void* from, std::int64_t bytes)> copy;
  Required<void(const Device&, void* to, std::int64_t bytes)> zero;
  Required<void(const Device&)> synchronize;
  /// Host memory from which upload returns at once; it may be written again after the next synchronize or
  /// download.
  Required<void*(std::int64_t bytes)> allocate_staging;
  Required<void(void*)> release_staging;
};

}  // namespace thalweg
