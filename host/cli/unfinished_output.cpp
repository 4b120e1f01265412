#include "host/cli/unfinished_output.hpp"

#include <unistd.h>

#include <climits>

#include "host/checkpoint/files.hpp"

namespace thalweg::cli {
namespace {

/// A name of more bytes cannot be opened, so what is cut off was never created. It stays when the object is
/// gone: a handler may still run then.
char temporary[PATH_MAX];

extern "C" void remove_and_end(int signal) {
  ::unlink(temporary);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

/// Gives the handler, which may only run when the name is there.
auto handler_for(const std::string& output) {
  const std::string path = temporary_path(parent_of(output), name_of(output));
  temporary[path.copy(temporary, sizeof temporary - 1)] = '\0';
  return &remove_and_end;
}

}  // namespace

UnfinishedOutput::UnfinishedOutput(const std::string& output)
    : interrupt_(SIGINT, handler_for(output)),
      terminate_(SIGTERM, &remove_and_end),
      hang_up_(SIGHUP, &remove_and_end) {}

}  // namespace thalweg::cli
