#include "host/data/first_bytes.hpp"

#include <algorithm>
#include <cstdint>

#include "host/data/text.hpp"

namespace thalweg {
namespace {

bool is_svm_entry(std::string_view token) {
  const std::size_t colon = token.find(':');
  std::int64_t index;
  return colon != std::string_view::npos && token.find_first_of(",:", colon + 1) == std::string_view::npos &&
         (token.substr(0, colon) == "qid" || parse_integer(token.substr(0, colon), index));
}

/// One number, or several with commas between them: those of a file with several labels a row.
bool is_svm_label(std::string_view token) {
  while (true) {
    const std::size_t comma = std::min(token.find(','), token.size());
    if (!is_number(token.substr(0, comma))) return false;
    if (comma == token.size()) return true;
    token.remove_prefix(comma + 1);
  }
}

}  // namespace

bool looks_like_libsvm(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view row = trimmed(text.substr(0, std::min(end, text.find('#'))));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t gap = row.find_first_of(" \t");
    if (is_svm_entry(row.substr(0, gap))) return true;
    if (gap == std::string_view::npos) continue;
    const std::string_view second = trimmed(row.substr(gap));
    return is_svm_label(row.substr(0, gap)) && is_svm_entry(second.substr(0, second.find_first_of(" \t")));
  }
  return false;
}

}  // namespace thalweg
