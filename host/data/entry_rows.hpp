#pragma once
// Rows of a block as entries: features and their values.
#include <cstdint>
#include <utility>
#include <vector>

#include "host/data/raw_data.hpp"

namespace thalweg {

struct EntryRows {
  std::vector<std::int64_t> ends;  // end of each row in columns
  std::vector<std::int32_t> columns;
  std::vector<float> values;
};

/// Appends the rows [from, to) of a block.
void append_entries(const EntryRows& block, std::int64_t from, std::int64_t to, RawData& data);

/// Ends a row with these entries, in any order: ascending, those of one feature added up, without zeros.
void end_row(std::vector<std::pair<std::int32_t, float>>& entries, EntryRows& rows);

}  // namespace thalweg
