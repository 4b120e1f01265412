#include "tests/support/allocation_guards.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

/// Room enough that an array too small by a few rows or panels is seen here and not as a broken heap.
constexpr std::size_t kGuardBytes = std::size_t{1} << 16;
constexpr unsigned char kGuard = 0xA5;
std::atomic<int> broken_guards{0};

/// In front of what operator new gives, as far away as its alignment asks for.
struct Header {
  std::size_t size;
};

unsigned char* start_of(void* memory, std::size_t alignment) {
  return static_cast<unsigned char*>(memory) - alignment;
}

}  // namespace

void* operator new(std::size_t size, std::align_val_t align, const std::nothrow_t&) noexcept {
  const auto alignment = static_cast<std::size_t>(align);
  const std::size_t all = (alignment + size + kGuardBytes + alignment - 1) / alignment * alignment;
  auto* const start = static_cast<unsigned char*>(std::aligned_alloc(alignment, all));
  if (start == nullptr) return nullptr;
  reinterpret_cast<Header*>(start)->size = size;
  unsigned char* const memory = start + alignment;
  std::memset(memory + size, kGuard, kGuardBytes);
  return memory;
}

void operator delete(void* memory, std::align_val_t align) noexcept {
  if (memory == nullptr) return;
  unsigned char* const start = start_of(memory, static_cast<std::size_t>(align));
  const unsigned char* const guard =
      static_cast<unsigned char*>(memory) + reinterpret_cast<Header*>(start)->size;
  if (!std::all_of(guard, guard + kGuardBytes, [](unsigned char byte) { return byte == kGuard; }))
    ++broken_guards;
  std::free(start);
}

/// What else is allocated with this alignment is released by the function above, too.
void* operator new(std::size_t size, std::align_val_t align) {
  void* const memory = operator new(size, align, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory, std::size_t, std::align_val_t align) noexcept {
  operator delete(memory, align);
}

namespace thalweg::test {

bool keeps_to_its_memory(const std::function<void()>& body) {
  const int before = broken_guards;
  body();
  return broken_guards == before;
}

}  // namespace thalweg::test
