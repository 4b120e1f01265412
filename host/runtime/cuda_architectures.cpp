#include "host/runtime/cuda_architectures.hpp"

#include <cstdlib>
#include <sstream>

namespace thalweg {
namespace {

/// "90a" and "100f" hold for their architecture or family alone, also as PTX.
bool runs_on(const std::string& architecture, int device) {
  char* rest = nullptr;
  const auto built = static_cast<int>(std::strtol(architecture.c_str(), &rest, 10));
  const std::string suffix = rest;
  if (built == 0) return true;  // native, all, all-major: whoever built it knew
  const bool specific = suffix.starts_with("a") || suffix.starts_with("f");
  const bool same_family = device / 10 == built / 10 && device >= built;
  if (specific) return suffix.starts_with("a") ? device == built : same_family;
  const bool object = suffix != "-virtual", ptx = suffix != "-real";
  return (object && same_family) || (ptx && device >= built);
}

}  // namespace

bool has_code_for(const std::string& architectures, int major, int minor) {
  std::istringstream list(architectures);
  for (std::string one; std::getline(list, one, ',');) {
    if (runs_on(one, 10 * major + minor)) return true;
  }
  return false;
}

}  // namespace thalweg
