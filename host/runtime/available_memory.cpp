#include "host/runtime/available_memory.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string_view>

#include "host/runtime/processor.hpp"

namespace thalweg {
namespace {

/// The number that a file begins with; kNoLimit: there is none, as in "max" or without the file.
std::int64_t number_in(const std::string& file) {
  std::ifstream in(file);
  std::string text;
  std::getline(in, text);
  std::int64_t number = kNoLimit;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// The least number of the files `name` in the folder `path` below `top`, and in the folders above it.
std::int64_t least_above(const std::string& top, std::string path, const std::string& name) {
  std::int64_t least = number_in(top + "/" + name);
  while (!path.empty()) {
    least = std::min(least, number_in(top + path + "/" + name));
    const std::size_t parent = path.rfind('/');
    path.resize(parent != std::string::npos ? parent : 0);
  }
  return least;
}

bool names_memory(std::string_view controllers) {
  return ("," + std::string(controllers) + ",").find(",memory,") != std::string::npos;
}

std::int64_t address_space_limit() {
  rlimit limit{};
  const bool known = ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  return known ? static_cast<std::int64_t>(std::min<rlim_t>(limit.rlim_cur, kNoLimit)) : kNoLimit;
}

}  // namespace

std::int64_t free_address_space() {
  const std::int64_t limit = address_space_limit();
  if (limit == kNoLimit) return kNoLimit;
  const std::int64_t pages = number_in("/proc/self/statm");
  if (pages == kNoLimit) return limit;
  return std::max<std::int64_t>(0, limit - pages * ::sysconf(_SC_PAGESIZE));
}

std::int64_t control_group_limit(const std::string& root) {
  std::int64_t least = kNoLimit;
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // number:controllers:path
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1),
                      path = line.substr(second + 1);
    if (controllers.empty())
      least = std::min(least, least_above(root + "/sys/fs/cgroup", path, "memory.max"));
    if (names_memory(controllers))
      least = std::min(least, least_above(root + "/sys/fs/cgroup/memory", path, "memory.limit_in_bytes"));
  }
  return least;
}

std::int64_t available_memory() {
  return std::min({machine_memory_bytes(), control_group_limit(""), address_space_limit()});
}

}  // namespace thalweg
