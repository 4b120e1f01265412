#pragma once
// The event files of a run, for TensorBoard: the lines of its log, histograms of its parameters, its
// settings.
#include "host/report/event_log.hpp"
#include "host/run/run_parts.hpp"

namespace thalweg {

class TensorBoardPart final : public RunPart {
 public:
  explicit TensorBoardPart(const RunView& run);

  void after_step(const StepReport& step) override;
  void epoch_end(EpochReport& epoch) override;
  void finish(TrainReport& report) override;

 private:
  std::int64_t every_steps_;
  const Model& model_;
  const RunState& state_;
  EventLog log_;
  double samples_ = 0;
};

}  // namespace thalweg
