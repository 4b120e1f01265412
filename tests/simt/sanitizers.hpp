#pragma once
// The sanitizers' interfaces, weak: null in a program that is not built with them. The executor itself is
// never instrumented; it tells them what it does with stacks, memory and order.
#include <cstddef>

extern "C" {
[[gnu::weak]] void __sanitizer_start_switch_fiber(void** fake_stack, const void* bottom, std::size_t size);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void* fake_stack, const void** bottom, std::size_t* size);
[[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());
[[gnu::weak]] void __asan_poison_memory_region(const volatile void* from, std::size_t bytes);
[[gnu::weak]] void __asan_unpoison_memory_region(const volatile void* from, std::size_t bytes);
[[gnu::weak]] void* __asan_get_report_address();
[[gnu::weak]] void* __tsan_create_fiber(unsigned flags);
[[gnu::weak]] void __tsan_destroy_fiber(void* fiber);
[[gnu::weak]] void* __tsan_get_current_fiber();
[[gnu::weak]] void __tsan_switch_to_fiber(void* fiber, unsigned flags);
[[gnu::weak]] void __tsan_set_fiber_name(void* fiber, const char* name);
[[gnu::weak]] void __tsan_acquire(void* address);
[[gnu::weak]] void __tsan_release(void* address);
[[gnu::weak]] void __tsan_ignore_thread_begin();
[[gnu::weak]] void __tsan_ignore_thread_end();
}

namespace simt {

inline bool address_checked() { return __asan_poison_memory_region != nullptr; }
inline bool races_checked() { return __tsan_create_fiber != nullptr; }

inline void poison(const void* from, std::size_t bytes) {
  if (address_checked()) __asan_poison_memory_region(from, bytes);
}
inline void unpoison(const void* from, std::size_t bytes) {
  if (address_checked()) __asan_unpoison_memory_region(from, bytes);
}
inline void acquire(void* address) {
  if (races_checked()) __tsan_acquire(address);
}
inline void release(void* address) {
  if (races_checked()) __tsan_release(address);
}

/// The executor works here on the running CUDA thread's time: its own memory accesses are none of the
/// kernel's.
class Unobserved {
 public:
  Unobserved() {
    if (races_checked()) __tsan_ignore_thread_begin();
  }
  ~Unobserved() {
    if (races_checked()) __tsan_ignore_thread_end();
  }
  Unobserved(const Unobserved&) = delete;
  Unobserved& operator=(const Unobserved&) = delete;
};

}  // namespace simt
