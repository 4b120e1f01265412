#pragma once
// train.report: the page of a run, or of its folds, in its folder.
#include "host/run/prepared_run.hpp"

namespace thalweg {

/// The file of a page in the folder of a run, or of several.
constexpr const char* kPageFile = "report.html";

/// Writes the page of a run that has ended: of the rows that it held out and tested, or else of those that it
/// was trained on. Does nothing unless the config asks for it. Throws IoError.
void write_run_page(const RunEnvironment& run, const PreparedRun& prepared);

/// The page that compares the folds of a run, in the folder above theirs.
void write_folds_page(const Config& config, const OutFolder& out, const std::vector<std::string>& folds);

}  // namespace thalweg
