#pragma once
// How a reader tells how far it has come, and how much of the machine it takes.
#include <cstdint>
#include <functional>
#include <string>

namespace thalweg {

/// Called now and then on the reading thread: `done` of `total` bytes of `file` (as stored, so compressed
/// ones for .gz); total is 0 where it cannot be known, and kWaiting when nobody has written to a pipe for a
/// second.
using ReadProgress = std::function<void(const std::string& file, std::int64_t done, std::int64_t total)>;

inline constexpr std::int64_t kWaiting = -1;

struct ReadOptions {
  ReadProgress progress = {};
  int threads = 0;  ///< that parse and scale; 0: one for each core, at most 16. The data do not depend on it.
};

}  // namespace thalweg
