#pragma once
// A folder of new files that appears under its name all at once.
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

/// Write its files, then commit. Without commit it never was. What a process that was killed left of the same
/// folder is removed.
class AtomicFolder {
 public:
  /// The folders above it are made. Throws IoError.
  explicit AtomicFolder(const std::string& path);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  /// A file of these bytes, on the disk when it returns.
  void write(std::string_view name, std::span<const std::string_view> parts);
  /// Writes bytes of a file of it anew, from byte `at`; they are on the disk when it returns.
  void overwrite(std::string_view name, std::int64_t at, std::string_view bytes);
  /// Where its files lie until commit.
  const std::string& temporary() const { return temporary_; }
  /// Calls `make_way`, which may free the name, once all is on the disk under another one. Throws IoError
  /// also where there is something of that name by then.
  void commit(const std::function<void()>& make_way = [] {});

 private:
  std::string path_, temporary_;
  std::vector<std::string> files_;  ///< paths, so that the destructor makes none
  bool renamed_ = false;
};

}  // namespace thalweg
