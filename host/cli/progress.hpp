#pragma once
// Progress of a run on stderr: a bar on a terminal, a plain line every few seconds otherwise.
#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>

#include "thalweg/trainer.hpp"

namespace thalweg::cli {

/// A run's bar for a terminal of so many columns: it fits in one line, because a bar that wraps cannot be
/// drawn over. Where there is little room, loss and percentage stay the longest.
std::string bar_text(const Progress& progress, int columns);
/// What is read and how far, for a terminal of so many columns; total is 0 where it is not known.
std::string reading_text(const std::string& file, std::int64_t done, std::int64_t total, int columns);
/// What is said of a pipe to which nobody writes, when so many bytes came.
std::string waiting_for(const std::string& file, std::int64_t bytes);

class ProgressPrinter {
 public:
  ProgressPrinter(std::ostream& err, bool quiet);
  void update(const Progress& progress);
  /// As a ReadProgress is called.
  void reading(const std::string& file, std::int64_t done, std::int64_t total);
  void message(const std::string& text);
  /// Ends the bar's line.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  bool due();
  /// In place of what the terminal's line holds.
  void draw(const std::string& text);

  std::ostream& err_;
  bool quiet_, terminal_, bar_open_ = false;
  Clock::time_point last_;
};

}  // namespace thalweg::cli
