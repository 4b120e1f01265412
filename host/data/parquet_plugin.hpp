#pragma once
// The library that reads Parquet: a plugin, because it links Arrow, which few machines have
// (plugins/parquet).
#include <string>

#include "thalweg/arrow.hpp"

namespace thalweg {

/// Opens a Parquet file as a stream of its rows. Throws DataError if the file is damaged, and if the plugin
/// is missing or of another version: it then says how to get it.
void open_parquet(const std::string& path, ArrowArrayStream& stream);

}  // namespace thalweg
