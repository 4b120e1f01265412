#pragma once
// Threads that read ahead of the steps.
#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace thalweg {

/// Runs tasks in the order in which they were added: all urgent ones first. A task does not throw.
class ReaderThreads {
 public:
  using Task = std::function<void()>;

  /// Throws InternalError if the system gives no thread; fewer than `count` will do.
  explicit ReaderThreads(std::int64_t count);
  /// Finishes the tasks that have begun and drops the others.
  ~ReaderThreads();
  ReaderThreads(const ReaderThreads&) = delete;
  ReaderThreads& operator=(const ReaderThreads&) = delete;

  void add_urgent(Task task) { add(urgent_, std::move(task)); }
  void add(Task task) { add(others_, std::move(task)); }
  /// False in the child of a fork, which has none of the threads: nothing but this may be called there.
  bool are_here() const;
  /// Drops the tasks that have not begun, and waits for those that have; what these add is dropped, too.
  void clear();

 private:
  void add(std::deque<Task>& to, Task task);
  void work();
  void end() noexcept;
  Task next_task(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable added_, idle_;
  std::deque<Task> urgent_, others_;
  std::int64_t running_ = 0;
  bool clearing_ = false, stop_ = false;
  const pid_t process_;
  std::vector<std::thread> threads_;
};

}  // namespace thalweg
