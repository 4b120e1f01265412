#include "host/report/run_glance.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/counted.hpp"
#include "host/report/run_epochs.hpp"
#include "host/report/run_pace.hpp"

namespace thalweg::report {
namespace {

/// Of the whole run; 0 before an epoch has ended that tells how many steps one has.
std::int64_t planned_steps(const RunFiles& files) {
  const TrainConfig& train = files.config.train;
  if (files.log.epochs.empty() || train.epochs <= 0) return train.max_steps;
  const LogLine& last = files.log.epochs.back();
  const std::int64_t by_epochs = train.epochs * (last.step / last.epoch);
  return train.max_steps > 0 ? std::min(by_epochs, train.max_steps) : by_epochs;
}

/// What the run said of it, else the loss of the last epoch that is not finite, with its epoch; empty: there
/// is none.
std::string divergence(const RunLog& log) {
  if (!log.diverged.empty()) return log.diverged;
  if (log.epochs.empty()) return "";
  const LogLine& last = log.epochs.back();
  for (const char* name : {"train.loss", "validation.loss"})
    if (last.has(name) && !std::isfinite(last[name]))
      return fmt::format("{} is not finite at epoch {}", name, last.epoch);
  return "";
}

/// Why a run with a model ended before its last step, where its config and log tell; else empty.
std::string early_end(const RunFiles& files, const RunGlance& glance) {
  const TrainConfig& train = files.config.train;
  if (train.patience > 0 && glance.best_epoch > 0 && glance.epoch - glance.best_epoch >= train.patience)
    return "no better epoch in " + std::to_string(train.patience);
  const LogLine* const last = newest_line(files.log);
  if (train.max_seconds > 0 && last != nullptr && (*last)["seconds"] >= train.max_seconds)
    return fmt::format("its {:.4g} seconds are over", train.max_seconds);
  return "";
}

std::string how_to_go_on(const RunTraces& traces) {
  return traces.saved_step > 0 ? fmt::format("the same command goes on from step {}", traces.saved_step)
                               : "the same command begins again";
}

/// Of a run that left its model.
void judge_whole(const RunFiles& files, const RunTraces& traces, RunGlance& glance) {
  glance.words = early_end(files, glance);
  const bool whole = glance.steps > 0 && glance.step >= glance.steps;
  glance.stage = whole || !glance.words.empty() ? RunStage::finished : RunStage::stopped;
  const TrainConfig& train = files.config.train;
  if (whole) {
    glance.words = divergence(files.log);
  } else if (glance.stage == RunStage::stopped) {
    const bool limited = train.gradient_tolerance > 0 || train.loss_tolerance > 0;
    glance.words =
        (limited ? "before its last step, by a tolerance or a signal; " : "before its last step; ") +
        how_to_go_on(traces);
  }
}

/// Of a run that left none and does not live.
void judge_broken(const RunFiles& files, const RunTraces& traces, RunGlance& glance) {
  if (traces.was_held) {
    glance.stage = RunStage::killed;
    glance.words = how_to_go_on(traces);
    return;
  }
  glance.words = divergence(files.log);
  glance.stage = glance.words.empty() ? RunStage::failed : RunStage::diverged;
  if (glance.words.empty()) glance.words = "it ended with an error, or diverged, and left no model";
}

void judge(const RunFiles& files, const RunTraces& traces, RunGlance& glance) {
  if (traces.holder == Holder::run) {
    glance.stage = RunStage::running;
    if (newest_line(files.log) == nullptr)
      glance.words = traces.there ? "nothing is logged yet" : "it reads its data";
  } else if (!traces.there) {
    glance.stage = traces.was_seen ? RunStage::removed : RunStage::waiting;
    glance.words = traces.was_seen ? "its folder is gone" : "it has not begun";
  } else if (traces.has_model) {
    judge_whole(files, traces, glance);
  } else if (traces.holder == Holder::unknown) {
    glance.stage = RunStage::unknown;
    glance.words = "the file system has no locks to tell by whether it runs";
  } else {
    judge_broken(files, traces, glance);
  }
}

/// Only where some line has the value.
void add_curve(const std::vector<LogLine>& lines, const std::string& value, const std::string& name,
               std::vector<Curve>& curves) {
  Curve curve{.name = name, .values = {}};
  for (const LogLine& line : lines) curve.values.push_back(line[value]);
  if (std::any_of(lines.begin(), lines.end(), [&](const LogLine& line) { return line.has(value); }))
    curves.push_back(std::move(curve));
}

std::vector<Curve> curves_of(const RunLog& log, const std::string& watched) {
  std::vector<Curve> curves;
  add_curve(log.steps, "loss", "loss of a step", curves);
  for (const char* name : {"train.loss", "validation.loss"}) add_curve(log.epochs, name, name, curves);
  if (!watched.empty() && watched != "validation.loss") add_curve(log.epochs, watched, watched, curves);
  add_curve(log.epochs.size() > 1 || log.steps.empty() ? log.epochs : log.steps, "lr", "lr", curves);
  return curves;
}

/// Until the last step, or until the time is over that the run may take.
double seconds_left(const RunFiles& files, const RunGlance& glance, double steps_per_second) {
  double left =
      glance.steps > 0 ? static_cast<double>(glance.steps - glance.step) / steps_per_second : std::nan("");
  const LogLine* const last = newest_line(files.log);
  const double most = files.config.train.max_seconds;
  if (most > 0 && last != nullptr) left = std::fmin(left, most - (*last)["seconds"]);
  if (glance.silence > 0) left -= glance.silence;
  return std::isnan(left) ? left : std::max(left, 0.0);
}

void add_pace(const RunFiles& files, RunGlance& glance) {
  const RunPace pace = pace_of(files.log);
  glance.seconds = pace.seconds;
  if (files.config.train.batch_size > 0)
    glance.samples_per_second = pace.steps_per_second * static_cast<double>(files.config.train.batch_size);
  if (glance.stage == RunStage::running)
    glance.seconds_left = seconds_left(files, glance, pace.steps_per_second);
  if (!files.log.epochs.empty() && pace.epoch_seconds > 0)
    glance.waiting_share = files.log.epochs.back()["loader.wait_seconds"] / pace.epoch_seconds;
}

}  // namespace

bool has_ended(RunStage stage) {
  return stage != RunStage::waiting && stage != RunStage::running && stage != RunStage::unknown;
}

RunGlance glance_at(const RunFiles& files, const RunTraces& traces) {
  RunGlance glance{.run = files.folder, .silence = traces.silence, .damaged = files.log.damaged};
  if (const LogLine* const last = newest_line(files.log)) glance.step = last->step;
  if (traces.holder == Holder::none) glance.step = std::max(glance.step, traces.saved_step);
  glance.steps = planned_steps(files);
  glance.epoch = files.log.epochs.empty() ? 0 : files.log.epochs.back().epoch;
  glance.epochs = std::max<std::int64_t>(files.config.train.epochs, 0);
  const std::string watched = watched_value(files);
  if (watched != "train.loss") {
    glance.watched = watched;
    if (const LogLine* const best = best_epoch(files)) {
      glance.best_epoch = best->epoch;
      glance.best = (*best)[watched];
    }
  }
  glance.curves = curves_of(files.log, glance.watched);
  judge(files, traces, glance);
  add_pace(files, glance);
  return glance;
}

}  // namespace thalweg::report
