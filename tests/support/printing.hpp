#pragma once
// What a run's progress prints on a terminal, by a clock of the test's.
#include <chrono>
#include <functional>
#include <sstream>
#include <string>

#include "host/cli/progress.hpp"

namespace thalweg::test {

/// A printer whose clock stands still until it is moved.
class Printing {
 public:
  /// columns: of the terminal; 0: there is none.
  explicit Printing(int columns, bool quiet = false)
      : printer_(err_, quiet, {.columns = columns_of(columns), .now = [this] { return now_; }}) {}
  cli::ProgressPrinter* operator->() { return &printer_; }
  void wait(int milliseconds) { now_ += std::chrono::milliseconds(milliseconds); }
  /// What was printed since the last call.
  std::string said() {
    const std::string text = err_.str();
    err_.str("");
    return text;
  }

 private:
  static std::function<int()> columns_of(int columns) {
    if (columns == 0) return {};
    return [columns] { return columns; };
  }

  std::ostringstream err_;
  cli::ProgressPrinter::Clock::time_point now_{std::chrono::hours(1)};
  cli::ProgressPrinter printer_;
};

/// 50 of 100 steps.
constexpr Progress kHalfway{.step = 50,
                            .total_steps = 100,
                            .epoch = 3,
                            .loss = 0.25,
                            .samples_per_second = 1234,
                            .seconds = 30,
                            .lr = 0.01};

inline const std::string kOverTheLine = "\r\033[K";  ///< to its begin, and clear it

}  // namespace thalweg::test
