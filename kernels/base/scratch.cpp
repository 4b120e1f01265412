#include "kernels/base/scratch.hpp"

#include <algorithm>

#include "kernels/base/device.hpp"
#include "kernels/base/memory_ops.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kAlignment = 256;

std::int64_t aligned(std::int64_t bytes) { return (bytes + kAlignment - 1) & -kAlignment; }

}  // namespace

Scratch::Scratch(const MemoryOps& memory) : memory_(memory) {}

Scratch::~Scratch() {
  for (const Chunk& chunk : chunks_) memory_.release(chunk.memory);
}

/// A piece lies in the first chunk behind the top that has room for it. Chunks are never taken away while
/// they hold one, so a series of calls that has found room finds it again. One chunk is quicker to search
/// than several, which become one where no recorded step can hold their addresses.
void* Scratch::take(const Device& device, std::int64_t bytes) {
  if (bytes <= 0) return nullptr;
  if (top_.bytes == 0 && chunks_.size() > 1 && device.stream == nullptr) grow(device, bytes);
  Top top = top_;
  while (top.chunk < chunks_.size() && aligned(top.used) + bytes > chunks_[top.chunk].bytes)
    top = {.chunk = top.chunk + 1, .used = 0, .bytes = top.bytes};
  if (top.chunk == chunks_.size()) {
    grow(device, bytes);
    top.chunk = chunks_.size() - 1;
  }
  const std::int64_t at = aligned(top.used);
  top_ = {.chunk = top.chunk, .used = at + bytes, .bytes = aligned(top.bytes) + bytes};
  most_bytes_ = std::max(most_bytes_, top_.bytes);
  return chunks_[top.chunk].memory + at;
}

/// While no piece is taken, one chunk takes the place of all, with room for the most that frames held at a
/// time.
void Scratch::grow(const Device& device, std::int64_t bytes) {
  if (top_.bytes == 0) {
    bytes = std::max(bytes, most_bytes_);
    if (!chunks_.empty()) memory_.synchronize(device);
    for (const Chunk& chunk : chunks_) memory_.release(chunk.memory);
    chunks_.clear();
  }
  chunks_.reserve(chunks_.size() + 1);
  chunks_.push_back({static_cast<char*>(memory_.allocate(bytes)), bytes});
  ++generation_;
}

Scratch::Frame::Frame(const Device& device) : device_(device), before_(device.scratch.top_) {}

Scratch::Frame::~Frame() { device_.scratch.top_ = before_; }

void* Scratch::Frame::take_bytes(std::int64_t bytes) const { return device_.scratch.take(device_, bytes); }

}  // namespace thalweg
