#pragma once
// One training run: the route from data to report.
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "host/data/device_dataset.hpp"
#include "host/run/out_folder.hpp"
#include "host/run/privacy.hpp"
#include "host/run/run_checkpoints.hpp"
#include "host/run/run_data.hpp"
#include "host/run/run_part.hpp"
#include "host/run/run_plan.hpp"
#include "host/run/run_state.hpp"
#include "host/step/step_rows.hpp"
#include "thalweg/error.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg {

class TrainingRun {
 public:
  using ReadData = std::function<RunData(const Config&, const ReadProgress&)>;

  TrainingRun(const Config& config, const TrainObserver& observer, ReadData read_data);
  TrainReport run();

 private:
  using Clock = std::chrono::steady_clock;

  void prepare();
  void make_model();
  void choose_defaults(const ModelSpec& spec);
  void require_metric(const ModelSpec& spec) const;
  LearnerOptions options_of_learner();
  void plan_memory_of(const ModelSpec& spec, const LearnerOptions& options) const;
  void resume();
  void stand_by_model();
  void say_device() const;
  void say_what_was_read();
  void say_nothing_to_do() const;

  void train();
  StepRows rows_of(std::int64_t step) const;
  void take_steps();
  void after_step(const StepRows& rows, const StepResult& result);
  void pass_over(const std::vector<std::int64_t>& rows, const DivergedError& error);
  void roll_back(const DivergedError& error);
  void finish_epoch();
  void require_defined_metric(const EpochReport& epoch) const;
  EpochReport epoch_report() const;
  Metrics validation_metrics();
  Metrics evaluate_validation(MetricScope scope);
  void save();
  void finish_saving();
  bool ends_with_best() const {
    return config_.train.patience > 0 && state_.best_step > 0 && checkpoints_.has_value();
  }
  bool epoch_pending() const { return plan_->epoch_ends_at(state_.step) && state_.epoch_weight > 0; }
  std::string stop_reason() const;
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  double samples_per(double elapsed) const {
    return elapsed > 0 ? static_cast<double>(samples_) / elapsed : 0;
  }
  Progress progress() const;
  bool signalled() const { return observer_.stop_signal != nullptr && observer_.stop_signal->load() != 0; }
  void enter(TrainPhase phase) const;
  void say(const std::string& message) const;

  void use_final_parameters();
  TrainReport report();
  void evaluate_into(TrainReport& report);
  void say_if_still_falling(const TrainReport& report) const;
  void say_if_worse_than_constant(const std::optional<Metrics>& metrics, const char* rows) const;

  Config config_;
  const Config asked_;  ///< the config before rules chose what it leaves open
  const TrainObserver& observer_;
  Context ctx_;
  OutFolder out_;  ///< locked until checkpoints and parts are done
  ReadData read_data_;
  RunData data_;
  std::optional<DeviceDataset> validation_;  ///< data.validation where the model is
  RunSummary summary_;
  std::optional<Model> model_;
  std::optional<EpochBatches> batches_;
  std::optional<RunPlan> plan_;
  std::optional<Privacy> privacy_;
  std::unique_ptr<Learner> learner_;
  std::optional<RunCheckpoints> checkpoints_;  ///< none without a folder
  RunState state_;
  std::string ended_;  ///< why the run had ended before it was started; empty: it had not
  std::vector<std::unique_ptr<RunPart>> parts_;
  std::int64_t samples_ = 0;
  Clock::time_point start_;
};

}  // namespace thalweg
