#include "host/runtime/counted_memory.hpp"

#include <algorithm>
#include <cstring>

#include "host/runtime/memory.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// No array of the host has an address like these.
constexpr std::int64_t kFirstAddress = std::int64_t{1} << 60;
constexpr std::int64_t kAlignment = 256;

thread_local CountedMemory* current = nullptr;

}  // namespace

struct CountedOps {
  static void* allocate(std::int64_t bytes) {
    CountedMemory& memory = *current;
    void* const address = reinterpret_cast<void*>(memory.next_);
    memory.next_ += (bytes / kAlignment + 1) * kAlignment;
    memory.taken_.emplace(address, bytes);
    memory.bytes_ += bytes;
    memory.most_ = std::max(memory.most_, memory.bytes_);
    return address;
  }

  static void release(void* address) {
    const auto found = current->taken_.find(address);
    if (found == current->taken_.end()) return;
    current->bytes_ -= found->second;
    current->taken_.erase(found);
  }

  static void download(const Device&, void* to_host, const void*, std::int64_t bytes) {
    std::memset(to_host, 0, static_cast<std::size_t>(bytes));
  }

  static const MemoryOps table;
};

const MemoryOps CountedOps::table{
    .allocate = &CountedOps::allocate,
    .release = &CountedOps::release,
    .upload = +[](const Device&, void*, const void*, std::int64_t) {},
    .download = &CountedOps::download,
    .copy = +[](const Device&, void*, const void*, std::int64_t) {},
    .zero = +[](const Device&, void*, std::int64_t) {},
    .synchronize = +[](const Device&) {},
    .allocate_staging = +[](std::int64_t bytes) { return host_memory.allocate_staging(bytes); },
    .release_staging = +[](void* memory) { host_memory.release_staging(memory); }};

CountedMemory::CountedMemory() : next_(kFirstAddress) {
  if (current != nullptr) throw InternalError("CountedMemory: the thread has one already");
  current = this;
}

CountedMemory::~CountedMemory() { current = nullptr; }

const MemoryOps* CountedMemory::of_this_thread() noexcept {
  return current != nullptr ? &CountedOps::table : nullptr;
}

}  // namespace thalweg
