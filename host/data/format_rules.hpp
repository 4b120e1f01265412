#pragma once
// What a format lets a request ask for.
#include "host/data/raw_data.hpp"
#include "host/data/readers.hpp"

namespace thalweg {

/// Throws ConfigError for settings that name something which files of this format lack.
void require_settings_of(const Reader& reader, const ReadRequest& request);

/// Whether rows with their labels may pass by: the other formats are read whole.
bool may_pass_by(const Reader& reader, const ReadRequest& request);

}  // namespace thalweg
