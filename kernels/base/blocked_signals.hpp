#pragma once
// Threads of the engine run no signal handler of the program that calls it: handlers run on its own threads.
#include <pthread.h>
#include <signal.h>

namespace thalweg {

/// Blocks the signals of the calling thread until the scope ends. A thread that is started meanwhile keeps
/// them blocked. Faults of a thread itself stay: a blocked one would end the process without its report.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS})
      sigdelset(&all, fault);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_;
};

}  // namespace thalweg
