#pragma once
// Checks of features, as they lie in memory or as they come from a store.
#include <cstdint>
#include <string>

#include "host/data/row_store.hpp"
#include "thalweg/validate.hpp"

namespace thalweg {

/// Position of the first of a row's columns that is out of range or not above the one before it; `count`:
/// none.
std::int64_t first_bad_column(const std::int32_t* columns, std::int64_t count, std::int64_t features);

/// Throws DataError for the column at that position. `where` names the row.
[[noreturn]] void refuse_column(const std::string& where, const std::int32_t* columns, std::int64_t at,
                                std::int64_t features);
[[noreturn]] void refuse_value(const std::string& where, std::int64_t feature, float value);

/// Checks features that were read from the store of `data`: finite values, and columns of sparse rows. They
/// are those of the rows `ids`, one for each. Throws DataError naming row and feature.
void check_read_rows(const Dataset& data, const std::int64_t* ids, const FeatureRows& rows,
                     MissingValues missing);

}  // namespace thalweg
