#pragma once
// metrics.jsonl: one JSON object a line.
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace thalweg {

class MetricsLog {
 public:
  MetricsLog() = default;
  /// Appends to `file`; lines of steps after `step` (of a run that was killed past its last checkpoint) are
  /// dropped.
  MetricsLog(const std::string& file, std::int64_t step);
  void write(const std::vector<std::pair<std::string, double>>& values);

 private:
  std::string path_;
  std::ofstream file_;
};

}  // namespace thalweg
