#include "host/runtime/memory.hpp"

#include <cstring>
#include <new>
#include <string>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::align_val_t kAlignment{256};

void* allocate(std::int64_t bytes) {
  void* memory = ::operator new(static_cast<std::size_t>(bytes), kAlignment, std::nothrow);
  if (memory == nullptr)
    throw InternalError("out of memory: " + std::to_string(bytes) + " bytes were asked for");
  return memory;
}

void release(void* memory) { ::operator delete(memory, kAlignment); }

void copy_bytes(const Context&, void* to, const void* from, std::int64_t bytes) {
  std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

void zero_bytes(const Context&, void* to, std::int64_t bytes) {
  std::memset(to, 0, static_cast<std::size_t>(bytes));
}

void synchronize(const Context&) {}

}  // namespace

const MemoryOps host_memory{.allocate = &allocate,
                            .release = &release,
                            .upload = &copy_bytes,
                            .download = &copy_bytes,
                            .copy = &copy_bytes,
                            .zero = &zero_bytes,
                            .synchronize = &synchronize,
                            .allocate_staging = &allocate,
                            .release_staging = &release};

}  // namespace thalweg
