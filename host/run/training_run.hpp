#pragma once
// One training run: the route from data to report.
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "host/checkpoint/checkpoint.hpp"
#include "host/run/prepared_run.hpp"
#include "host/run/run_checkpoints.hpp"
#include "host/run/run_environment.hpp"
#include "host/run/run_part.hpp"
#include "host/run/run_state.hpp"
#include "host/step/step_rows.hpp"
#include "thalweg/error.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg {

class TrainingRun {
 public:
  /// Reads the data, makes the model, and goes on from the checkpoint that the config asks for. `ends`: of
  /// this process, where several share the run.
  TrainingRun(const Config& config, const TrainObserver& observer, const ReadRunData& read,
              ProcessRanks* ends = nullptr);
  TrainReport run();

 private:
  using Clock = std::chrono::steady_clock;

  void compare_ranks();
  void resume();
  void go_on();
  void share_start();
  void stand_by_model();
  void say_device() const;
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
  bool ends_with_best() const { return run_.config.train.patience > 0 && state_.best_step > 0; }
  void keep_best();
  void put_back_best();
  bool epoch_pending() const { return prepared_.plan.epoch_ends_at(state_.step) && state_.epoch_weight > 0; }
  std::string stop_reason() const;
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  double samples_per(double elapsed) const {
    return elapsed > 0 ? static_cast<double>(samples_) / elapsed : 0;
  }
  Progress progress() const;

  void use_final_parameters();
  void say_whose_model() const;
  TrainReport report();
  void evaluate_into(TrainReport& report);
  void say_if_still_falling(const TrainReport& report) const;
  void say_if_worse_than_constant(const std::optional<Metrics>& metrics, const char* rows) const;

  RunEnvironment run_;
  PreparedRun prepared_;
  std::optional<RunCheckpoints> checkpoints_;  ///< none without a folder
  std::optional<CheckpointData> best_;         ///< of a run without a folder that may end with its best epoch
  RunState state_;
  std::string ended_;  ///< why the run had ended before it was started; empty: it had not
  std::vector<std::unique_ptr<RunPart>> parts_;
  std::int64_t samples_ = 0;
  Clock::time_point start_ = Clock::now();  ///< of the training: reading data takes none of its time
};

}  // namespace thalweg
