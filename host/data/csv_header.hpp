#pragma once
// Whether the first line of a CSV file names the columns, and how.
#include "host/data/cell_rules.hpp"
#include "host/data/csv_layout.hpp"

namespace thalweg {

/// Names of the columns; empty if the first record is a row. A column without a name is called "Unnamed: 0",
/// after its index, as other tools do.
std::vector<std::string> header_names(const ReadRequest& request, const CellRules& rules,
                                      const CsvRecords& records);

/// Cuts the header of a further file off its first block. Throws DataError if it does not name the columns of
/// `first_file`, in their order.
void drop_same_header(const ReadRequest& part, const std::string& first_file, const CsvLayout& layout,
                      TextBlock& block);

}  // namespace thalweg
