#pragma once
// Sparse rows whose indices go beyond the features that are wanted.
#include "host/data/raw_data.hpp"

namespace thalweg {

/// Throws DataError naming the first row with a feature beyond data.width, and `way_out`.
void check_width(const RawData& data, const char* way_out);

/// Takes the entries of such features out, counts them and notes them.
void drop_unseen(RawData& data);

}  // namespace thalweg
