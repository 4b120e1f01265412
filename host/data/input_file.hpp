#pragma once
// A file on the disk, or a pipe. It is opened once, so that no byte of a pipe is lost. After reading, it is
// compared with its state at the opening.
#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/read_progress.hpp"

namespace thalweg {

class InputFile {
 public:
  /// Waits until there is something to read; `progress` hears of a pipe that stays silent, then and later.
  /// Throws NoInputError when `path` is missing or a folder, IoError when it cannot be opened.
  explicit InputFile(const std::string& path, const ReadProgress& progress = {});
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Up to `count` bytes; fewer only at the end, where a file that changed meanwhile is a DataError.
  std::int64_t read(void* to, std::int64_t count);
  /// As ByteSource has them; of a regular file all bytes are there.
  std::int64_t read_ready(void* to, std::int64_t count);
  bool is_ready() const { return regular() || ended_ || readable_within(0); }
  /// `count` bytes at `offset` of a regular file.
  std::string read_at(std::int64_t offset, std::int64_t count) const;
  /// Throws DataError when something has written to the file since it was opened. A pipe has no such state.
  void require_unchanged() const;

  const std::string& path() const { return path_; }
  bool regular() const { return S_ISREG(opened_.st_mode); }
  std::int64_t size() const { return regular() ? opened_.st_size : 0; }  ///< when opened; 0: unknown
  std::int64_t taken() const { return taken_; }

 private:
  void wait_for_bytes();
  std::int64_t read_once(char* to, std::int64_t count);
  bool readable_within(int milliseconds) const;
  struct stat status() const;
  [[noreturn]] void changed(std::int64_t size) const;

  std::string path_;
  ReadProgress progress_;
  int fd_;
  bool told_of_waiting_ = false;
  bool ended_ = false;  ///< a terminal has its end once, and gives bytes again after it
  struct stat opened_ {};
  std::int64_t taken_ = 0;
};

/// Whether one of the paths of a setting gives its bytes only once: standard input, a pipe or a socket.
bool names_pipe(const std::string& setting);

/// Throws ConfigError when two of the paths, which may be lists, are the same pipe: its bytes come once.
void require_pipes_once(const std::vector<std::string>& settings);

}  // namespace thalweg
