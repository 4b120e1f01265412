#include "fiber.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "report.hpp"
#include "sanitizers.hpp"

namespace simt {
namespace {

namespace context = boost::context::detail;

constexpr unsigned kNoSync = 1;  // __tsan_switch_to_fiber_no_sync
constexpr std::size_t kStackBytes = 256 * 1024;

std::size_t page() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

/// A stack with a page below it that nobody may touch. By the call itself, which the race check does not see:
/// to it the memory has no history.
void* map_stack() {
  const long memory = syscall(SYS_mmap, nullptr, kStackBytes + page(), PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == -1) fatal("no memory for a thread's stack");
  char* stack = reinterpret_cast<char*>(memory) + page();
  if (mprotect(stack - page(), page(), PROT_NONE) != 0) fatal("no memory for a thread's stack");
  return stack;
}

}  // namespace

Fiber::Fiber(void (*body)(Fiber&)) : body_(body), stack_(map_stack()) {
  context_ = context::make_fcontext(static_cast<char*>(stack_) + kStackBytes, kStackBytes, &Fiber::start);
  if (races_checked()) race_fiber_ = __tsan_create_fiber(0);
}

Fiber::~Fiber() {
  if (races_checked()) __tsan_destroy_fiber(race_fiber_);
  munmap(static_cast<char*>(stack_) - page(), kStackBytes + page());
}

void Fiber::start(context::transfer_t from) {
  Fiber& self = *static_cast<Fiber*>(from.data);
  self.worker_context_ = from.fctx;
  if (__sanitizer_finish_switch_fiber != nullptr)
    __sanitizer_finish_switch_fiber(nullptr, &self.worker_stack_, &self.worker_stack_bytes_);
  for (;;) self.body_(self);
}

void Fiber::enter() {
  if (__sanitizer_start_switch_fiber != nullptr)
    __sanitizer_start_switch_fiber(&worker_fake_stack_, stack_, kStackBytes);
  if (races_checked()) {
    worker_race_fiber_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(race_fiber_, kNoSync);
  }
  context_ = context::jump_fcontext(context_, this).fctx;
  if (__sanitizer_finish_switch_fiber != nullptr)
    __sanitizer_finish_switch_fiber(worker_fake_stack_, nullptr, nullptr);
}

void Fiber::leave() {
  if (__sanitizer_start_switch_fiber != nullptr)
    __sanitizer_start_switch_fiber(&fake_stack_, worker_stack_, worker_stack_bytes_);
  if (races_checked()) __tsan_switch_to_fiber(worker_race_fiber_, kNoSync);
  worker_context_ = context::jump_fcontext(worker_context_, nullptr).fctx;
  if (__sanitizer_finish_switch_fiber != nullptr)
    __sanitizer_finish_switch_fiber(fake_stack_, &worker_stack_, &worker_stack_bytes_);
}

void Fiber::name(const char* text) {
  if (races_checked()) __tsan_set_fiber_name(race_fiber_, text);
}

}  // namespace simt
