#pragma once
// Scratch memory: what an op needs while it runs. A frame takes pieces one behind the other and gives them
// back when it ends, so an op may call another one that takes some, too.
#include <cstdint>
#include <vector>

namespace thalweg {

struct Device;
struct MemoryOps;

/// In the backend's memory. It only grows, and keeps what it has: once each op of a step has run, the step
/// allocates nothing. No two threads take pieces at a time.
class Scratch {
 public:
  explicit Scratch(const MemoryOps& memory);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// Changes whenever memory is added or moves: what was recorded with the old addresses is void then.
  std::int64_t generation() const noexcept { return generation_; }

  class Frame;

 private:
  struct Chunk {
    char* memory;
    std::int64_t bytes;
  };
  /// The end of the pieces that are taken.
  struct Top {
    std::size_t chunk = 0;
    std::int64_t used = 0;   ///< of that chunk
    std::int64_t bytes = 0;  ///< that all open frames would take in one chunk
  };

  void* take(const Device& device, std::int64_t bytes);
  void grow(const Device& device, std::int64_t bytes);

  const MemoryOps& memory_;
  std::vector<Chunk> chunks_;
  Top top_;
  std::int64_t most_bytes_ = 0, generation_ = 0;
};

/// A scope of scratch memory. Frames end in the opposite order of their beginning. On CUDA the memory may be
/// taken again before the kernels that use it have run: what takes it is queued behind them.
class Scratch::Frame {
 public:
  explicit Frame(const Device& device);
  ~Frame();
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  /// 256-byte aligned and not initialised, until the frame ends; null for no bytes.
  void* take_bytes(std::int64_t bytes) const;
  /// `count` elements. Always inlined, as whatever files of several instruction sets share.
  template <class T>
  [[gnu::always_inline]] T* take(std::int64_t count) const {
    return static_cast<T*>(take_bytes(count * static_cast<std::int64_t>(sizeof(T))));
  }

 private:
  const Device& device_;
  const Top before_;
};

}  // namespace thalweg
