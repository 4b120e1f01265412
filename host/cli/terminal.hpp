#pragma once
// The terminal that a stream writes to: its window, and what it can show.
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

namespace thalweg::cli {

struct Window {
  int columns = 80, rows = 24;
};

/// The window of the terminal that `stream` writes to; nothing where that is a file, a pipe or a string. A
/// terminal that does not tell its size has the usual one.
std::optional<Window> window_of(const std::ostream& stream);
/// The width of that window; without one, room for any table.
int table_columns(const std::ostream& stream);

/// What may be written besides plain text.
struct Abilities {
  bool moves = false;    ///< the cursor can go back and write over lines
  bool blocks = false;   ///< Unicode block elements; else ASCII
  bool colours = false;  ///< bold and coloured words
};

/// The value of a variable of the environment; empty where it is not set.
using Environment = std::function<std::string(const char* name)>;
std::string process_environment(const char* name);

/// By TERM, NO_COLOR (https://no-color.org) and the locale's name. Without a terminal nothing moves and
/// nothing has a colour.
Abilities abilities_of(bool terminal, const Environment& environment);

}  // namespace thalweg::cli
