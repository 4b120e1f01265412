#include "host/run/metrics_log.hpp"

#include <cmath>
#include <string_view>

#include "host/checkpoint/checkpoint_files.hpp"
#include "host/json/json.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// A line that is damaged belongs to no run, and a run that goes on has not diverged.
bool is_before(std::string_view text, std::int64_t step, bool epoch_pending) {
  try {
    const Json line = parse_json(text);
    const auto at = line.at("step").get<std::int64_t>();
    if (line.find(kDiverged) != nullptr) return false;  // mutant: divergence-dropped
    return at < step || (at == step && !(epoch_pending && line.find("epoch") != nullptr));
  } catch (const JsonError&) {
    return false;
  }
}

/// The lines of `text` that belong to the run up to `step`; a line that was cut off belongs to none.
std::string lines_until(std::string_view text, std::int64_t step, bool epoch_pending) {
  std::string kept;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    const std::string_view line = text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    if (is_before(line, step, epoch_pending)) kept += line;
  }
  return kept;
}

std::string text_of(const std::string& file) {
  try {
    return read_file(file);
  } catch (const NoInputError&) {
    return {};
  }
}

}  // namespace

MetricsLog::MetricsLog(const std::string& file, std::int64_t step, bool epoch_pending) {
  write_file_atomically(file, lines_until(text_of(file), step, epoch_pending));
  file_ = std::make_unique<OutputFile>(file, OutputFile::Mode::append);
}

void MetricsLog::write_divergence(std::int64_t step, const std::string& why) {
  Json object;
  object["step"] = step;
  object[kDiverged] = why;
  append(object);
}

void MetricsLog::write(const std::vector<std::pair<std::string, double>>& values) {
  Json object;
  for (const auto& [key, value] : values) {
    if (std::isfinite(value) && std::floor(value) == value && std::abs(value) < 1e15) {
      object[key] = static_cast<std::int64_t>(value);
    } else {
      object[key] = value;
    }
  }
  append(object);
}

void MetricsLog::append(const Json& object) {
  if (file_ != nullptr) file_->write(object.dump() + "\n");
}

}  // namespace thalweg
