#pragma once
// A stack that a CUDA thread runs on. A worker (one OS thread) jumps into a fiber and the fiber jumps back.
#include <boost/context/detail/fcontext.hpp>
#include <cstddef>

namespace simt {

class Fiber {
 public:
  explicit Fiber(void (*body)(Fiber&));
  ~Fiber();  ///< must not be running; what is on the stack is forgotten
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  void enter();  ///< from the worker: runs the fiber until it leaves
  void leave();  ///< from the fiber: back to the worker

  void name(const char* text);  ///< in the race check's reports

 private:
  static void start(boost::context::detail::transfer_t from);

  void (*body_)(Fiber&);
  void* stack_ = nullptr;
  boost::context::detail::fcontext_t context_ = nullptr;
  boost::context::detail::fcontext_t worker_context_ = nullptr;
  void* race_fiber_ = nullptr;
  void* worker_race_fiber_ = nullptr;
  void* fake_stack_ = nullptr;
  void* worker_fake_stack_ = nullptr;
  const void* worker_stack_ = nullptr;
  std::size_t worker_stack_bytes_ = 0;
};

}  // namespace simt
