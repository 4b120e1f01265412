#include "host/cli/live_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <string_view>

#include "host/cli/shown_width.hpp"

namespace thalweg::cli {
namespace {

constexpr const char *kHideCursor = "\033[?25l", *kShowCursor = "\033[?25h";
constexpr const char *kClearLine = "\033[K", *kClearBelow = "\033[J";

/// Without its codes of colours.
int width_of(std::string_view line) {
  std::string plain;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\033') {
      at = line.find('m', at);
    } else {
      plain += line[at];
    }
  }
  return shown_width(plain);
}

/// Where a terminal breaks the line anew.
int rows_of(int width, int columns) { return std::max(1, (width + columns - 1) / columns); }

}  // namespace

void LiveText::draw(const std::string& text, int columns) {
  int rows = 0;
  for (const int width : widths_) rows += rows_of(width, std::max(columns, 1));
  std::string drawing = kHideCursor;
  if (rows > 0) drawing += fmt::format("\r\033[{}A", rows);
  widths_.clear();
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    widths_.push_back(width_of(line));
    drawing.append(line).append(kClearLine).append("\n");
  }
  out_ << drawing << kClearBelow << kShowCursor << std::flush;  // mutant: cursor-shown
}

}  // namespace thalweg::cli
