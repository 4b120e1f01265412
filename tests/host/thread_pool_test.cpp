#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "kernels/common/parallel.hpp"

namespace thalweg {
namespace {

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

}  // namespace
}  // namespace thalweg
