#pragma once
// The CPU backend's threads. Work is cut into tasks that own their outputs, so the thread of a task never
// changes a bit. A job needs only its caller: other threads help if they are free, and waits poll for some
// microseconds and then block. Another process on a core therefore costs its share and no more.
#include <cstdint>
#include <memory>
#include <type_traits>

namespace thalweg {

class ThreadPool {
 public:
  explicit ThreadPool(int threads);  ///< threads >= 1, the caller's own included
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const noexcept;

  /// Calls body(task, thread) for every task in [0, tasks), thread in [0, threads()); returns when all are
  /// done. The caller (thread 0) takes tasks from the first on, the others from the last. Must not be called
  /// from inside a body.
  template <class Body>
  void run(std::int64_t tasks, const Body& body) {
    run_erased(tasks, &body, [](const void* b, std::int64_t task, int thread) {
      (*static_cast<const Body*>(b))(task, thread);
    });
  }

 private:
  using Erased = void (*)(const void* body, std::int64_t task, int thread);
  void run_erased(std::int64_t tasks, const void* body, Erased call);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace thalweg
