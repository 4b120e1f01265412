#include "host/runtime/memory.hpp"

#include <cstring>
#include <new>
#include <string>

#include "host/runtime/huge_pages.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kAlignment = 256;
/// Arrays from this size on begin at a huge page and end with one.
constexpr std::int64_t kHugeFrom = kHugePage / 2;

/// A header in front of each allocation, with the arguments of operator delete.
struct Header {
  void* start;
};

std::int64_t round_up(std::int64_t bytes, std::int64_t unit) { return (bytes + unit - 1) / unit * unit; }

void* allocate(std::int64_t bytes) {
  const bool huge = bytes >= kHugeFrom;
  const std::int64_t unit = huge ? kHugePage : kAlignment, slack = unit - kAlignment;
  const std::int64_t room = huge ? round_up(bytes, unit) : bytes;
  void* const start = ::operator new (static_cast<std::size_t>(kAlignment + slack + room),
                                      std::align_val_t{kAlignment}, std::nothrow);
  if (start == nullptr)
    throw InternalError("out of memory: " + std::to_string(bytes) + " bytes were asked for");
  const auto address = static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(start));
  char* const memory = static_cast<char*>(start) + (round_up(address + kAlignment, unit) - address);
  reinterpret_cast<Header*>(memory)[-1].start = start;
  if (huge) renew_as_huge_pages(memory, room);
  return memory;
}

void release(void* memory) {
  ::operator delete (static_cast<Header*>(memory)[-1].start, std::align_val_t{kAlignment});
}

// For a copy of no bytes the addresses may be null, which the library's functions do not allow.
void copy_bytes(const Device&, void* to, const void* from, std::int64_t bytes) {
  if (bytes > 0) std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

void zero_bytes(const Device&, void* to, std::int64_t bytes) {
  if (bytes > 0) std::memset(to, 0, static_cast<std::size_t>(bytes));
}

void synchronize(const Device&) {}

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
