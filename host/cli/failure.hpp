#pragma once
// How a command says that it failed.
#include "host/cli/cli.hpp"
#include "host/cli/terminal.hpp"
#include "thalweg/error.hpp"

namespace thalweg::cli {

/// Who speaks: where a launcher started several ranks, all but the first name themselves.
class Speaker {
 public:
  void find(const Environment& environment);
  /// "rank 3 (host7): ", or nothing.
  const char* text() const { return text_; }

 private:
  char text_[128] = {};
};

/// Writes the message and returns the exit code. Allocates nothing: memory may be what there is none of.
int fail(Streams streams, const Speaker& speaker, ExitCode code, const char* message);

}  // namespace thalweg::cli
