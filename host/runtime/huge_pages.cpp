#include "host/runtime/huge_pages.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace thalweg {

void ask_for_huge_pages([[maybe_unused]] const void* memory, [[maybe_unused]] std::int64_t bytes) noexcept {
#if defined(__linux__)
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t page = kHugePage;
  const std::uintptr_t begin = (address + page - 1) / page * page;
  const std::uintptr_t end = (address + static_cast<std::uintptr_t>(bytes)) / page * page;
  if (begin < end) (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

}  // namespace thalweg
