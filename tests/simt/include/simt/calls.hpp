#pragma once
// What a program has asked of the runtime so far, over all its threads.
#include <cstdint>

namespace simt {

struct Calls {
  std::int64_t allocations = 0;       ///< device or pinned memory
  std::int64_t frees = 0;             ///< of either
  std::int64_t synchronizations = 0;  ///< of a stream, an event or the device, and copies that wait
  std::int64_t uploads = 0;           ///< copies from the host, outside graphs
  std::int64_t downloads = 0;         ///< copies to the host, outside graphs
  std::int64_t uploaded_bytes = 0;    ///< by these
  std::int64_t downloaded_bytes = 0;
  std::int64_t launches = 0;  ///< of kernels, outside graphs
  std::int64_t graph_launches = 0;
  std::int64_t graph_nodes = 0;  ///< kernels, copies and fills that these ran
  std::int64_t captures = 0;     ///< begun
};

Calls calls();
/// Allocation number `number` from now on (1: the next one), of device or pinned memory, fails, and with
/// `all_after` every later one; 0: none. Those that fail are not among the calls.
void fail_allocation(std::int64_t number, bool all_after = false);
/// Device memory that is allocated now.
std::int64_t device_bytes();
/// The most that was allocated at a time since the last call of watch_device_bytes, or the start.
std::int64_t most_device_bytes();
void watch_device_bytes();

}  // namespace simt
