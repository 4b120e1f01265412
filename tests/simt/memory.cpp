#include "memory.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "device.hpp"
#include "report.hpp"
#include "sanitizers.hpp"
#include "simt/calls.hpp"

namespace simt {
namespace {

constexpr std::size_t kPage = 4096, kAlignment = 256;
constexpr std::size_t kArenaBytes = std::size_t{1} << 38;  // address space only

struct Allocation {
  std::size_t bytes;
  Site site;
  bool live;
};

constexpr std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

std::string digits(std::size_t value) { return std::to_string(value); }

class Arena {
 public:
  Arena() {
    // The call itself, which no sanitizer sees.
    const long memory = syscall(SYS_mmap, nullptr, kArenaBytes, PROT_NONE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == -1) fatal("no address space for device memory");
    base_ = top_ = reinterpret_cast<char*>(memory);
    const char* check = std::getenv("THALWEG_SIMT_HOST_ACCESS");
    guarded_ = check != nullptr ? std::strcmp(check, "check") == 0 : address_checked();
    install_fault_reports();
  }

  void* allocate(std::size_t bytes, Site site) {
    const std::lock_guard lock(mutex_);
    const std::size_t padded = round_up(bytes > 0 ? bytes : 1, kAlignment), pages = round_up(padded, kPage);
    if (bytes > memory_bytes() || live_bytes_ > memory_bytes() - bytes) return nullptr;
    if (pages + kPage > kArenaBytes - static_cast<std::size_t>(top_ - base_)) return nullptr;
    char* memory = top_ + pages - padded;  // the end of the allocation is near the guard page
    if (mprotect(top_, pages, PROT_READ | PROT_WRITE) != 0) return nullptr;
    poison(top_, pages + kPage);
    unpoison(memory, bytes);
    std::memset(memory, 0xFF, bytes);
    top_ += pages + kPage;
    allocations_[memory] = {bytes, site, true};
    live_bytes_ += bytes;
    most_bytes_ = std::max(most_bytes_, live_bytes_);
    protect();
    return memory;
  }

  bool release(void* memory) {
    const std::lock_guard lock(mutex_);
    const auto found = allocations_.find(static_cast<char*>(memory));
    if (found == allocations_.end() || !found->second.live) return false;
    found->second.live = false;
    live_bytes_ -= found->second.bytes;
    char* first = page_of(found->first);
    const std::size_t pages =
        round_up(static_cast<std::size_t>(found->first - first) + found->second.bytes, kPage);
    poison(first, pages);
    madvise(first, pages, MADV_DONTNEED);
    mprotect(first, pages, PROT_NONE);
    return true;
  }

  bool contains(const void* address) const { return address >= base_ && address < base_ + kArenaBytes; }

  bool holds(const void* address, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto found = at_or_before(address);
    if (found == allocations_.end() || !found->second.live) return false;
    const auto offset = static_cast<std::size_t>(static_cast<const char*>(address) - found->first);
    return offset <= found->second.bytes && bytes <= found->second.bytes - offset;
  }

  /// Called with the program about to end, perhaps from a signal: takes no lock.
  std::string describe(const void* address) {
    if (!contains(address)) return "";
    auto found = allocations_.upper_bound(static_cast<char*>(const_cast<void*>(address)));
    // Below an allocation in its first page: it was meant to be that one.
    if (found == allocations_.end() || page_of(found->first) > address) {
      if (found == allocations_.begin()) return "device memory that was never allocated";
      --found;
    }
    const auto& [memory, allocation] = *found;
    return std::string(allocation.live ? "device memory" : "freed device memory") + " of " +
           digits(allocation.bytes) + " bytes (allocated at " + text(allocation.site) + "), at byte " +
           std::to_string(static_cast<const char*>(address) - memory);
  }

  std::size_t live_bytes() {
    const std::lock_guard lock(mutex_);
    return live_bytes_;
  }

  std::size_t most_bytes() {
    const std::lock_guard lock(mutex_);
    return most_bytes_;
  }
  void watch() {
    const std::lock_guard lock(mutex_);
    most_bytes_ = live_bytes_;
  }

  void open() {
    const std::lock_guard lock(mutex_);
    if (users_++ == 0) protect();
  }
  void close() {
    const std::lock_guard lock(mutex_);
    if (--users_ == 0) protect();
  }

  /// Allocations that nobody freed; "" for none.
  std::string leaks() {
    std::string found;
    for (const auto& [memory, allocation] : allocations_) {
      if (allocation.live)
        found += "\n  " + digits(allocation.bytes) + " bytes allocated at " + text(allocation.site);
    }
    return found;
  }

 private:
  static char* page_of(char* memory) {
    return reinterpret_cast<char*>(reinterpret_cast<std::uintptr_t>(memory) / kPage * kPage);
  }
  static std::size_t span(char* memory, const Allocation& allocation) {
    const std::size_t bytes = allocation.bytes > 0 ? allocation.bytes : 1;
    return round_up(static_cast<std::size_t>(memory - page_of(memory)) + bytes, kPage);
  }
  std::map<char*, Allocation>::iterator at_or_before(const void* address) {
    const auto after = allocations_.upper_bound(static_cast<char*>(const_cast<void*>(address)));
    return after == allocations_.begin() ? allocations_.end() : std::prev(after);
  }
  /// What is freed or between allocations stays closed.
  void protect() {
    if (!guarded_) return;
    const int rights = users_ > 0 ? PROT_READ | PROT_WRITE : PROT_NONE;
    for (const auto& [memory, allocation] : allocations_)
      if (allocation.live) mprotect(page_of(memory), span(memory, allocation), rights);
  }

  std::mutex mutex_;
  char* base_;
  char* top_;
  bool guarded_;
  int users_ = 0;
  std::size_t live_bytes_ = 0, most_bytes_ = 0;
  std::map<char*, Allocation> allocations_;
};

Arena& arena() {
  static Arena* const the_arena = new Arena;  // outlives every static object that may own device memory
  return *the_arena;
}

struct Pinned {
  std::mutex mutex;
  std::map<void*, Allocation> allocations;
};
Pinned& pinned() {
  static Pinned* const the_pinned = new Pinned;
  return *the_pinned;
}

/// Runs after the destructors of static objects.
[[gnu::destructor]] void report_leaks() {
  std::string leaked = arena().leaks();
  for (const auto& [memory, allocation] : pinned().allocations)
    leaked += "\n  " + digits(allocation.bytes) + " pinned bytes allocated at " + text(allocation.site);
  if (leaked.empty()) return;
  std::fprintf(stderr, "simt: leaked at exit:%s\n", leaked.c_str());
  std::fflush(nullptr);
  _exit(1);
}

}  // namespace

void* allocate_device(std::size_t bytes, Site site) { return arena().allocate(bytes, site); }
bool free_device(void* memory) { return arena().release(memory); }
std::int64_t device_bytes() { return static_cast<std::int64_t>(arena().live_bytes()); }
std::int64_t most_device_bytes() { return static_cast<std::int64_t>(arena().most_bytes()); }
void watch_device_bytes() { arena().watch(); }
bool is_device(const void* address) { return arena().contains(address); }
bool holds_device(const void* address, std::size_t bytes) { return arena().holds(address, bytes); }
std::string describe_device_address(const void* address) { return arena().describe(address); }

void* allocate_pinned(std::size_t bytes, Site site) {
  void* memory = std::aligned_alloc(kAlignment, round_up(bytes > 0 ? bytes : 1, kAlignment));
  if (memory == nullptr) return nullptr;
  std::memset(memory, 0xFF, bytes);
  const std::lock_guard lock(pinned().mutex);
  pinned().allocations[memory] = {bytes, site, true};
  return memory;
}

bool free_pinned(void* memory) {
  const std::lock_guard lock(pinned().mutex);
  if (pinned().allocations.erase(memory) == 0) return false;
  std::free(memory);
  return true;
}

DeviceAccess::DeviceAccess() { arena().open(); }
DeviceAccess::~DeviceAccess() { arena().close(); }

}  // namespace simt
