#pragma once
// A folder of new files that appears under its name all at once.
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/checkpoint/leftover_folder.hpp"

namespace thalweg {

/// What becomes of files that a process left of the same folder when it was killed.
enum class Leftovers { removed, reused };

/// Write its files, then commit. Without commit it never was.
class AtomicFolder {
 public:
  /// The folders above it are made. Throws IoError; with Leftovers::reused also where the folder is being
  /// written already.
  explicit AtomicFolder(const std::string& path, Leftovers leftovers = Leftovers::removed);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  /// A file of these bytes, on the disk when it returns. One that was left with the same bytes stays.
  void write(std::string_view name, std::span<const std::string_view> parts);
  /// Writes bytes of a file of it anew, from byte `at`; they are on the disk when it returns.
  void overwrite(std::string_view name, std::int64_t at, std::string_view bytes);
  /// Where its files lie until commit.
  const std::string& temporary() const { return temporary_; }
  /// Calls `make_way`, which may free the name, once all is on the disk under another one. Throws IoError
  /// also where there is something of that name by then.
  void commit(const std::function<void()>& make_way = [] {});
  /// Files that were left, and those of them that stayed.
  std::int64_t found() const { return found_; }
  std::int64_t reused() const { return reused_; }

 private:
  AtomicFolder(const std::string& path, std::string temporary);
  void take_over();

  std::string path_, temporary_;
  std::vector<std::string> files_;  ///< paths, so that the destructor makes none
  std::vector<std::string> left_;   ///< names of files that were left, until they are written
  std::unique_ptr<FolderHold> hold_;
  std::int64_t found_ = 0, reused_ = 0;
  bool mine_ = false, renamed_ = false;
};

}  // namespace thalweg
