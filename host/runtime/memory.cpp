#include "host/runtime/memory.hpp"

#include <cstdlib>
#include <cstring>
#include <string>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kAlignment = 256;

void* allocate(std::int64_t bytes) {
  const std::int64_t padded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* memory = std::aligned_alloc(kAlignment, static_cast<std::size_t>(padded));
  if (memory == nullptr)
    throw InternalError("out of memory: " + std::to_string(bytes) + " bytes were asked for");
  return memory;
}

void release(void* memory) { std::free(memory); }

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
                            .synchronize = &synchronize};

}  // namespace thalweg
