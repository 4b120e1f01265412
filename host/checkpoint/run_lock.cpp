#include "host/checkpoint/run_lock.hpp"

#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <thread>

#include "host/checkpoint/file_ops.hpp"
#include "host/checkpoint/files.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// holder_of has the lock for an instant. A run that begins in it must not be refused, so it tries again.
constexpr int kAttempts = 5;
constexpr auto kBetweenAttempts = std::chrono::milliseconds(10);

std::string holder_file_of(const std::string& folder) { return join_path(folder, ".lock"); }

std::string this_process() {
  char host[256] = "";
  ::gethostname(host, sizeof(host) - 1);
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char since[32] = "";
  std::strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S UTC", &utc);
  return fmt::format("pid {}, on {}, since {}", ::getpid(), host, since);
}

/// Empty where nobody can tell.
std::string words_of(const std::string& holder_file) {
  try {
    return " (" + read_file(holder_file) + ")";
  } catch (const Error&) {
    return "";
  }
}

}  // namespace

RunLock::RunLock(const std::string& folder, const std::function<void(const std::string&)>& note)
    : folder_(folder), holder_file_(holder_file_of(folder)) {
  try {
    take(note);
  } catch (...) {
    release();
    throw;
  }
}

void RunLock::take(const std::function<void(const std::string&)>& note) {
  const int error = claim();
  if (error == EWOULDBLOCK) {  // mutant: second-run-refused
    throw IoError(fmt::format("another run writes to {}{}; wait for its end or give this one another out",
                              folder_, words_of(holder_file_)));
  }
  if (error != 0) {  // mutant: lock-error-checked
    note(fmt::format("{} cannot be locked ({}): nothing keeps another run from writing to it", folder_,
                     std::strerror(error)));
    return;
  }
  held_ = true;
  name_holder();  // mutant: holder-named
}

RunLock::~RunLock() {
  // Not by file_ops: whether it succeeds is of no consequence.
  if (held_) ::unlink(holder_file_.c_str());  // mutant: holder-forgotten
  release();
}

/// Returns 0, or the error number that says why the folder cannot be locked.
int RunLock::claim() {
  fd_ = open_folder(folder_);
  int error = try_lock(fd_, LOCK_EX);                                              // mutant: lock-exclusive
  for (int attempt = 1; error == EWOULDBLOCK && attempt < kAttempts; ++attempt) {  // mutant: lock-tried-again
    std::this_thread::sleep_for(kBetweenAttempts);
    error = try_lock(fd_, LOCK_EX);
  }
  return error;
}

/// Replaces what may lie under that name, a link too. It tells a person something; no fsync waits for it.
void RunLock::name_holder() const {
  OutputFile file(temporary_path(folder_, name_of(holder_file_)));
  file.write(this_process());
  file.close();
  rename_path(file.path(), holder_file_);
}

void RunLock::release() {
  if (fd_ >= 0) file_ops().close(fd_);
}

Holder holder_of(const std::string& folder) {
  const int fd = open_folder(folder);
  const int error = try_lock(fd, LOCK_SH);
  file_ops().close(fd);
  if (error == 0) return Holder::none;
  return error == EWOULDBLOCK ? Holder::run : Holder::unknown;
}

bool was_held(const std::string& folder) { return path_exists(holder_file_of(folder)); }

}  // namespace thalweg
