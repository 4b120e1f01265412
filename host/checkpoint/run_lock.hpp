#pragma once
// A run's claim on its folder: two runs in one folder would remove each other's checkpoints and logs.
#include <functional>
#include <string>

#include "host/checkpoint/files.hpp"

namespace thalweg {

/// Holds the folder while it lives. The lock is the system's, on a file in the folder, and goes with the
/// process however that ends; the file stays and says who had it last.
class RunLock {
 public:
  /// Throws IoError naming the process that has the folder. Where the file system knows no locks, `note`
  /// hears of it and nothing is held.
  RunLock(const std::string& folder, const std::function<void(const std::string&)>& note);

 private:
  OutputFile file_;
};

}  // namespace thalweg
