#include "host/train/metrics_log.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// The lines of `file` up to and including those of `step`.
std::string lines_until(const std::string& file, std::int64_t step) {
  std::ifstream in(file);
  std::string kept, line;
  while (std::getline(in, line)) {
    const auto object = nlohmann::json::parse(line, nullptr, false);
    if (object.is_object() && object.value("step", 0.0) <= static_cast<double>(step)) kept += line + "\n";
  }
  return kept;
}

}  // namespace

MetricsLog::MetricsLog(const std::string& file, std::int64_t step) : path_(file) {
  const std::string kept = lines_until(file, step);
  file_.open(file, std::ios::trunc);
  file_ << kept << std::flush;
  if (!file_) throw IoError("cannot write " + file);
}

void MetricsLog::write(const std::vector<std::pair<std::string, double>>& values) {
  if (!file_.is_open()) return;
  nlohmann::ordered_json object;
  for (const auto& [key, value] : values) {
    if (std::isfinite(value) && std::floor(value) == value && std::abs(value) < 1e15) {
      object[key] = static_cast<std::int64_t>(value);
    } else if (std::isfinite(value)) {
      object[key] = value;
    } else {
      object[key] = nullptr;
    }
  }
  file_ << object.dump() << '\n' << std::flush;
  if (!file_) throw IoError("cannot write " + path_);
}

}  // namespace thalweg
