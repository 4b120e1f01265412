#pragma once
// Writing a data set of which it is known how it was read.
#include <string>

#include "host/data/shards/conversion_notes.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {

/// write_shards; the set keeps the notes.
ConvertReport write_shards(const Dataset& data, const std::string& folder, const ConvertOptions& options,
                           const ConversionNotes& notes);

/// The note that shards leave out the names of rows, which are in the column.
std::string note_of_row_names(const std::string& source, const std::string& column);

}  // namespace thalweg
