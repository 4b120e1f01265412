#include "host/ranks/introduction.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "host/checkpoint/checksum.hpp"

namespace thalweg {

Introduction own_introduction() {
  Introduction own;
  ::gethostname(own.host, sizeof own.host - 1);
  cpu_set_t cores;
  CPU_ZERO(&cores);
  ::sched_getaffinity(0, sizeof cores, &cores);
  own.cores = checksum64({reinterpret_cast<const char*>(&cores), sizeof cores});
  return own;
}

int sharers_of(const Introduction& own, std::span<const Introduction> all) {
  return static_cast<int>(std::count_if(all.begin(), all.end(), [&](const Introduction& other) {
    return own.cores == other.cores && std::strcmp(own.host, other.host) == 0;
  }));
}

}  // namespace thalweg
