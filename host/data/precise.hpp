#pragma once
// Columns of numbers that float32 rounds off, such as time stamps, dates and ids. Readers keep their doubles,
// and an offset is taken off in double before the numbers become float32 (docs/numerics.md, Offsets).
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "host/data/raw_data.hpp"

namespace thalweg {

/// Columns of a block of rows whose doubles are worth a look, by their float32 values. With a schema: the
/// columns from which it takes an offset.
std::vector<std::int64_t> suspect_columns(const float* cells, std::int64_t rows, std::int64_t width,
                                          const DataSchema* schema);

/// Drops the columns that float32 holds exactly: `cells` are their doubles.
void drop_exact(const float* cells, std::int64_t width, PreciseColumns& precise);

/// Appends rows [from, to) of a block. Call it before the block's cells are appended to data.cells.
void append_precise(const float* cells, const PreciseColumns& block, std::int64_t from, std::int64_t to,
                    RawData& data);

/// The offset of these numbers, 0 where float32 holds them well. NaN: missing. Throws DataError, which begins
/// with `name`, when their distinct values are few in float32 all the same.
double fit_offset(const std::vector<double>& values, const std::vector<std::int64_t>& rows,
                  const std::string& name);

/// Large entries of sparse rows that float32 rounds off: by index, the entry's number and its double.
using RoundedEntries = std::map<std::int32_t, std::vector<std::pair<std::int64_t, double>>>;

/// Whether an entry is large enough for RoundedEntries to be worth a second look.
inline bool may_collapse(float value) { return value >= 0x1p12F || value <= -0x1p12F; }

/// Sparse data keep their zeros, so that no offset helps. Throws DataError for an index whose distinct values
/// are few in float32; raw.precise has the doubles.
void require_distinct_entries(const RawData& raw);

/// The offset of each column by the rows `fit`; empty: no column has one.
std::vector<double> fit_offsets(const RawData& raw, const std::vector<std::int64_t>& fit);
/// Takes the offsets off the cells; gives up the doubles.
void apply_offsets(const std::vector<double>& offset, RawData& raw);

}  // namespace thalweg
