#pragma once
// Many threads at once, and what they are answered.
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "thalweg/error.hpp"

namespace thalweg::test {

/// Calls body(thread) on so many threads at once.
inline void on_threads(int count, const std::function<void(int)>& body) {
  std::atomic<int> waiting{count};
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) {
    threads.emplace_back([&, t] {
      --waiting;
      while (waiting > 0) std::this_thread::yield();
      body(t);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

/// What the UsageError of a call says; empty where there was none.
inline std::string refusal_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

}  // namespace thalweg::test
