#pragma once
// Files that are not of a known format, by their content: they are refused by name.
#include <string>
#include <string_view>

namespace thalweg {

/// Parquet has a reader, but is foreign to those of text.
bool is_parquet(std::string_view head);

/// Throws DataError if the first bytes are those of another format: an archive, UTF-32 text, HDF5, ...
void refuse_foreign_bytes(const std::string& path, std::string_view head);

/// Throws DataError if the text is not a table of cells: libsvm with labels that are texts or
/// with commas, JSON, a web page, ...
void refuse_no_table(const std::string& path, std::string_view text);

/// Whether the first lines are "label | name:value ...", Vowpal Wabbit's.
bool looks_like_vw(std::string_view text);

}  // namespace thalweg
