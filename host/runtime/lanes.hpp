#pragma once
// The lanes of a context: each serves one call at a time, so that calls of several threads do not share
// threads and scratch memory.
#include <sys/types.h>

#include <atomic>

#include "kernels/base/device.hpp"
#include "kernels/base/parallel.hpp"

namespace thalweg {

class Lanes;

/// What the ops of the call in this lane are passed, and its owner.
struct alignas(64) LaneDevice : Device {
  LaneDevice(Lanes& owner, const MemoryOps& memory, int threads);

  Lanes& lanes;
  int gpu = -1;  ///< ordinal of the CUDA device; -1: none
  std::atomic<bool> taken{false};
  std::atomic<LaneDevice*> next{nullptr};

 private:
  ThreadPool own_pool_;
  Scratch own_scratch_;
};

/// The first lane has all threads; a caller alone always gets it. The others are made when they are needed,
/// have the calling thread alone, and stay. No lock is held while they are searched, so the child of a fork
/// finds them as they were. A GPU has one lane, because its stream and its memory belong together.
class Lanes {
 public:
  Lanes(const MemoryOps& memory, int threads) : memory_(memory), first_(*this, memory, threads) {}
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  LaneDevice& first() { return first_; }
  const LaneDevice& first() const { return first_; }

  /// A lane that nobody else has until it is given back. On a GPU it waits for that; in the child of a fork
  /// it throws UsageError there.
  LaneDevice& take();
  void give_back(LaneDevice& lane) noexcept;

 private:
  LaneDevice& take_turn();
  LaneDevice& after(LaneDevice& lane);

  const MemoryOps& memory_;
  const pid_t process_ = this_process();
  LaneDevice first_;

  static pid_t this_process();
};

}  // namespace thalweg
