#include "host/config/byte_size.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace thalweg {
namespace {

struct Unit {
  std::string_view name;  ///< in lower case
  double bytes;
};
constexpr std::array<Unit, 14> kUnits{{{"", 1},
                                       {"b", 1},
                                       {"k", 1e3},
                                       {"kb", 1e3},
                                       {"m", 1e6},
                                       {"mb", 1e6},
                                       {"g", 1e9},
                                       {"gb", 1e9},
                                       {"t", 1e12},
                                       {"tb", 1e12},
                                       {"kib", 0x1p10},
                                       {"mib", 0x1p20},
                                       {"gib", 0x1p30},
                                       {"tib", 0x1p40}}};

}  // namespace

std::optional<std::int64_t> bytes_from(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  std::string unit(text);
  for (char& c : unit) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const auto& [name, bytes] : kUnits) {
    if (unit != name) continue;
    const double size = std::floor(number * bytes);
    return size >= 1 && size < 0x1p62 ? std::optional(static_cast<std::int64_t>(size)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace thalweg
