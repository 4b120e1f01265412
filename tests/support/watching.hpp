#pragma once
// `thalweg watch` in a child, on a terminal.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "host/cli/cli.hpp"
#include "host/cli/descriptor_buffer.hpp"
#include "tests/support/default_signals.hpp"
#include "tests/support/pseudo_terminal.hpp"

namespace thalweg::test {

using Words = std::vector<std::string>;
using Variables = std::vector<std::pair<std::string, std::string>>;

inline const Variables kUsual{{"TERM", "xterm"}, {"LC_ALL", "C.UTF-8"}, {"NO_COLOR", ""}};

class Watching {
 public:
  explicit Watching(const Words& arguments, const Variables& variables = kUsual, int rows = 24)
      : terminal_(80, rows), child_(::fork()) {
    if (child_ == 0) be_the_child(arguments, variables);
    terminal_.close_theirs();
  }
  ~Watching() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

  /// Whether the text appears, within seconds.
  bool shows(const std::string& text) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (text_.find(text, seen_) == std::string::npos) {
      if (std::chrono::steady_clock::now() > end) return false;
      terminal_.read_into(text_, 100);
    }
    seen_ = text_.find(text, seen_) + text.size();
    return true;
  }
  /// All that it wrote so far.
  const std::string& text() const { return text_; }
  void resize(int columns) {
    terminal_.resize(columns, 24);
    signal(SIGWINCH);
  }
  void signal(int number) const { ::kill(child_, number); }
  /// Waits for its end; 1000 and the signal where one ended it.
  int exit_code() {
    while (terminal_.read_into(text_, 20'000)) {
    }
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

 private:
  [[noreturn]] void be_the_child(const Words& arguments, const Variables& variables) const {
    heed_signals();
    ::alarm(60);
    ::dup2(terminal_.theirs(), STDOUT_FILENO);
    ::close_range(STDERR_FILENO + 1, ~0U, 0);  // with them the parent's locks
    for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
    Words words{"watch"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    cli::DescriptorBuffer buffer(STDOUT_FILENO, "standard output");
    std::ostream out(&buffer);
    out.exceptions(std::ios::badbit);
    std::ostringstream err;
    ::_exit(cli::run(words, {out, err}));
  }

  PseudoTerminal terminal_;
  pid_t child_;
  std::string text_;
  std::size_t seen_ = 0;
};

}  // namespace thalweg::test
