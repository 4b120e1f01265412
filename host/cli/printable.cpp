#include "host/cli/printable.hpp"

#include <sstream>

namespace thalweg::cli {

std::string printable(std::string_view name) {
  std::ostringstream text;
  write_printable(name, true, text);
  return text.str();
}

}  // namespace thalweg::cli
