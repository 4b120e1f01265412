#include "host/cli/shown_width.hpp"

#include <algorithm>
#include <cstdint>

namespace thalweg::cli {
namespace {

constexpr std::string_view kCut = "...";
constexpr std::uint32_t kFirstWide = 0x1100, kFirstBlock = 0x2500, kLastBlock = 0x259F;

struct Character {
  std::size_t bytes = 1;
  int columns = 1;
};

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t bytes_announced(unsigned char first) {
  if (first >= 0xF0) return 4;
  if (first >= 0xE0) return 3;
  return first >= 0xC0 ? 2 : 1;
}

/// The first one of a text that is not empty.
Character first_of(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = bytes_announced(first);
  if (bytes == 1 || text.size() < bytes) return {};
  std::uint32_t code = first & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!continues(text[i])) return {};
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const bool block = code >= kFirstBlock && code <= kLastBlock;
  return {bytes, code >= kFirstWide && !block ? 2 : 1};
}

}  // namespace

int shown_width(std::string_view text) {
  int columns = 0;
  while (!text.empty()) {
    const Character character = first_of(text);
    columns += character.columns;
    text.remove_prefix(character.bytes);
  }
  return columns;
}

std::string without_end(std::string_view text, int width) {
  if (shown_width(text) <= width) return std::string(text);
  if (width < static_cast<int>(kCut.size()))
    return std::string(kCut.substr(0, static_cast<std::size_t>(std::max(width, 0))));
  const int room = width - static_cast<int>(kCut.size());
  std::size_t end = 0;
  for (int columns = 0; end < text.size();) {
    const Character character = first_of(text.substr(end));
    columns += character.columns;
    if (columns > room) break;
    end += character.bytes;
  }
  return std::string(text.substr(0, end)) += kCut;
}

std::string without_begin(std::string_view text, int width) {
  if (shown_width(text) <= width) return std::string(text);
  std::string_view kept = text;
  while (!kept.empty() && shown_width(kept) + static_cast<int>(kCut.size()) > width)
    kept.remove_prefix(first_of(kept).bytes);
  return without_end(std::string(kCut) += kept, width);
}

std::string padded_right(std::string text, int width) {
  return text += std::string(static_cast<std::size_t>(std::max(width - shown_width(text), 0)), ' ');
}

std::string padded_left(std::string text, int width) {
  return std::string(static_cast<std::size_t>(std::max(width - shown_width(text), 0)), ' ') += text;
}

}  // namespace thalweg::cli
