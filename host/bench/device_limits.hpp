#pragma once
// The limits of a GPU, measured by copies and by kernels that do nothing else (probes.hpp).
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/bench/limits.hpp"

namespace thalweg::bench {

/// Copies of the device's memory to itself.
std::shared_ptr<Limit> device_copy_limit(const Context& ctx, std::int64_t bytes);
/// Reads of `bytes` over and over, past the first-level caches: of the second-level cache, if they fit.
std::shared_ptr<Limit> device_read_limit(const Context& ctx, std::int64_t bytes);
/// Multiplications and additions of float32.
std::shared_ptr<Limit> device_fma_limit(const Context& ctx);
/// Operations of a product of matrices [size, size] by the library of fast numerics: its tensor cores.
std::shared_ptr<Limit> device_tensor_limit(const Context& ctx, std::int64_t size);

/// Bytes of the second-level cache; 0: not known.
std::int64_t device_l2_bytes();

/// Something whose time is measured `count` times in a row.
struct DeviceLatency {
  std::string name;
  std::int64_t bytes;            ///< size of the working set; 0: it does not matter
  std::shared_ptr<Limit> limit;  ///< times a second
};
/// Launches with and without a wait, graphs and their nodes, small copies, barriers of a grid, and reads that
/// wait for each other in the cache and in `memory_bytes` of memory.
std::vector<DeviceLatency> device_latencies(const Context& ctx, std::int64_t memory_bytes);

}  // namespace thalweg::bench
