#pragma once
// Which column of a CSV file is the target, the weight, a feature or left out.
#include "host/data/csv_layout.hpp"

namespace thalweg {

/// Sets role and feature index of layout.columns (all of them, by number) from names, settings and schema.
/// Throws ConfigError for a column that the settings name and the file lacks, DataError for a file that does
/// not have the schema's columns.
void assign_csv_roles(const ReadRequest& request, CsvLayout& layout);

/// The column called `name`, else the one with that index (negative ones count from the end), else -1.
std::int32_t find_column(const CsvLayout& layout, const std::string& name);

}  // namespace thalweg
