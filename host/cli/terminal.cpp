#include "host/cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <limits>

#include "host/cli/descriptor_buffer.hpp"
#include "host/data/text.hpp"

namespace thalweg::cli {
namespace {

/// -1: the stream has none.
int descriptor_of(const std::ostream& stream) {
  if (&stream == &std::cerr) return STDERR_FILENO;
  const auto* const buffer = dynamic_cast<const DescriptorBuffer*>(stream.rdbuf());
  return buffer != nullptr ? buffer->descriptor() : -1;
}

/// In the order in which they count (locale(7)).
bool is_utf8(const Environment& environment) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = in_lower_case(environment(name));
    if (value.empty()) continue;
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace

std::optional<Window> window_of(const std::ostream& stream) {
  const int descriptor = descriptor_of(stream);
  if (descriptor < 0 || ::isatty(descriptor) == 0) return std::nullopt;
  Window window;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0) return window;
  if (size.ws_col > 0) window.columns = size.ws_col;
  if (size.ws_row > 0) window.rows = size.ws_row;
  return window;
}

int table_columns(const std::ostream& stream) {
  const std::optional<Window> window = window_of(stream);
  return window ? window->columns : std::numeric_limits<int>::max();
}

std::string process_environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

Abilities abilities_of(bool terminal, const Environment& environment) {
  const bool moves = terminal && environment("TERM") != "dumb";
  return {
      .moves = moves, .blocks = is_utf8(environment), .colours = moves && environment("NO_COLOR").empty()};
}

}  // namespace thalweg::cli
