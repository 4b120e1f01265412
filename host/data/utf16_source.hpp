#pragma once
// UTF-16, as spreadsheets write it: told by its byte order mark, read as UTF-8.
#include <memory>
#include <string>
#include <string_view>

#include "host/data/byte_source.hpp"

namespace thalweg {

constexpr std::size_t kOrderMarkBytes = 4;

/// Whether the bytes, kOrderMarkBytes if there are as many, begin with the mark of UTF-16; UTF-32's is
/// another.
bool begins_utf16(std::string_view head);

/// The text of `source` as UTF-8, without the mark. Throws DataError for half a character.
std::unique_ptr<ByteSource> utf8_of_utf16(const std::string& path, std::unique_ptr<ByteSource> source);

/// Appends a character as UTF-8.
void append_utf8(std::uint32_t point, std::string& text);

}  // namespace thalweg
