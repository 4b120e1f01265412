// What the program does to its process before anything else, each time in a process of its own.
#include "host/cli/process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

namespace thalweg::cli {
namespace {

/// What `body` gives as the exit code of a child.
int in_a_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }
bool is_null_for_reading(int descriptor) {
  return is_open(descriptor) && (::fcntl(descriptor, F_GETFL) & O_ACCMODE) == O_RDONLY;
}

/// The lowest number that is free.
int next_descriptor() {
  const int next = ::dup(STDERR_FILENO);
  ::close(next);
  return next;
}

/// 0: as promised; else the number of the promise that is broken.
int open_without(int closed) {
  for (const int descriptor : {0, 1, 2}) ::dup2(::open("/dev/null", O_WRONLY), descriptor);
  const int next = next_descriptor();
  for (const int descriptor : {0, 1, 2})
    if ((closed >> descriptor & 1) != 0) ::close(descriptor);
  if (!open_closed_descriptors()) return 1;
  for (const int descriptor : {0, 1, 2})
    if (is_null_for_reading(descriptor) != ((closed >> descriptor & 1) != 0)) return 2;
  return next_descriptor() == next ? 0 : 3;
}

TEST(Process, ClosedStandardDescriptorsAreOpenedForReadingAndOpenOnesStay) {
  for (int closed = 0; closed < 8; ++closed)
    EXPECT_EQ(in_a_child([&] { return open_without(closed); }), 0) << closed;
}

TEST(Process, ADescriptorThatCannotBeOpenedIsTold) {
  const auto without_files = [] {
    ::close(STDERR_FILENO);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_NOFILE, &none);
    return open_closed_descriptors() ? 1 : 0;
  };
  EXPECT_EQ(in_a_child(without_files), 0);
}

TEST(Process, WritesThatFailEndNoProcess) {
  const auto raise_both = [] {
    ignore_write_signals();
    std::raise(SIGPIPE);
    std::raise(SIGXFSZ);
    return 0;
  };
  EXPECT_EQ(in_a_child(raise_both), 0);
}

}  // namespace
}  // namespace thalweg::cli
