#pragma once
// What the sources of files.hpp share.
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

/// Throws IoError "ACTION PATH: " with the system's reason for `error`.
[[noreturn]] void throw_io_error(const char* action, std::string_view path, int error);

/// Adds what lies in a folder to `names`; gives 0 or the system's error.
int list_folder(const std::string& folder, std::vector<std::string>& names);

}  // namespace thalweg
