#pragma once
// Settings of files, which mean nothing to data in memory.
#include "thalweg/config.hpp"

namespace thalweg {

/// Throws ConfigError naming the first setting that names a file or rows of one, or asks of it what rows in
/// memory do not have.
void require_no_files(const DataConfig& config);

/// Throws ConfigError naming the first setting that names a column: a data set of numbers has none.
void require_no_columns(const DataConfig& config);

}  // namespace thalweg
