#pragma once
// A pipe with a path, and somebody who writes to it.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>

namespace thalweg::test {

/// Bytes that come through a pipe, as from `cat FILE |` or `<(cat FILE)`: once, and in pieces.
class Pipe {
 public:
  explicit Pipe(std::string bytes) {
    if (::pipe2(ends_, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    writer_ = std::thread([this, bytes = std::move(bytes)] {
      constexpr std::size_t kPiece = 1000;  // divides neither a page nor a block
      for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t done = ::write(ends_[1], bytes.data() + at, std::min(kPiece, bytes.size() - at));
        if (done <= 0) break;
        at += static_cast<std::size_t>(done);
      }
      ::close(ends_[1]);
    });
  }
  /// The rest is read, so that the writer ends.
  ~Pipe() {
    char piece[4096];
    while (::read(ends_[0], piece, sizeof(piece)) > 0) continue;
    writer_.join();
    ::close(ends_[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(ends_[0]); }

 private:
  int ends_[2];
  std::thread writer_;
};

}  // namespace thalweg::test
