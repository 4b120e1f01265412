#include "host/checkpoint/run_lock.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr const char* kLockFile = ".lock";

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

[[noreturn]] void refuse(const std::string& folder) {
  const std::string holder = read_file(join_path(folder, kLockFile));
  throw IoError(fmt::format("another run writes to {}{}; wait for its end or give this one another out",
                            folder, holder.empty() ? "" : " (" + holder + ")"));
}

}  // namespace

RunLock::RunLock(const std::string& folder, const std::function<void(const std::string&)>& note)
    : file_(join_path(folder, kLockFile), OutputFile::Mode::append) {
  const int error = file_.lock();
  if (error == EWOULDBLOCK) refuse(folder);  // mutant: second-run-refused
  if (error != 0) {                          // mutant: lock-error-checked
    note(fmt::format("{} cannot be locked ({}): nothing keeps another run from writing to it", folder,
                     std::strerror(error)));
    return;
  }
  file_.clear();                // mutant: old-holder-cleared
  file_.write(this_process());  // mutant: holder-named
}

}  // namespace thalweg
