#pragma once
// Checks of a data set, with the threads that they may take.
#include <cstdint>
#include <string>
#include <vector>

#include "host/data/memory_rows.hpp"
#include "thalweg/validate.hpp"

namespace thalweg {

/// As validate, but features in a store are left to whoever reads them (check_read_rows); `threads`: as
/// ReadOptions::threads.
void validate_data(const Dataset& data, MissingValues missing, int threads);

/// The part of it that predictions need besides finite features: lengths, the transform, sparse columns.
void validate_form(const Dataset& data, int threads);
void require_finite_features(const Dataset& data, MissingValues missing, int threads);

/// The part of it that takes no look at the values: lengths, and the offsets of sparse rows.
void validate_lengths(const Dataset& data);

/// Throws ShapeError naming the first id that is not one of the `rows` of `source`, and its position.
void require_row_ids(std::int64_t rows, const std::vector<std::int64_t>& ids, const std::string& source);
inline void require_row_ids(const Dataset& data, const std::vector<std::int64_t>& ids) {
  require_row_ids(data.rows, ids, source_of(data));
}

}  // namespace thalweg
