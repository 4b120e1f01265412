#pragma once
// What the disk gives: blocks of files read past the page cache, by several threads.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/bench/protocol.hpp"

namespace thalweg::bench {

enum class DiskOrder { sequential, random };

/// Files open for reading. The page cache is passed by where the file system takes that (O_DIRECT).
class Disk {
 public:
  /// Throws IoError naming the file that cannot be opened.
  Disk(std::vector<std::string> paths, int threads);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  /// Bytes of each read when `wanted` (a multiple of 4096) are: whole pages of the smallest file at the most.
  std::int64_t block_bytes(std::int64_t wanted) const;
  /// The next `count` blocks of that order, as numbers from the first of the first file; after the last comes
  /// the first again, or another random order.
  std::vector<std::int64_t> next(DiskOrder order, std::int64_t block, std::int64_t count) const;
  /// Reads these. Throws IoError.
  void read(DiskOrder order, std::int64_t block, std::int64_t count) const;

 private:
  struct File {
    std::string path;
    std::int64_t bytes;
    int fd;
  };
  std::int64_t blocks(std::int64_t block) const;
  void read_block(std::int64_t number, std::int64_t block) const;

  std::vector<File> files_;
  int threads_;
  mutable std::atomic<std::int64_t> blocks_read_ = 0;
};

/// The rate of such reads, in bytes per second.
std::shared_ptr<Limit> disk_limit(const std::shared_ptr<const Disk>& disk, DiskOrder order,
                                  std::int64_t block, std::int64_t count);

}  // namespace thalweg::bench
