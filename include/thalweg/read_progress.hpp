#pragma once
// How a reader tells how far it has come.
#include <cstdint>
#include <functional>
#include <string>

namespace thalweg {

/// Called now and then on the reading thread: `done` of `total` bytes of `file` (as stored, so compressed
/// ones for .gz); total is 0 where it cannot be known.
using ReadProgress = std::function<void(const std::string& file, std::int64_t done, std::int64_t total)>;

/// Whether a call tells of a pipe to which nobody has written for a second: it is waited for.
inline bool is_waiting(std::int64_t done, std::int64_t total) { return done == 0 && total == 0; }

}  // namespace thalweg
