#pragma once
// Pages about runs: each is one HTML file with its charts inside, without script and network. The bytes
// follow from the files of the runs and from the rows that are given.
// Example: report_example in examples/tour.cpp.
#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/api.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/model.hpp"
#include "thalweg/per_sample.hpp"

namespace thalweg {

/// Rows that a page evaluates the model on: raw, or in the form of the model's data, with targets.
struct ReportRows {
  std::string name;  ///< "test", "validation", ...
  const Dataset* data = nullptr;
  const std::vector<std::int64_t>* rows = nullptr;  ///< null: all of them
};

struct ReportOptions {
  const Model* model = nullptr;         ///< null: that of the folder, on the cpu
  std::vector<ReportRows> rows = {};    ///< each gets its scores and charts of its predictions
  const Dataset* training = nullptr;    ///< names the training rows that stand out; null: by number alone
  std::vector<RawWeight> weights = {};  ///< with standard errors (raw_standard_errors); empty: without
  std::vector<std::string> notes = {};  ///< lines to show, as on what was left out
};

/// Returns the page of a run: curves, scores, predictions, weights, settings, and the command that repeats
/// it. What the folder lacks, as the log or the model of a run that diverged, is left out and named. Throws
/// NoInputError if the folder has no config.toml, and the errors of evaluate for the rows.
THALWEG_API std::string run_report(const std::string& run, const ReportOptions& options = {});

/// Returns a page that compares runs: curves, the settings that differ, and a table sorted by `metric`
/// ("r2", "validation.r2", "train.loss"; empty: what the first run watches). Throws NoInputError for a folder
/// without config.toml, UsageError for no run and for a metric that no run logged.
THALWEG_API std::string runs_report(const std::vector<std::string>& runs, const std::string& metric = "");

}  // namespace thalweg
