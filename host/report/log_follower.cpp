#include "host/report/log_follower.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "host/checkpoint/system_error.hpp"

namespace thalweg::report {
namespace {

/// Lines of steps that are kept, and those of them that stay as they are: the pace is that of the newest.
constexpr std::size_t kMostSteps = 8192, kNewestSteps = 256;

double seconds_of(const timespec& time) {
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void append(RunLog&& added, RunLog& log) {
  std::move(added.epochs.begin(), added.epochs.end(), std::back_inserter(log.epochs));
  std::move(added.steps.begin(), added.steps.end(), std::back_inserter(log.steps));
  if (!added.diverged.empty()) log.diverged = std::move(added.diverged);
  log.damaged += added.damaged;
}

/// Every second of the older lines goes.
void thin(std::vector<LogLine>& steps) {
  if (steps.size() <= kMostSteps) return;
  const std::size_t newest = steps.size() - kNewestSteps;
  std::vector<LogLine> kept;
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (i >= newest || i % 2 == 0) kept.push_back(std::move(steps[i]));
  steps = std::move(kept);
}

}  // namespace

LogFollower::~LogFollower() {
  if (fd_ >= 0) ::close(fd_);
}

void LogFollower::start_over(RunLog& log) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  read_ = 0;
  unfinished_.clear();
  log = {};
  written_at_.reset();
}

/// Leaves fd_ at -1 where there is no file.
void LogFollower::open_newest(RunLog& log) {
  struct stat there {
  }, ours{};
  const bool exists = ::stat(file_.c_str(), &there) == 0;
  const bool same = exists && fd_ >= 0 && ::fstat(fd_, &ours) == 0 && there.st_ino == ours.st_ino &&
                    there.st_dev == ours.st_dev && static_cast<std::size_t>(ours.st_size) >= read_;
  if (same) return;
  start_over(log);
  if (!exists || !S_ISREG(there.st_mode)) return;
  fd_ = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0 && errno != ENOENT) throw_io_error("cannot open", file_, errno);
}

void LogFollower::refresh(RunLog& log) {
  open_newest(log);
  struct stat now {};
  if (fd_ < 0 || ::fstat(fd_, &now) != 0) return;
  written_at_ = seconds_of(now.st_mtim);
  const std::string text = std::move(unfinished_) + read_until(static_cast<std::size_t>(now.st_size));
  const std::size_t end = text.rfind('\n') + 1;  // 0: no line is whole
  unfinished_ = text.substr(end);
  append(parse_log(std::string_view(text).substr(0, end)), log);
  thin(log.steps);
}

std::string LogFollower::read_until(std::size_t size) {
  std::string text(std::max(size, read_) - read_, '\0');
  std::size_t got = 0;
  while (got < text.size()) {
    const ssize_t count = ::pread(fd_, text.data() + got, text.size() - got, static_cast<off_t>(read_ + got));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_io_error("cannot read", file_, errno);
    if (count == 0) break;
    got += static_cast<std::size_t>(count);
  }
  read_ += got;
  text.resize(got);
  return text;
}

}  // namespace thalweg::report
