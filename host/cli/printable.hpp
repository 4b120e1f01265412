#pragma once
// Names come from data files: what a terminal would take as a command must not reach it.
#include <ostream>
#include <string>
#include <string_view>

namespace thalweg::cli {

/// Control characters become \x and two digits; line ends only where a text has one line.
inline void write_printable(std::string_view text, bool one_line, std::ostream& out) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool control = (byte < 0x20 && (one_line || c != '\n')) || byte == 0x7F;
    if (control) {
      out << "\\x"
          << "0123456789abcdef"[byte >> 4] << "0123456789abcdef"[byte & 15];
    } else {
      out << c;
    }
  }
}

/// A name in a table.
std::string printable(std::string_view name);

}  // namespace thalweg::cli
