#pragma once
// Texts that were meant as numbers, or as no value, but are written in a way that no setting said: they are
// refused, since as categories they would train in silence.
#include <optional>
#include <string>
#include <string_view>

namespace thalweg {

struct NumberLook {
  std::string_view what;                                      ///< "a number with a decimal comma"
  std::string_view way_out = "a plain number such as -12.5";  ///< or the setting that reads it
};

/// What `text`, which is not a number, looks like; nothing for a word.
std::optional<NumberLook> number_look(std::string_view text);

/// The same for a cell that the settings do not read as a number: data.decimal = comma may be what is wrong.
std::optional<NumberLook> look_of_no_number(std::string_view text);

bool has_decimal_comma(std::string_view text);

/// Whether a text such as "-", "." or "none" stands for a missing value.
bool is_placeholder(std::string_view text);

/// Says of a cell that is not a number what it looks like and the way out, as the end of a message after "got
/// TEXT"; empty for a word. `column` is the column's name or index, as data.categorical takes it.
std::string looks_like(std::string_view text, const std::string& column);

}  // namespace thalweg
