#include "host/step/reader_threads.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "host/runtime/available_memory.hpp"
#include "kernels/base/blocked_signals.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Of the address space that is left, threads take at most half: each a stack, and 64 MiB that the allocator
/// reserves for it. The rows need the rest.
std::int64_t threads_that_fit(std::int64_t count) {
  constexpr std::int64_t kThreadBytes = (8 + 64) << 20;
  return std::clamp<std::int64_t>(free_address_space() / 2 / kThreadBytes, 1, count);
}

}  // namespace

ReaderThreads::ReaderThreads(std::int64_t count) : process_(::getpid()) {
  const BlockedSignals blocked;
  count = threads_that_fit(count);
  threads_.reserve(static_cast<std::size_t>(count));
  try {
    while (std::ssize(threads_) < count) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    if (threads_.empty())
      throw InternalError(std::string("no thread to read data with could be started: ") + error.what());
  } catch (...) {
    end();
    throw;
  }
}

ReaderThreads::~ReaderThreads() { end(); }

void ReaderThreads::end() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  added_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool ReaderThreads::are_here() const { return ::getpid() == process_; }

void ReaderThreads::add(std::deque<Task>& to, Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (clearing_) return;
    to.push_back(std::move(task));
  }
  added_.notify_one();
}

void ReaderThreads::clear() {
  std::unique_lock lock(mutex_);
  clearing_ = true;
  urgent_.clear();
  others_.clear();
  idle_.wait(lock, [this] { return running_ == 0; });
  clearing_ = false;
}

/// An empty task: the threads end.
ReaderThreads::Task ReaderThreads::next_task(std::unique_lock<std::mutex>& lock) {
  added_.wait(lock, [this] { return stop_ || !urgent_.empty() || !others_.empty(); });
  if (stop_) return {};
  std::deque<Task>& from = urgent_.empty() ? others_ : urgent_;
  Task task = std::move(from.front());
  from.pop_front();
  return task;
}

void ReaderThreads::work() {
  std::unique_lock lock(mutex_);
  while (Task task = next_task(lock)) {
    ++running_;
    lock.unlock();
    task();
    task = {};  // what it holds may be given back outside the lock
    lock.lock();
    if (--running_ == 0) idle_.notify_all();
  }
}

}  // namespace thalweg
