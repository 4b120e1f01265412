#pragma once
// How a CSV file separates its cells, and which of its lines are comments.
#include <string>
#include <string_view>

#include "host/data/csv_cells.hpp"
#include "host/data/raw_data.hpp"

namespace thalweg {

char detect_delimiter(const DataConfig& config, const std::string& path, std::string_view text);

/// Throws DataError for commas between cells where data.decimal takes them for decimal marks.
CsvDialect find_dialect(const ReadRequest& request, std::string_view text);

}  // namespace thalweg
