#pragma once
#include <string>

#include "host/json/json.hpp"

namespace thalweg::cli {

/// The keys of an object and their values as lines; "segments", names with their shapes, stand below each
/// other.
std::string as_text(const Json& object);

}  // namespace thalweg::cli
