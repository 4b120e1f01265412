#pragma once
// A pipe, and one with a path and somebody who writes to it.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>

namespace thalweg::test {

struct PipeEnds {
  PipeEnds() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    reader = ends[0], writer = ends[1];
  }
  ~PipeEnds() {
    close(reader);
    close(writer);
  }
  PipeEnds(const PipeEnds&) = delete;
  PipeEnds& operator=(const PipeEnds&) = delete;

  static void close(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }

  int reader, writer;
};

/// Bytes that come through a pipe, as from `cat FILE |` or `<(cat FILE)`: once, and in pieces.
class Pipe {
 public:
  explicit Pipe(std::string bytes) {
    writer_ = std::thread([this, bytes = std::move(bytes)] {
      constexpr std::size_t kPiece = 1000;  // divides neither a page nor a block
      for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t done = ::write(ends_.writer, bytes.data() + at, std::min(kPiece, bytes.size() - at));
        if (done <= 0) break;
        at += static_cast<std::size_t>(done);
      }
      PipeEnds::close(ends_.writer);
    });
  }
  /// The rest is read, so that the writer ends.
  ~Pipe() {
    char piece[4096];
    while (::read(ends_.reader, piece, sizeof(piece)) > 0) continue;
    writer_.join();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(ends_.reader); }

 private:
  PipeEnds ends_;
  std::thread writer_;
};

}  // namespace thalweg::test
