#pragma once
// A run at a moment, as its files tell it: whether it lives, how far it is, and how it goes.
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "host/checkpoint/run_lock.hpp"
#include "host/report/run_files.hpp"
#include "thalweg/names.hpp"

namespace thalweg::report {

enum class RunStage { waiting, running, finished, stopped, diverged, killed, failed, removed, unknown };

/// What the folder of a run shows besides config and log.
struct RunTraces {
  bool there = false;     ///< the folder has a config
  bool was_seen = false;  ///< it had one when it was looked at before
  Holder holder = Holder::none;
  bool was_held = false;  ///< the last holder did not let go of the folder
  bool has_model = false;
  std::int64_t saved_step = 0;    ///< of the newest checkpoint; 0: there is none
  double silence = std::nan("");  ///< seconds since the log was written
};

struct Curve {
  std::string name;
  std::vector<double> values;  ///< by epoch, or by logged step; NaN where there is none
};

/// Numbers that are not known are NaN, counts that are not known 0.
struct RunGlance {
  std::string run;  ///< its folder
  RunStage stage = RunStage::waiting;
  std::string words = {};              ///< what there is to say of the stage; may be empty
  std::int64_t epoch = 0, epochs = 0;  ///< complete; of the whole run
  std::int64_t step = 0, steps = 0;    ///< taken; of the whole run
  std::vector<Curve> curves = {};      ///< losses, the watched metric, the rate
  std::string watched = {};            ///< metric of the validation rows; empty: there are none
  std::int64_t best_epoch = 0;         ///< by the watched metric
  double best = std::nan("");          ///< its value there
  double seconds = std::nan("");       ///< of training, over all starts of the run
  double samples_per_second = std::nan(""), seconds_left = std::nan("");
  double waiting_share = std::nan("");  ///< of the time of the last epoch, for rows that stay on the disk
  double silence = std::nan("");        ///< RunTraces::silence
  std::int64_t damaged = 0;             ///< lines of the log
};

/// Whether nothing more is to come.
bool has_ended(RunStage stage);

RunGlance glance_at(const RunFiles& files, const RunTraces& traces);

}  // namespace thalweg::report

namespace thalweg {

template <>
inline constexpr auto kNames<report::RunStage> =
    std::to_array<Named<report::RunStage>>({{report::RunStage::waiting, "waiting"},
                                            {report::RunStage::running, "running"},
                                            {report::RunStage::finished, "finished"},
                                            {report::RunStage::stopped, "stopped"},
                                            {report::RunStage::diverged, "diverged"},
                                            {report::RunStage::killed, "killed"},
                                            {report::RunStage::failed, "failed"},
                                            {report::RunStage::removed, "removed"},
                                            {report::RunStage::unknown, "unknown"}});

}  // namespace thalweg
