#pragma once
// A run's claim on its folder: two runs in one folder would remove each other's checkpoints and logs.
#include <functional>
#include <string>

namespace thalweg {

enum class Holder { none, run, unknown };  ///< unknown: the file system knows no locks

/// Who has a run's folder now. Throws IoError where the folder cannot be opened.
Holder holder_of(const std::string& folder);
/// Whether the process that had the folder last ended without letting go of it: it was killed. Only where
/// nobody has it now.
bool was_held(const std::string& folder);

/// Holds the folder while it lives. The lock is the system's, on the folder itself, and goes with the process
/// however that ends. A file in the folder says who holds it; whoever removes that file removes no lock.
class RunLock {
 public:
  /// Throws IoError naming the process that has the folder. Where the file system knows no locks, `note`
  /// hears of it and nothing is held.
  RunLock(const std::string& folder, const std::function<void(const std::string&)>& note);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  void take(const std::function<void(const std::string&)>& note);
  int claim();
  void name_holder() const;
  void release();

  std::string folder_, holder_file_;
  int fd_ = -1;
  bool held_ = false;
};

}  // namespace thalweg
