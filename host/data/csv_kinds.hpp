#pragma once
// Which columns of a CSV file hold numbers and which hold texts, from its first records.
#include "host/data/cell_rules.hpp"
#include "host/data/csv_layout.hpp"

namespace thalweg {

/// Makes columns of texts CsvRole::text or target_text. Throws DataError for a column of texts that were
/// meant as numbers.
void find_csv_kinds(const ReadRequest& request, const CellRules& rules, const CsvRecords& records,
                    CsvLayout& layout);

}  // namespace thalweg
