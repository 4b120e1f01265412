#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "host/cli/cli.hpp"
#include "host/cli/descriptor_buffer.hpp"
#include "host/cli/process.hpp"
#include "thalweg/error.hpp"

namespace {

/// Where C++ can only end the process (memory ran out in a destructor, say), the exit code is still a
/// documented one.
[[noreturn]] void end_at_once() {
  std::fputs("thalweg: error: out of memory, or an internal error\n", stderr);
  std::_Exit(static_cast<int>(thalweg::ExitCode::internal));
}

}  // namespace

int main(int argc, char** argv) {
  std::set_terminate(end_at_once);
  if (!thalweg::cli::open_closed_descriptors()) return static_cast<int>(thalweg::ExitCode::io);
  thalweg::cli::ignore_write_signals();
  thalweg::cli::DescriptorBuffer buffer(STDOUT_FILENO, "standard output");
  std::ostream out(&buffer);
  out.exceptions(std::ios::badbit);
  return thalweg::cli::run(std::vector<std::string>(argv + 1, argv + argc), {out, std::cerr, &std::cin});
}
