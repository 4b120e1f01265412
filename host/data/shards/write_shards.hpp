#pragma once
// Writing a data set of which it is known how it was read.
#include "host/data/shards/conversion_notes.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {

/// write_shards; the set keeps the notes.
ConvertReport write_shards(const Dataset& data, const std::string& folder, const ConvertOptions& options,
                           const ConversionNotes& notes);

}  // namespace thalweg
