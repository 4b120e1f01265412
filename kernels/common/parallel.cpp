#include "kernels/common/parallel.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// A few microseconds of polling before blocking: steps follow each other closely, but a thread that polls
/// for long would take the core from whoever it waits for.
constexpr int kPolls = 2000;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

/// One job at a time; every worker takes part in every job, and the next begins only when all have left the
/// last.
struct ThreadPool::State {
  std::mutex mutex;
  std::condition_variable work, done;
  std::atomic<std::uint64_t> job{0};
  std::atomic<std::int64_t> next_task{0};
  std::atomic<int> busy{0};
  std::int64_t tasks = 0;
  const void* body = nullptr;
  Erased call = nullptr;
  bool stop = false;
  std::vector<std::thread> workers;

  void take_tasks(int thread) {
    for (std::int64_t t; (t = next_task.fetch_add(1, std::memory_order_relaxed)) < tasks;)
      call(body, t, thread);
  }

  void join() {
    {
      std::lock_guard lock(mutex);
      stop = true;
      job.fetch_add(1, std::memory_order_release);
    }
    work.notify_all();
    for (std::thread& worker : workers) worker.join();
  }

  void end_workers() {
    {
      std::lock_guard lock(mutex);
      stop = true;
      job.fetch_add(1, std::memory_order_release);
    }
    work.notify_all();
    for (std::thread& thread : workers) thread.join();
  }

  void worker(int thread) {
    std::uint64_t seen = 0;
    for (;;) {
      for (int i = 0; i < kPolls && job.load(std::memory_order_acquire) == seen; ++i) pause_briefly();
      if (job.load(std::memory_order_acquire) == seen) {
        std::unique_lock lock(mutex);
        work.wait(lock, [&] { return job.load(std::memory_order_acquire) != seen; });
      }
      seen = job.load(std::memory_order_acquire);
      if (stop) return;
      take_tasks(thread);
      if (busy.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        std::lock_guard lock(mutex);
        done.notify_one();
      }
    }
  }
};

ThreadPool::ThreadPool(int threads) : state_(std::make_unique<State>()) {
  try {
    for (int t = 1; t < threads; ++t) state_->workers.emplace_back([this, t] { state_->worker(t); });
  } catch (...) {  // a thread that could not be had: end those that could
    state_->end_workers();
    throw;
  }
}

ThreadPool::~ThreadPool() { state_->end_workers(); }

int ThreadPool::threads() const noexcept { return static_cast<int>(state_->workers.size()) + 1; }

void ThreadPool::run_erased(std::int64_t tasks, const void* body, Erased call) {
  State& s = *state_;
  if (tasks <= 1 || s.workers.empty()) {
    for (std::int64_t t = 0; t < tasks; ++t) call(body, t, 0);
    return;
  }
  {
    std::lock_guard lock(s.mutex);
    s.tasks = tasks;
    s.body = body;
    s.call = call;
    s.next_task.store(0, std::memory_order_relaxed);
    s.busy.store(static_cast<int>(s.workers.size()), std::memory_order_relaxed);
    s.job.fetch_add(1, std::memory_order_release);
  }
  s.work.notify_all();
  s.take_tasks(0);
  for (int i = 0; i < kPolls && s.busy.load(std::memory_order_acquire) != 0; ++i) pause_briefly();
  if (s.busy.load(std::memory_order_acquire) != 0) {
    std::unique_lock lock(s.mutex);
    s.done.wait(lock, [&] { return s.busy.load(std::memory_order_acquire) == 0; });
  }
}

}  // namespace thalweg
