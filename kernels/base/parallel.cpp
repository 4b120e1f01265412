#include "kernels/base/parallel.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "kernels/base/blocked_signals.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// How long a thread polls before it blocks. It is longer than the gap between the jobs of a step, so that a
/// job starts within a microsecond. It is short beside a time slice, so that a polling thread takes little of
/// a core that another process needs.
constexpr std::chrono::microseconds kPolling{100};
constexpr int kPollsPerClock = 32;
/// How long a worker runs before it yields its core, between two jobs. Another process that needs the core
/// takes its time slice there, while the caller continues alone. Without the yield that process would preempt
/// the worker in the middle of a task, and the caller would wait. This is 12 to 15 % of the speed beside a
/// busy process.
constexpr std::chrono::milliseconds kOffering{1};
/// A job of more tasks is run in parts.
constexpr std::int64_t kMostTasks = std::int64_t{1} << 30;
constexpr std::size_t kLine = 64;
/// A claim takes this part of a thread's equal share of the tasks that are left (Polychronopoulos and Kuck,
/// IEEE Trans. Comput. 1987): a claim costs a fifth of a microsecond when cores contend for the range, and
/// runs that get shorter even out the ends.
constexpr std::uint64_t kRunsPerShare = 4;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Waits until `value` is no longer `old`: polls for a moment, then blocks.
template <class T>
T wait_while(const std::atomic<T>& value, T old) {
  const auto end = std::chrono::steady_clock::now() + kPolling;
  do {
    for (int i = 0; i < kPollsPerClock; ++i) {
      const T now = value.load(std::memory_order_acquire);
      if (now != old) return now;
      pause_briefly();
    }
  } while (std::chrono::steady_clock::now() < end);
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

}  // namespace

/// One job at a time. A thread that claims tasks of it takes part; the job is over when the claimed tasks
/// are done, whether or not the other threads have noticed it. So a thread that another process keeps from
/// its core holds up at most the run of tasks it is in.
///
/// unclaimed   tasks [low 32 bits, high 32 bits) are free. The caller claims from the front, workers from the
///             back: with two threads each works on neighbouring tasks. The caller publishes a job by storing
///             its range, and describes it before that; a claim that succeeds belongs to the job in progress,
///             which cannot end before the claimed task has, so the description holds still meanwhile.
/// unfinished  tasks of the job in progress that are not accounted for as done
/// jobs        changes with each job; workers without work wait for that
struct ThreadPool::State {
  alignas(kLine) std::atomic<std::uint64_t> unclaimed{0};
  alignas(kLine) std::atomic<std::uint32_t> unfinished{0};
  alignas(kLine) std::atomic<std::uint32_t> jobs{0};
  std::atomic<bool> stop{false};
  alignas(kLine) const void* body = nullptr;
  Erased call = nullptr;
  std::int64_t first_task = 0;
  const std::uint64_t threads;
  const pid_t process = ::getpid();
  std::vector<std::thread> workers;

  explicit State(int count) : threads(static_cast<std::uint64_t>(count)) {}

  struct Run {
    std::uint64_t begin, end;
  };

  /// Tasks of the job's range; none when all are claimed.
  Run claim(bool front) {
    std::uint64_t range = unclaimed.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint64_t begin = range & 0xffffffffu, end = range >> 32;
      if (begin == end) return {0, 0};
      // mutant: claim-in-shares
      const std::uint64_t count = std::max<std::uint64_t>(1, (end - begin) / (kRunsPerShare * threads));
      const std::uint64_t rest = front ? range + count : range - (count << 32);
      if (unclaimed.compare_exchange_weak(range, rest, std::memory_order_acquire,
                                          std::memory_order_relaxed)) {
        return front ? Run{begin, begin + count} : Run{end - count, end};
      }
    }
  }

  void take_tasks(int thread) {
    const bool front = thread == 0;
    std::uint32_t taken = 0;
    for (Run run = claim(front); run.begin != run.end; run = claim(front)) {
      const auto count = static_cast<std::uint32_t>(run.end - run.begin);
      for (std::uint32_t i = 0; i < count; ++i)
        call(body, first_task + static_cast<std::int64_t>(front ? run.begin + i : run.end - 1 - i), thread);
      taken += count;
    }
    // mutant: caller-woken
    if (taken > 0 && unfinished.fetch_sub(taken, std::memory_order_acq_rel) == taken) unfinished.notify_one();
  }

  void announce() {
    jobs.fetch_add(1, std::memory_order_release);
    jobs.notify_all();
  }

  void run(std::int64_t first, std::int64_t tasks) {
    first_task = first;
    unfinished.store(static_cast<std::uint32_t>(tasks), std::memory_order_relaxed);
    unclaimed.store(static_cast<std::uint64_t>(tasks) << 32, std::memory_order_release);
    announce();
    take_tasks(0);
    for (std::uint32_t left = unfinished.load(std::memory_order_acquire); left != 0;)
      left = wait_while(unfinished, left);
  }

  void work(int thread) {
    std::uint32_t seen = 0;
    auto offered = std::chrono::steady_clock::now();
    for (;;) {
      seen = wait_while(jobs, seen);
      if (stop.load(std::memory_order_relaxed)) return;
      if (std::chrono::steady_clock::now() - offered > kOffering) {
        std::this_thread::yield();
        offered = std::chrono::steady_clock::now();
      }
      take_tasks(thread);
    }
  }

  void end_workers() {
    stop.store(true, std::memory_order_relaxed);
    announce();
    for (std::thread& worker : workers) worker.join();
  }
};

namespace {

/// The system's reason alone, "Resource temporarily unavailable", does not say what is short.
[[noreturn]] void fail_to_start(int running, int threads, const std::system_error& reason) {
  throw InternalError("cannot start thread " + std::to_string(running + 1) + " of " +
                      std::to_string(threads) + ": " + reason.code().message() +
                      "; memory or the number of threads is limited (ulimit -v, ulimit -u, a cgroup)");
}

}  // namespace

ThreadPool::ThreadPool(int threads) : state_(std::make_unique<State>(threads)) {
  const BlockedSignals blocked;  // mutant: signals-blocked
  try {
    for (int t = 1; t < threads; ++t) state_->workers.emplace_back([this, t] { state_->work(t); });
  } catch (const std::system_error& reason) {  // a thread that could not be had: end those that could
    state_->end_workers();
    fail_to_start(this->threads(), threads, reason);
  } catch (...) {
    state_->end_workers();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  if (::getpid() == state_->process) {
    state_->end_workers();
  } else {  // the child of a fork has no workers, and nobody may touch their handles
    static_cast<void>(state_.release());
  }
}

int ThreadPool::threads() const noexcept { return static_cast<int>(state_->workers.size()) + 1; }

void ThreadPool::run_erased(std::int64_t tasks, const void* body, Erased call) {
  State& s = *state_;
  if (tasks <= 1 || s.workers.empty()) {
    for (std::int64_t t = 0; t < tasks; ++t) call(body, t, 0);
    return;
  }
  s.body = body;
  s.call = call;
  for (std::int64_t first = 0; first < tasks; first += kMostTasks)
    s.run(first, tasks - first < kMostTasks ? tasks - first : kMostTasks);
}

}  // namespace thalweg
