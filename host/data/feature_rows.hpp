#pragma once
// Features out of a store, for code on the host.
#include <cstdint>
#include <vector>

#include "host/data/row_store.hpp"
#include "thalweg/dataset.hpp"

namespace thalweg {

/// Whether dense features are uint8, in memory or in a store.
inline bool holds_bytes(const Dataset& data) {
  return data.store ? data.store->form().dtype == DType::u8 : !data.dense_u8.empty();
}

/// What the rows of a data set have in common, in memory or in a store; in memory without longest_row.
StoredForm form_of_rows(const Dataset& data);

/// Makes `to` the features of the rows ids[0 .. count), in that order. Neighbours are read together, and
/// scattered rows by several threads.
void read_rows(const RowStore& store, const std::int64_t* ids, std::int64_t count, FeatureRows& to);

/// Exchanges the features in memory of a data set, and the number of its rows, with `rows`.
void swap_features(Dataset& data, FeatureRows& rows);

/// Appends rows [begin, begin + count) of `from`.
void append_rows(const FeatureRows& from, std::int64_t begin, std::int64_t count, FeatureRows& to);
/// Appends all of `from`, which are given up.
void append_rows(FeatureRows&& from, FeatureRows& to);

/// Rows of about `bytes`; at least 1.
std::int64_t rows_within(const StoredForm& form, std::int64_t bytes);

}  // namespace thalweg
