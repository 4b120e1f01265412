#pragma once
// What the folder of a run holds for its reader: the config and the lines of metrics.jsonl.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/config.hpp"

namespace thalweg::report {

struct LogLine {
  std::int64_t step = 0;
  std::int64_t epoch = 0;  ///< 0: a line of a step
  /// In the order of the file; NaN where the file has null.
  std::vector<std::pair<std::string, double>> values = {};

  /// NaN where there is no such value.
  double operator[](std::string_view name) const;
  bool has(std::string_view name) const;
};

struct RunLog {
  std::vector<LogLine> epochs, steps;
  std::string diverged = {};  ///< why, where the run diverged
  std::int64_t damaged = 0;   ///< lines that were left out

  /// Whether any epoch has the value.
  bool has(std::string_view name) const;
};

/// Reads metrics.jsonl. A line that is cut off or damaged is left out and counted.
RunLog parse_log(std::string_view text);

struct RunFiles {
  std::string folder;
  Config config;
  RunLog log;
  std::vector<std::string> notes;  ///< what was missing
};

/// Throws NoInputError without config.toml, ConfigError for one that is not a config.
RunFiles read_run_files(const std::string& run);

/// The run `path`; else the runs in that folder, by name, numbers by their size. Throws NoInputError for
/// none.
std::vector<std::string> runs_at(const std::string& path);

}  // namespace thalweg::report
