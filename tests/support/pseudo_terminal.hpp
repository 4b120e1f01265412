#pragma once
// A terminal that a test reads.
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace thalweg::test {

class PseudoTerminal {
 public:
  explicit PseudoTerminal(int columns, int rows) : ours_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    if (ours_ < 0 || ::grantpt(ours_) != 0 || ::unlockpt(ours_) != 0) throw std::runtime_error("no terminal");
    theirs_ = ::open(::ptsname(ours_), O_RDWR | O_NOCTTY | O_CLOEXEC);
    termios settings{};
    ::tcgetattr(theirs_, &settings);
    settings.c_oflag &= ~static_cast<tcflag_t>(OPOST);  // "\n" stays "\n"
    ::tcsetattr(theirs_, TCSANOW, &settings);
    resize(columns, rows);
  }
  ~PseudoTerminal() {
    close_theirs();
    ::close(ours_);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  /// 0: it does not tell.
  void resize(int columns, int rows) const {
    winsize size{};
    size.ws_col = static_cast<unsigned short>(columns);
    size.ws_row = static_cast<unsigned short>(rows);
    ::ioctl(ours_, TIOCSWINSZ, &size);
  }
  /// The descriptor for the program.
  int theirs() const { return theirs_; }
  /// Once the program has it: with it the last one is closed.
  void close_theirs() {
    if (theirs_ >= 0) ::close(theirs_);
    theirs_ = -1;
  }
  /// Adds what was written meanwhile. False when there is nothing for that long, or the program has closed
  /// the terminal.
  bool read_into(std::string& text, int milliseconds) const {
    pollfd wanted{.fd = ours_, .events = POLLIN, .revents = 0};
    if (::poll(&wanted, 1, milliseconds) <= 0) return false;
    char piece[4096];
    const ssize_t count = ::read(ours_, piece, sizeof piece);
    if (count > 0) text.append(piece, static_cast<std::size_t>(count));
    return count > 0;
  }

 private:
  int ours_, theirs_ = -1;
};

}  // namespace thalweg::test
