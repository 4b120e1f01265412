#pragma once
// Memory of a GPU that is counted but not there. Code that runs with it tells what it would take.
#include <cstdint>
#include <map>

#include "kernels/base/memory_ops.hpp"

namespace thalweg {

/// While one lives, what its thread asks of the memory of the CUDA backend goes to it. Its addresses point
/// nowhere: copies do nothing, downloads give zeros, and no kernel may run.
class CountedMemory {
 public:
  CountedMemory();
  ~CountedMemory();
  CountedMemory(const CountedMemory&) = delete;
  CountedMemory& operator=(const CountedMemory&) = delete;

  /// The most that was taken at a time.
  std::int64_t most_bytes() const { return most_; }

  /// The table that counts; null: the thread has no counted memory.
  static const MemoryOps* of_this_thread() noexcept;

 private:
  friend struct CountedOps;

  std::map<void*, std::int64_t> taken_;  ///< bytes by address
  std::int64_t next_, bytes_ = 0, most_ = 0;
};

}  // namespace thalweg
