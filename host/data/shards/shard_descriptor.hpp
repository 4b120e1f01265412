#pragma once
// Open files of shards: a process may have few, and a set many.
#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace thalweg {

/// A file that is read. It stays open while this lives, if the process has descriptors to spare; else each
/// Use opens it.
class ShardDescriptor {
 public:
  /// Throws DataError if there is no such file, or if it has another size; IoError if it cannot be opened.
  ShardDescriptor(std::string path, std::int64_t bytes);
  ~ShardDescriptor();
  ShardDescriptor(const ShardDescriptor&) = delete;
  ShardDescriptor& operator=(const ShardDescriptor&) = delete;

  const std::string& path() const { return path_; }

  /// The file, open. Threads may have uses of the same file at the same time.
  class Use {
   public:
    /// Throws as the constructor above, and DataError if another file has taken the place.
    explicit Use(const ShardDescriptor& file);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    int fd() const { return fd_; }

   private:
    const bool own_;
    int fd_;
  };

 private:
  int open_file() const;
  void require_unchanged(int fd) const;

  std::string path_;
  std::int64_t bytes_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  int kept_ = -1;
};

}  // namespace thalweg
