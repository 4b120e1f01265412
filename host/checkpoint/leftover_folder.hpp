#pragma once
// What a process that was killed left of an AtomicFolder.
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

/// The temporaries for `path` of processes that are gone, with their folder.
std::vector<std::string> stale_temporaries(const std::string& path);

/// Gives what was left of the folder `path` the name `temporary`: of several, the one with most files. False
/// where nothing was left, or nothing that this process may have.
bool take_over_leftover(const std::string& path, const std::string& temporary);

/// Whether a file holds these bytes, one part after the other.
bool file_holds(const std::string& path, std::span<const std::string_view> parts);

/// No other thread or process holds the same folder while it lives, where the file system has locks. Throws
/// IoError, which calls the folder `shown`, if one does.
class FolderHold {
 public:
  FolderHold(const std::string& folder, std::string_view shown);
  ~FolderHold();
  FolderHold(const FolderHold&) = delete;
  FolderHold& operator=(const FolderHold&) = delete;

 private:
  int fd_;
};

}  // namespace thalweg
