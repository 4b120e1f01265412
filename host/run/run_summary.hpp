#pragma once
// What a run read and what it chose by it, for its report.
#include <string>
#include <vector>

#include "host/run/run_data.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg {

RunSummary summarize(const Config& config, const RunData& data, const ModelSpec& spec);

/// A few lines for a reader.
std::vector<std::string> summary_lines(const RunSummary& summary);

}  // namespace thalweg
