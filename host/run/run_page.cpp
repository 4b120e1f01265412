#include "host/run/run_page.hpp"

#include "host/checkpoint/files.hpp"
#include "thalweg/report.hpp"

namespace thalweg {

void write_run_page(const RunEnvironment& run, const PreparedRun& prepared) {
  if (!run.config.train.report || !run.out.given()) return;
  const RunData& data = prepared.data;
  ReportOptions options{.model = &prepared.model, .training = &data.train};
  if (data.test) options.rows.push_back({"test", &*data.test});
  if (data.validation) options.rows.push_back({"validation", &*data.validation});
  if (!data.split.validation.empty())
    options.rows.push_back({"validation", &data.train, &data.split.validation});
  if (options.rows.empty()) options.rows.push_back({"train", &data.train, &data.split.train});
  write_file_atomically(run.out.file(kPageFile), run_report(run.config.out, options));
}

void write_folds_page(const Config& config, const OutFolder& out, const std::vector<std::string>& folds) {
  if (!config.train.report || !out.given()) return;
  write_file_atomically(out.file(kPageFile), runs_report(folds));
}

}  // namespace thalweg
