#pragma once
// What a process that was killed left of an AtomicFolder.
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

/// The lock of a folder while it lives. It is on the folder, not on its name: a rename keeps it.
class FolderHold {
 public:
  /// Opens the folder; throws IoError.
  explicit FolderHold(const std::string& folder);
  ~FolderHold();
  FolderHold(const FolderHold&) = delete;
  FolderHold& operator=(const FolderHold&) = delete;

  /// False where another thread or process has the lock. True without one where the file system has none.
  bool lock();
  /// The same, once the lock is free.
  void wait();

 private:
  int fd_;
};

/// Null where another thread or process holds the folder. Throws IoError where it cannot be opened.
std::unique_ptr<FolderHold> hold_if_free(const std::string& folder);

/// Throws IoError, which calls the folder `shown`, where another thread or process holds it.
std::unique_ptr<FolderHold> hold_folder(const std::string& folder, std::string_view shown);

/// The temporaries for `path` of processes that are gone, with their folder. Processes of another container
/// count as gone.
std::vector<std::string> stale_temporaries(const std::string& path);

/// Gives what was left of the folder `path` the name `temporary`, and holds it: of several, the one with most
/// files. Null where nothing was left, or nothing that this process may have. Throws IoError where another
/// writes `temporary`.
std::unique_ptr<FolderHold> take_over_leftover(const std::string& path, const std::string& temporary);

/// Removes one of stale_temporaries, except a folder that is held. Throws IoError.
void remove_leftover(const std::string& left);

/// Whether a file holds these bytes, one part after the other.
bool file_holds(const std::string& path, std::span<const std::string_view> parts);

}  // namespace thalweg
