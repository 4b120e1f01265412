#pragma once
// What a config asks of a context and of the readers.
#include <string>

#include "thalweg/config.hpp"
#include "thalweg/context.hpp"
#include "thalweg/read_progress.hpp"

namespace thalweg {

/// `device`: that of the config, or another one that does the same work.
inline ContextOptions context_options(const Config& config, const std::string& device) {
  return {.device = device, .numerics = config.numerics, .threads = static_cast<int>(config.train.threads)};
}

inline ContextOptions context_options(const Config& config) { return context_options(config, config.device); }

inline ReadOptions read_options(const Config& config, const ReadProgress& progress) {
  return {.progress = progress, .threads = static_cast<int>(config.train.threads)};
}

}  // namespace thalweg
