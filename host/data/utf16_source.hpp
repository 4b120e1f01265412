#pragma once
// UTF-16, as spreadsheets write it: told by its byte order mark, read as UTF-8.
#include <memory>
#include <string>

#include "host/data/byte_source.hpp"

namespace thalweg {

/// The bytes of `source`, or, if they begin with the mark of UTF-16, their text as UTF-8 without the mark.
/// Reading throws DataError for half a character.
std::unique_ptr<ByteSource> as_utf8(const std::string& path, std::unique_ptr<ByteSource> source);

/// Appends a character as UTF-8.
void append_utf8(std::uint32_t point, std::string& text);

}  // namespace thalweg
