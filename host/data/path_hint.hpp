#pragma once
#include <string>

namespace thalweg {

/// Says what may have been meant by a path that no file has: a pattern or a list of files; else empty.
std::string hint_at_path(const std::string& path);

}  // namespace thalweg
