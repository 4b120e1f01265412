#include "host/data/path_hint.hpp"

#include <unistd.h>

namespace thalweg {

std::string hint_at_path(const std::string& path) {
  const char* const way_out = "; one file is read: join them (cat, without the headers of the later ones)";
  if (path.find_first_of("*?[") != std::string::npos) return std::string(" (a pattern)") + way_out;
  const std::size_t comma = path.find(',');
  if (comma == std::string::npos || ::access(path.substr(0, comma).c_str(), F_OK) != 0) return "";
  return std::string(" (a list)") + way_out;
}

}  // namespace thalweg
