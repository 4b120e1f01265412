#pragma once
// Progress of a run on stderr: on a terminal a bar, and above it a line for each epoch; otherwise a plain
// line every few seconds.
#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

#include "thalweg/trainer.hpp"

namespace thalweg::cli {

/// A run's bar for a terminal of so many columns: it fits in one line, because a bar that wraps cannot be
/// drawn over. Where there is little room, loss and percentage stay the longest.
std::string bar_text(const Progress& progress, int columns);
/// The line of an epoch that has ended, with the metric of the validation rows that chooses the best one.
std::string epoch_text(const EpochReport& epoch, const std::string& metric, int columns);
/// The line of a file being read, for a terminal of so many columns; total is 0 if it is unknown.
std::string reading_text(const std::string& file, std::int64_t done, std::int64_t total, int columns);
/// The line of a pipe that nobody writes to, after so many bytes.
std::string waiting_for(const std::string& file, std::int64_t bytes);

class ProgressPrinter {
 public:
  using Clock = std::chrono::steady_clock;
  /// The terminal and the clock of a printer; tests pass their own.
  struct Surroundings {
    std::function<int()> columns;  ///< width of the terminal; null: there is no terminal
    std::function<Clock::time_point()> now;
  };

  /// Into `err`, a bar where that is the terminal of standard error.
  ProgressPrinter(std::ostream& err, bool quiet);
  ProgressPrinter(std::ostream& err, bool quiet, Surroundings surroundings);
  void update(const Progress& progress);
  /// On a terminal, a line that stays. Of epochs that end within a tenth of a second after such a line, only
  /// the run's last one has its own.
  void epoch(const EpochReport& epoch, const std::string& metric);
  /// Called as a ReadProgress.
  void reading(const std::string& file, std::int64_t done, std::int64_t total);
  void message(const std::string& text);
  /// Ends the bar's line.
  void finish();

 private:
  bool terminal() const { return surroundings_.columns != nullptr; }
  bool due();
  /// Replaces the terminal's current line.
  void draw(const std::string& text);

  std::ostream& err_;
  bool quiet_;
  std::string bar_;  ///< on the current line; empty: there is none
  Surroundings surroundings_;
  Clock::time_point last_;
  std::optional<Clock::time_point> last_epoch_ = {};
  std::int64_t total_steps_ = 0;
};

}  // namespace thalweg::cli
