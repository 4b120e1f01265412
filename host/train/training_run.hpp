#pragma once
// One training run: the route from data to report.
#include <chrono>
#include <memory>
#include <optional>

#include "host/checkpoint/checkpoint_writer.hpp"
#include "host/checkpoint/run_lock.hpp"
#include "host/train/metrics_log.hpp"
#include "host/train/privacy.hpp"
#include "host/train/run_plan.hpp"
#include "host/train/run_state.hpp"
#include "host/train/sample_statistics.hpp"
#include "host/train/step_rows.hpp"
#include "thalweg/error.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg {

class TrainingRun {
 public:
  TrainingRun(const Config& config, const TrainObserver& observer);
  TrainReport run();

 private:
  using Clock = std::chrono::steady_clock;

  void prepare();
  void claim_out();
  void retire_model() const;
  void load_data();
  LearnerOptions options_of_learner();
  void plan_memory_of(const ModelSpec& spec, const LearnerOptions& options) const;
  StepRows rows_of(std::int64_t step) const;
  void resume();
  void restore(const std::string& folder);
  void train();
  void take_steps();
  void after_step(const StepResult& result);
  void pass_over(const std::vector<std::int64_t>& rows, const DivergedError& error);
  void roll_back(const DivergedError& error);
  void finish_epoch();
  void validate_epoch();
  Metrics validation_metrics();
  void save();
  std::string checkpoint_root() const { return config_.out + "/checkpoints"; }
  std::string model_path() const { return config_.out + "/model.safetensors"; }
  std::string former_model_path() const { return config_.out + "/model.former.safetensors"; }
  /// The parameters that the run ends with if no later ones are better.
  bool best_so_far() const {
    return config_.train.patience > 0 && state_.step > 0 && state_.best_step == state_.step;
  }
  bool epoch_pending() const { return plan_->epoch_ends_at(state_.step) && state_.epoch_weight > 0; }
  std::string stop_reason() const;
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  bool signalled() const { return observer_.stop_signal != nullptr && observer_.stop_signal->load() != 0; }
  void enter(TrainPhase phase) const;
  void say(const std::string& message) const;
  void report_progress() const;
  void use_final_parameters();
  TrainReport report();

  Config config_;
  const TrainObserver& observer_;
  Context ctx_;
  Dataset train_;
  std::optional<Dataset> test_;
  Split split_;
  std::string fingerprint_;
  std::optional<Model> model_;
  std::optional<EpochBatches> batches_;
  std::optional<RunPlan> plan_;
  std::unique_ptr<Learner> learner_;
  std::optional<Privacy> privacy_;
  std::optional<SampleStatistics> statistics_;
  NamedNumbers epoch_statistics_;
  std::optional<RunLock> lock_;  // held until writer_ and log_ are done
  MetricsLog log_;
  CheckpointWriter writer_;
  RunState state_;
  std::int64_t saved_step_ = -1;
  std::int64_t samples_ = 0;
  std::string resumed_from_;
  std::optional<Metrics> validation_;
  Clock::time_point start_;
};

}  // namespace thalweg
