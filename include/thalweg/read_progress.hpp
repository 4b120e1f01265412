#pragma once
// How a reader reports its progress, and how many threads it may use.
// Example: read_progress_example in examples/tour.cpp.
#include <cstdint>
#include <functional>
#include <string>

namespace thalweg {

/// The reading thread calls it now and then, with `done` of `total` bytes of `file` as stored (compressed
/// bytes for .gz). A total of 0 is unknown. A total of kWaiting means that nobody has written to a pipe for a
/// second.
using ReadProgress = std::function<void(const std::string& file, std::int64_t done, std::int64_t total)>;

inline constexpr std::int64_t kWaiting = -1;

/// For the functions that read data files.
struct ReadOptions {
  ReadProgress progress = {};
  int threads = 0;  ///< that parse and scale; 0: one for each core, at most 16. The data do not depend on it.
};

}  // namespace thalweg
