#pragma once
// Sparse rows whose indices go beyond the features that are wanted.
#include "host/data/raw_data.hpp"

namespace thalweg {

/// Entries of features beyond data.width are an error that names the first row with one. In data for a model,
/// data.unseen = ignore takes them out, counts them and notes them.
void fit_width(const ReadRequest& request, RawData& data);

}  // namespace thalweg
