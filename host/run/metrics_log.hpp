#pragma once
// metrics.jsonl: one JSON object a line.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/checkpoint/files.hpp"

namespace thalweg {

class Json;

class MetricsLog {
 public:
  MetricsLog() = default;
  /// Appends to `file`. A run that was killed after its last checkpoint may have logged more. Lines of steps
  /// after `step` are dropped, and with `epoch_pending` those of the epoch that ends there. Throws IoError.
  MetricsLog(const std::string& file, std::int64_t step, bool epoch_pending);
  void write(const std::vector<std::pair<std::string, double>>& values);
  /// The last line of a run that diverged after `step`. A run that goes on from there drops it.
  void write_divergence(std::int64_t step, const std::string& why);

 private:
  void append(const Json& object);

  std::unique_ptr<OutputFile> file_;
};

}  // namespace thalweg
