#pragma once
// JSON of a file that somebody else may have written.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

namespace thalweg {

/// Parses `text`, whose lists and objects may lie at most `deepest` inside each other: the library calls
/// itself for every level when a value is printed or compared. A key that stands twice is refused: readers
/// differ in which one they take. Throws DataError with the reason.
nlohmann::json parse_json(std::string_view text, int deepest);

/// Throws DataError for anything but an integer: a number with a fraction may lie beyond every integer, where
/// converting it has no meaning.
std::int64_t whole_number(const nlohmann::json& value);

}  // namespace thalweg
