#include "host/runtime/processor.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace thalweg {

std::string processor_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("model name")) return line.substr(std::min(line.find(':') + 2, line.size()));
  }
  return "";
}

std::int64_t machine_memory_bytes() {
  return std::max<std::int64_t>(::sysconf(_SC_PHYS_PAGES), 0) *
         std::max<std::int64_t>(::sysconf(_SC_PAGESIZE), 0);
}

}  // namespace thalweg
