#pragma once
// Choices as text: reading one, and what is said of a text that names none.
#include <string>
#include <string_view>
#include <vector>

#include "host/config/other_names.hpp"

namespace thalweg {

template <class E>
std::vector<std::string> names_of() {
  std::vector<std::string> names;
  for (const Named<E>& entry : kNames<E>) names.emplace_back(entry.name);
  return names;
}

/// `key = value: wanted this; did you mean "that"?` as a ConfigError: what is said of every wrong value.
std::string value_problem(std::string_view key, std::string_view shown, std::string_view wanted,
                          std::string_view suggestion = {});
[[noreturn]] void refuse_value(std::string_view key, std::string_view shown, std::string_view wanted,
                               std::string_view suggestion = {});

/// "one of a, b, c"
std::string one_of(const std::vector<std::string>& names);

/// In small letters, with '_' for '-' and blanks: words that differ in nothing else mean the same.
std::string plain_word(std::string_view written);

/// "; did you mean ..." for a word that is none of `names`: those in `meant`, else the nearest.
std::string suggestion_for(std::string_view word, const std::vector<std::string>& names,
                           const std::vector<std::string>& meant);

template <NamedEnum E>
std::string suggestion_for_choice(std::string_view written) {
  const std::string word = plain_word(written);
  std::vector<std::string> meant;
  for (const Named<E>& other : kOtherNames<E>)
    if (other.name == word || other.name == written) meant.emplace_back(name_of(other.value));
  return suggestion_for(word, names_of<E>(), meant);
}

/// Reads a name or an accepted spelling; false leaves `value` as it was.
template <NamedEnum E>
bool value_from_text(std::string_view text, E& value) {
  std::optional<E> found = value_named<E>(text);
  for (const Named<E>& spelling : kSpellings<E>)
    if (spelling.name == text) found = spelling.value;
  if (found) value = *found;
  return found.has_value();
}

/// The choice that `text` names. Throws ConfigError about `key` otherwise.
template <NamedEnum E>
E choice_named(std::string_view key, const std::string& text) {
  E value{};
  if (!value_from_text(text, value))
    refuse_value(key, '"' + text + '"', one_of(names_of<E>()), suggestion_for_choice<E>(text));
  return value;
}

}  // namespace thalweg
