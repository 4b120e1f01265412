#include "host/config/choice.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "host/config/keys.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

std::string value_problem(std::string_view key, std::string_view shown, std::string_view wanted,
                          std::string_view suggestion) {
  return fmt::format("{} = {}: wanted {}{}", key, shown, wanted, suggestion);
}

void refuse_value(std::string_view key, std::string_view shown, std::string_view wanted,
                  std::string_view suggestion) {
  throw ConfigError(value_problem(key, shown, wanted, suggestion));
}

std::string one_of(const std::vector<std::string>& names) {
  return fmt::format("one of {}", fmt::join(names, ", "));
}

std::string plain_word(std::string_view written) {
  std::string word(written);
  for (char& c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-' || c == ' ') c = '_';
  }
  return word;
}

std::string suggestion_for(std::string_view word, const std::vector<std::string>& names,
                           const std::vector<std::string>& meant) {
  if (!meant.empty()) return did_you_mean_these(meant);
  return word.size() > 1 ? did_you_mean(word, names) : "";  // any letter is near to any other
}

}  // namespace thalweg
