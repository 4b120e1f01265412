#include "report.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "block.hpp"
#include "memory.hpp"
#include "sanitizers.hpp"

namespace simt {
namespace {

struct sigaction other_handler;

void on_fault(int signal, siginfo_t* info, void* machine) {
  const std::string memory = describe_device_address(info->si_addr);
  if (!memory.empty()) fatal("access to " + memory + where());
  if ((other_handler.sa_flags & SA_SIGINFO) != 0) {
    other_handler.sa_sigaction(signal, info, machine);
    return;
  }
  std::signal(signal, SIG_DFL);  // the access is made again and ends the program as it would have
}

/// After a sanitizer's report: what only the executor knows.
void on_death() {
  std::string memory;
  if (__asan_get_report_address != nullptr) {
    const void* address = __asan_get_report_address();
    memory = describe_device_address(address);
    if (memory.empty()) memory = describe_shared_address(address);
  }
  std::fprintf(stderr, "simt: the access above is%s%s\n", memory.empty() ? "" : (" to " + memory).c_str(),
               where().c_str());
}

}  // namespace

std::string text(uint3 index) {
  return "(" + std::to_string(index.x) + "," + std::to_string(index.y) + "," + std::to_string(index.z) + ")";
}

std::string text(Site site) { return std::string(site.file) + ":" + std::to_string(site.line); }

std::string where() {
  const Thread* thread = running_thread();
  if (thread == nullptr) return " in host code, outside any kernel or copy";
  return " in kernel \"" + thread->block->launch->kernel + "\", block " + text(thread->block->index) +
         ", thread " + text(thread->index);
}

void fatal(const std::string& what) {
  std::fprintf(stderr, "simt: %s\n", what.c_str());
  std::fflush(stderr);
  std::abort();
}

void finding(const std::string& what, Site site) { fatal(what + where() + ", at " + text(site)); }

void fail(const char* what, Site site) { finding(what, site); }
void trap(Site site) { finding("__trap", site); }

void misaligned(const void* address, std::size_t alignment, Site site) {
  char pointer[32];
  std::snprintf(pointer, sizeof pointer, "%p", address);
  finding("misaligned access: " + std::string(pointer) + " is not a multiple of " +
              std::to_string(alignment) + " bytes",
          site);
}

void install_fault_reports() {
  struct sigaction action = {};
  action.sa_sigaction = &on_fault;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSEGV, &action, &other_handler);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(&on_death);
}

}  // namespace simt
