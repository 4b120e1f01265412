#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg {

/// Writes the bytes from byte `at` of a file that is there; they are on the disk when it returns. Throws
/// IoError, which calls the file `shown`.
void overwrite(const std::string& path, std::int64_t at, std::string_view bytes, const std::string& shown);

}  // namespace thalweg
