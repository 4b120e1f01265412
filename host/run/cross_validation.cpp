#include "host/run/cross_validation.hpp"

#include "host/run/run_page.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "host/checkpoint/checkpoint_files.hpp"
#include "host/checkpoint/files.hpp"
#include "host/run/defaults.hpp"
#include "host/run/out_folder.hpp"
#include "host/run/training_run.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

FoldMetric fold_metric(const std::string& name, const std::vector<TrainReport>& folds) {
  const auto count = static_cast<double>(folds.size());
  FoldMetric metric{.name = name};
  for (const TrainReport& fold : folds) metric.mean += (*fold.validation)[name] / count;
  double squares = 0;
  for (const TrainReport& fold : folds) squares += std::pow((*fold.validation)[name] - metric.mean, 2);
  metric.deviation = std::sqrt(squares / count);
  return metric;
}

/// A metric that a fold does not define (auc of one class, r2 of one row) is left out.
std::vector<FoldMetric> fold_metrics(const std::vector<TrainReport>& folds) {
  std::vector<FoldMetric> metrics;
  for (const auto& [name, value] : folds.front().validation->values) {
    const FoldMetric metric = fold_metric(name, folds);
    if (std::isfinite(metric.mean)) metrics.push_back(metric);
  }
  return metrics;
}

/// Passes the messages of the folds on, but what the first one has said of data and settings only once.
class FoldMessages {
 public:
  explicit FoldMessages(const TrainObserver& to) : to_(to) {}

  TrainObserver observer() {
    TrainObserver observer = to_;
    observer.message = [this](const std::string& line) { pass(line); };
    observer.progress = [this](const Progress& progress) {
      prepares_ = false;
      if (to_.progress) to_.progress(progress);
    };
    return observer;
  }
  void pass(const std::string& line) {
    if (said_.contains(line)) return;
    if (prepares_) said_.insert(line);
    if (to_.message) to_.message(line);
  }

 private:
  const TrainObserver& to_;
  std::set<std::string> said_;
  bool prepares_ = true;  // until the first step of the first fold
};

/// What the folds have in common, and the sums of what they have done.
void add(const TrainReport& fold, TrainReport& report) {
  report.steps += fold.steps;
  report.epochs += fold.epochs;
  report.samples += fold.samples;
  report.seconds += fold.seconds;
  report.samples_per_second = report.seconds > 0 ? static_cast<double>(report.samples) / report.seconds : 0;
  report.device = fold.device;
  report.summary = fold.summary;
  report.stopped_by = fold.stopped_by;
  report.folds.push_back(fold);
}

std::string name_of_fold(std::int64_t fold) { return fmt::format("fold-{}", fold); }

/// The folder of folds has no config of its own: one that has is that of a fold, or of another run.
void require_no_run_in(const OutFolder& out) {
  if (!out.given() || !path_exists(out.file(kConfigFile))) return;
  throw ConfigError(
      fmt::format("{} is the folder of a single run or fold; the folds of a run want a folder of their own: "
                  "choose another out, or data.folds = 0",
                  out.file("")));
}

/// Folds of a former run with more folds would pass for some of this one.
std::string former_folds(const OutFolder& out, std::int64_t folds) {
  std::string names;
  for (; out.given() && path_exists(out.file(name_of_fold(folds))); ++folds)
    names += (names.empty() ? "" : ", ") + out.file(name_of_fold(folds));
  return names.empty() ? names : "left of a former run with more folds, not of this one: " + names;
}

}  // namespace

TrainReport cross_validate(const Config& config, const TrainObserver& observer, MemoryData* memory) {
  validate_config(config);
  FoldMessages messages(observer);
  const TrainObserver of_fold = messages.observer();
  const auto say = [&](const std::string& line) { messages.pass(line); };
  OutFolder out(config.out, say);
  require_no_run_in(out);
  out.lock_existing();
  if (observer.phase) observer.phase(TrainPhase::load);
  const Config read_as = with_data_defaults(config);
  const FoldData data(read_as, observer.reading, memory);
  if (out.given()) out.open();
  if (const std::string note = former_folds(out, config.data.folds); !note.empty()) say(note);
  TrainReport report;
  std::vector<std::string> folders;
  for (std::int64_t fold = 0; fold < config.data.folds; ++fold) {
    Config run = config;
    if (out.given()) run.out = out.file(name_of_fold(fold));
    folders.push_back(run.out);
    say(fmt::format("fold {} of {}", fold + 1, config.data.folds));
    add(TrainingRun(run, of_fold, [&](const Config&, const ReadProgress&) { return data.fold(fold); }).run(),
        report);
    if (report.stopped_by == "signal") return report;
  }
  report.fold_metrics = fold_metrics(report.folds);
  write_folds_page(config, out, folders);
  return report;
}

}  // namespace thalweg
