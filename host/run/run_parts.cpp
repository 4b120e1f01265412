#include "host/run/run_parts.hpp"

#include "host/checkpoint/checkpoint_files.hpp"
#include "host/run/loading_part.hpp"
#include "host/run/log_lines.hpp"
#include "host/run/metrics_log.hpp"
#include "host/run/sample_statistics.hpp"
#include "host/run/tensorboard_part.hpp"

namespace thalweg {
namespace {

/// Remembers the epoch that is best on the validation rows, and how many epochs have passed since.
class BestEpochPart : public RunPart {
 public:
  explicit BestEpochPart(const RunView& run)
      : metric_(run.config.train.metric),
        sign_(larger_is_better(metric_) ? -1 : 1),  // mutant: direction-of-metric
        state_(run.state) {}

  void epoch_end(EpochReport& epoch) override {
    const double score = sign_ * (*epoch.validation)[metric_];
    if (score < state_.best_validation) {  // mutant: first-of-ties
      state_.best_validation = score;
      state_.best_step = epoch.step;
      epoch.is_best = true;
      state_.epochs_without_improvement = 0;
    } else {
      ++state_.epochs_without_improvement;
    }
  }

 private:
  std::string metric_;
  double sign_;
  RunState& state_;
};

/// Lowers the rate when the loss stands still: that of the validation rows where there are some.
class PlateauPart : public RunPart {
 public:
  explicit PlateauPart(const RunView& run) : schedule_(run.config.schedule), state_(run.state.plateau) {}

  void epoch_end(EpochReport& epoch) override {
    plateau_epoch_end(schedule_, epoch.validation ? (*epoch.validation)["loss"] : epoch.train_loss, state_);
  }

 private:
  const ScheduleConfig& schedule_;
  PlateauState& state_;
};

class StatisticsPart : public RunPart {
 public:
  explicit StatisticsPart(const RunView& run)
      : statistics_(run.data.train, run.config.per_sample.clip_norm) {}

  void after_step(const StepReport& step) override { statistics_.add(list_of(step.rows), step.result); }
  void epoch_end(EpochReport& epoch) override {
    last_epoch_ = statistics_.finish_epoch();
    epoch.values.insert(epoch.values.end(), last_epoch_.begin(), last_epoch_.end());
  }
  void finish(TrainReport& report) override { report.per_sample = last_epoch_; }

 private:
  SampleStatistics statistics_;
  NamedNumbers last_epoch_;
};

class PrivacyPart : public RunPart {
 public:
  explicit PrivacyPart(const RunView& run) : privacy_(*run.privacy) {}

  void epoch_end(EpochReport& epoch) override {
    const PrivacyReport spent = privacy_.report(epoch.step);
    epoch.values.emplace_back("privacy.epsilon", spent.epsilon);
    epoch.values.emplace_back("privacy.delta", spent.delta);
  }
  void finish(TrainReport& report) override { report.privacy = privacy_.report(report.steps); }

 private:
  const Privacy& privacy_;
};

/// metrics.jsonl.
class LogPart : public RunPart {
 public:
  explicit LogPart(const RunView& run)
      : every_steps_(run.config.train.log_every_steps),
        log_(run.out.file(kLogFile), run.state.step, run.epoch_pending) {}

  void after_step(const StepReport& step) override {
    if (is_logged(step, every_steps_)) log_.write(line_of(step, step.progress()));
  }
  void epoch_end(EpochReport& epoch) override { log_.write(line_of(epoch)); }
  void diverged(std::int64_t step, const std::string& why) override { log_.write_divergence(step, why); }

 private:
  std::int64_t every_steps_;
  MetricsLog log_;
};

/// Events for the caller, after everything else.
class ObserverPart : public RunPart {
 public:
  explicit ObserverPart(const RunView& run) : observer_(run.observer) {}

  void after_step(const StepReport& step) override {
    if (observer_.progress) observer_.progress(step.progress());
  }
  void epoch_end(EpochReport& epoch) override {
    if (observer_.epoch) observer_.epoch(epoch);
  }

 private:
  const TrainObserver& observer_;
};

template <class Part>
void add(const RunView& run, std::vector<std::unique_ptr<RunPart>>& parts) {
  parts.push_back(std::make_unique<Part>(run));
}

}  // namespace

std::vector<std::unique_ptr<RunPart>> make_run_parts(const RunView& run) {
  const Config& config = run.config;
  std::vector<std::unique_ptr<RunPart>> parts;
  if (run.data.validates()) add<BestEpochPart>(run, parts);
  if (config.schedule.name == ScheduleKind::plateau) add<PlateauPart>(run, parts);
  if (config.per_sample.statistics) add<StatisticsPart>(run, parts);
  if (run.data.train.store != nullptr)
    parts.push_back(std::make_unique<LoadingPart>([&learner = run.learner] { return learner.loading(); }));
  if (run.privacy != nullptr && run.privacy->adds_noise()) add<PrivacyPart>(run, parts);
  if (run.out.given()) add<LogPart>(run, parts);
  if (run.out.given() && config.train.tensorboard) add<TensorBoardPart>(run, parts);
  add<ObserverPart>(run, parts);
  return parts;
}

}  // namespace thalweg
