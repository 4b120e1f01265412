#pragma once
// Signals as an interactive shell leaves them. A shell without job control, or nohup, has a program ignore
// some of them, and a test that raises one would see nothing.
#include <csignal>

namespace thalweg::test {

inline void heed_signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_DFL);
}

}  // namespace thalweg::test
