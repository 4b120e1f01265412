#pragma once
// A folder for the files of a workload.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "host/checkpoint/files.hpp"

namespace thalweg::bench {

/// A new folder that goes away with its files.
class ScratchFolder {
 public:
  /// In `parent`; empty: where the system has temporary files (TMPDIR).
  explicit ScratchFolder(const std::string& parent)
      : path_((parent.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(parent)) /
              fmt::format("thalweg-bench-{}", getpid())) {
    create_folders(path_);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace thalweg::bench
