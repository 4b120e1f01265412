#pragma once
// "~" at the begin of a path. A shell expands it in a word of its own, but not behind "=", and never in a
// file.
#include <string>
#include <string_view>

#include "thalweg/config.hpp"

namespace thalweg {

/// "~" and "~/x" with the user's home folder, other texts as they are. Throws ConfigError for the home of
/// another user ("~name/x"), or where the environment names none.
std::string with_home(const std::string& path);

/// Does so for the setting of that full key, if it names a file or folder.
void expand_home(Config& config, std::string_view key);

}  // namespace thalweg
