#pragma once
// Pairs of text columns that are one more category (data.crosses).
#include <string>
#include <utility>

#include "host/data/csv_layout.hpp"

namespace thalweg {

/// The pairs of features of data.crosses, or of the model. Throws ConfigError for a cross of other than two
/// columns of texts.
std::vector<std::array<std::int32_t, 2>> find_crosses(const ReadRequest& request, const CsvLayout& layout);

/// The text of a pair: "a*b". Stars and backslashes inside have a backslash in front, so that no two pairs
/// have one text.
std::string crossed(const std::string& first, const std::string& second);
/// The two texts of such a pair.
std::pair<std::string, std::string> parts_of_crossed(const std::string& pair);

/// Adds a column for each pair, behind the others: its texts are "a*b". Throws DataError if they are too many
/// for categories.
void add_crosses(const std::vector<std::array<std::int32_t, 2>>& crosses, RawData& data);

}  // namespace thalweg
