#include "host/run/tensorboard_part.hpp"

#include <string>

#include "host/report/hparams.hpp"
#include "host/run/log_lines.hpp"

namespace thalweg {
namespace {

/// TensorBoard groups by what stands before the first slash. A number of a step and one of an epoch never
/// share a tag: both may be of the same step.
std::string tag_of(const std::string& name, const std::string& group) {
  const std::size_t dot = name.find('.');
  return dot == std::string::npos ? group + "/" + name : name.substr(0, dot) + "/" + name.substr(dot + 1);
}

/// The numbers of a line, but for those that every event has.
void add_line(const NamedNumbers& line, const std::string& group, events::Summary& summary) {
  for (const auto& [name, value] : line)
    if (name != "step" && name != "seconds") summary.add_scalar(tag_of(name, group), value);
}

constexpr const char *kOfStep = "step", *kOfEpoch = "train";

}  // namespace

TensorBoardPart::TensorBoardPart(const RunView& run)
    : every_steps_(run.config.train.log_every_steps),
      model_(run.model),
      state_(run.state),
      log_(run.out.file("tensorboard"), run.state.step, run.epoch_pending, tag_of("epoch", kOfEpoch)) {
  if (!log_.begins()) return;
  events::Summary settings;
  events::add_session_start(run.asked, settings);
  log_.write(run.state.step, settings);
}

void TensorBoardPart::after_step(const StepReport& step) {
  samples_ += static_cast<double>(count_of(step.rows));
  if (!is_logged(step, every_steps_)) return;
  const Progress progress = step.progress();
  events::Summary summary;
  add_line(line_of(step, progress), kOfStep, summary);
  summary.add_scalar(tag_of("samples_per_second", kOfStep), progress.samples_per_second);
  log_.write(step.step, summary);
}

void TensorBoardPart::epoch_end(EpochReport& epoch) {
  events::Summary summary;
  add_line(line_of(epoch), kOfEpoch, summary);
  summary.add_scalar(tag_of("gradient_norm", kOfEpoch), state_.gradient_norm);
  if (epoch.seconds > 0) summary.add_scalar(tag_of("samples_per_second", kOfEpoch), samples_ / epoch.seconds);
  for (const NamedTensor& tensor : model_.parameters())
    summary.add_histogram("parameters/" + tensor.name, tensor.values);
  log_.write(epoch.step, summary);
}

void TensorBoardPart::finish(TrainReport& report) {
  if (report.stopped_by == "signal") return;
  events::Summary end;
  events::add_session_end(events::wall_time(), end);
  log_.write(report.steps, end);
}

}  // namespace thalweg
