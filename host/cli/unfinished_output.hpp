#pragma once
// What a signal does to a file of --output that is being written.
#include <string>

#include "host/cli/signal_handler.hpp"

namespace thalweg::cli {

/// While it lives, SIGINT, SIGTERM and SIGHUP remove the temporary of the AtomicFile for `output` before they
/// end the process. One at a time.
class UnfinishedOutput {
 public:
  explicit UnfinishedOutput(const std::string& output);

 private:
  SignalHandler interrupt_, terminate_, hang_up_;
};

}  // namespace thalweg::cli
