#include "host/runtime/huge_pages.hpp"

#if defined(__linux__)
#include <sys/mman.h>

#include <initializer_list>
#endif

namespace thalweg {

#if defined(__linux__)
namespace {

/// Gives advice about the whole huge pages inside [memory, memory + bytes).
void advise(const void* memory, std::int64_t bytes, std::initializer_list<int> advices) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t page = kHugePage;
  const std::uintptr_t begin = (address + page - 1) / page * page;
  const std::uintptr_t end = (address + static_cast<std::uintptr_t>(bytes)) / page * page;
  if (begin >= end) return;
  for (const int advice : advices) (void)madvise(reinterpret_cast<void*>(begin), end - begin, advice);
}

}  // namespace

void ask_for_huge_pages(const void* memory, std::int64_t bytes) noexcept {
  advise(memory, bytes, {MADV_HUGEPAGE});
}

void renew_as_huge_pages(void* memory, std::int64_t bytes) noexcept {
  advise(memory, bytes, {MADV_DONTNEED, MADV_HUGEPAGE});
}
#else
void ask_for_huge_pages(const void*, std::int64_t) noexcept {}
void renew_as_huge_pages(void*, std::int64_t) noexcept {}
#endif

}  // namespace thalweg
