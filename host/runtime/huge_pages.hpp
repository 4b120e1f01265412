#pragma once
// Large arrays in large pages. With pages of 4 KB, a pass over memory beyond the cache spends up to half of
// its time on address translation, most of all in a virtual machine.
#include <algorithm>
#include <cstdint>
#include <vector>

namespace thalweg {

constexpr std::int64_t kHugePage = std::int64_t{2} << 20;

/// Asks the kernel to back the whole huge pages inside [memory, memory + bytes) by such. Best before the
/// memory is first written; a hint, without effect where it cannot be followed.
void ask_for_huge_pages(const void* memory, std::int64_t bytes) noexcept;

/// The same for memory that was just allocated and holds nothing yet. An allocator gives memory again that
/// was used in small pages; these are dropped, so that the kernel backs the memory anew.
void renew_as_huge_pages(void* memory, std::int64_t bytes) noexcept;

/// Room for `count` elements in all, in huge pages where they fit.
template <class T>
void reserve_huge(std::vector<T>& values, std::int64_t count) {
  if (static_cast<std::size_t>(count) <= values.capacity()) return;
  std::vector<T> roomy;
  roomy.reserve(static_cast<std::size_t>(count));
  renew_as_huge_pages(roomy.data(), count * std::int64_t{sizeof(T)});
  roomy.insert(roomy.end(), values.begin(), values.end());
  values.swap(roomy);
}

/// Appends [from, to); where it has to grow, it does so twofold and into huge pages.
template <class T, class Iterator>
void append_huge(std::vector<T>& values, Iterator from, Iterator to) {
  const std::size_t size = values.size() + static_cast<std::size_t>(to - from);
  if (size > values.capacity())
    reserve_huge(values, static_cast<std::int64_t>(std::max(size, 2 * values.capacity())));
  values.insert(values.end(), from, to);
}

}  // namespace thalweg
