#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include "kernels/base/parallel.hpp"

namespace thalweg {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

Deadline in_ten_seconds() { return std::chrono::steady_clock::now() + std::chrono::seconds(10); }

/// Whether `flag` was set before the deadline.
bool waits_for(const std::atomic<bool>& flag, Deadline deadline) {
  while (!flag.load() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  return flag.load();
}

// First of all: where it fails, the tests below hang.
TEST(ThreadPool, WakesACallerThatHasGoneToSleep) {
  struct Shared {
    ThreadPool pool{2};
    std::atomic<bool> over{false};
  };
  // A caller that sleeps for ever keeps the pool, which is why neither is waited for. On a busy machine the
  // caller may see the end of a job before it falls asleep: several jobs.
  const auto shared = std::make_shared<Shared>();
  const Deadline deadline = in_ten_seconds();
  std::thread([shared, deadline] {
    for (int job = 0; job < 5; ++job) {
      std::atomic<bool> worker_began{false};
      shared->pool.run(2, [&](std::int64_t, int thread) {
        if (thread == 0) {
          waits_for(worker_began, deadline);
          return;
        }
        worker_began = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      });
    }
    shared->over = true;
  }).detach();
  EXPECT_TRUE(waits_for(shared->over, deadline + std::chrono::seconds(10)));
}

TEST(ThreadPool, LeavesTasksOfAJobToTheOtherThreads) {
  ThreadPool pool(2);
  std::atomic<bool> worker_began{false}, in_time{true};
  const Deadline deadline = in_ten_seconds();
  pool.run(16, [&](std::int64_t, int thread) {
    if (thread == 1) worker_began = true;
    if (!waits_for(worker_began, deadline)) in_time = false;
  });
  EXPECT_TRUE(in_time.load()) << "the caller took every task";
}

TEST(ThreadPool, RunsEveryTaskOnceForManyJobsInARow) {
  for (int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (int job = 0; job < 2000; ++job) {
      const int tasks = job % 17;
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(tasks));
      pool.run(tasks, [&](std::int64_t task, int thread) {
        ASSERT_LT(thread, threads);
        ++runs[static_cast<std::size_t>(task)];
      });
      for (const auto& count : runs) ASSERT_EQ(count.load(), 1);
    }
  }
}

/// Threads that want all cores for themselves.
class BusyMachine {
 public:
  explicit BusyMachine(unsigned threads) {
    for (unsigned t = 0; t < threads; ++t) {
      threads_.emplace_back([this] {
        while (!stop_.load(std::memory_order_relaxed)) {
        }
      });
    }
  }
  ~BusyMachine() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

/// Work that the compiler keeps, of a length that differs from task to task.
std::uint64_t chew(std::uint64_t rounds) {
  std::uint64_t state = rounds;
  for (std::uint64_t i = 0; i < rounds; ++i) state = state * 6364136223846793005u + 1442695040888963407u;
  return state;
}

// Plain memory on purpose: a job sees what the last one wrote, and the caller what all of them did, without
// atomics of their own (a build with the thread sanitizer checks just that).
TEST(ThreadPool, JobsSeeEachOthersResultsOnAMachineWithFarMoreThreadsThanCores) {
  const BusyMachine busy(2 * std::max(1u, std::thread::hardware_concurrency()));
  ThreadPool pool(9);
  constexpr std::int64_t kMostTasks = 40;
  std::vector<std::uint64_t> from(kMostTasks), to(kMostTasks);
  std::vector<char> occupied(9);
  std::uint64_t expected = 0, total = 0;
  for (std::int64_t job = 0; job < 300; ++job) {
    const std::int64_t tasks = job * 7 % (kMostTasks + 1);
    std::iota(from.begin(), from.end(), static_cast<std::uint64_t>(job));
    pool.run(tasks, [&](std::int64_t task, int thread) {
      const auto at = static_cast<std::size_t>(task), who = static_cast<std::size_t>(thread);
      EXPECT_EQ(occupied[who], 0) << "two tasks at once have the number of one thread";
      occupied[who] = 1;
      to[at] = chew(from[at] * 17 % 400);
      occupied[who] = 0;
    });
    pool.run(tasks, [&](std::int64_t task, int) { to[static_cast<std::size_t>(tasks - 1 - task)] += 1; });
    for (std::int64_t t = 0; t < tasks; ++t) {
      expected += chew(static_cast<std::uint64_t>(job + t) * 17 % 400) + 1;
      total += to[static_cast<std::size_t>(t)];
    }
  }
  EXPECT_EQ(total, expected);
}

TEST(ThreadPool, WakesThreadsThatHaveGoneToSleep) {
  ThreadPool pool(3);
  for (int job = 0; job < 20; ++job) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::atomic<int> meeting{0};
    pool.run(3, [&](std::int64_t, int) {  // ends only when three threads are in it
      ++meeting;
      while (meeting.load() < 3) std::this_thread::yield();
    });
    EXPECT_EQ(meeting.load(), 3);
  }
}

std::atomic<int> handled{0};
std::atomic<pid_t> handler_thread{0};

TEST(ThreadPool, LeavesTheSignalsOfTheProgramToItsOwnThreads) {
  struct sigaction action {
  }, before{};
  action.sa_handler = [](int) { handler_thread = ::gettid(), ++handled; };
  ::sigaction(SIGUSR1, &action, &before);
  const ThreadPool pool(3);
  sigset_t usr1, pending;
  sigemptyset(&usr1), sigaddset(&usr1, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &usr1, nullptr);  // now nobody is left to handle it
  ::kill(::getpid(), SIGUSR1);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ::sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGUSR1), 1);
  EXPECT_EQ(handled, 0);
  ::pthread_sigmask(SIG_UNBLOCK, &usr1, nullptr);
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(handler_thread, ::gettid());
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST(ThreadPool, TheChildOfAForkRunsItsJobsAloneAndEnds) {
  auto pool = std::make_unique<ThreadPool>(3);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    std::int64_t sum = 0;
    pool->run(100, [&](std::int64_t task, int thread) { sum += thread == 0 ? task : 10000; });
    pool.reset();
    ::_exit(sum == 4950 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

/// Of this process, now.
std::int64_t thread_count() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}

TEST(ThreadPool, ComesAndGoesWithoutAJob) {
  const std::int64_t before = thread_count();
  for (int i = 0; i < 200; ++i) ThreadPool pool(1 + i % 5);
  const Deadline deadline = in_ten_seconds();  // a thread is listed until the system has forgotten it
  while (thread_count() > before && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(thread_count(), before);
}

}  // namespace
}  // namespace thalweg
