#pragma once
// The programs of a learner, and the rows that each takes at once.
#include <memory>

#include "host/step/step_program.hpp"

namespace thalweg {

class StepPrograms {
 public:
  /// `objective_rows`: at once of a batch whose objective the caller evaluates. All others pass in
  /// micro-batches of options.micro_batch rows.
  StepPrograms(const StepParts& parts, const LearnerOptions& options, std::int64_t objective_rows);

  /// Rows of a batch that pass at once.
  std::int64_t most_rows(const HostObjective* objective) const;
  /// As StepProgram::run. `objective` null: the model's own loss.
  void run(const MicroBatch& batch, const HostObjective* objective);
  /// As LayeredStep::ask.
  ObjectiveResult ask(const MicroBatch& batch, const HostObjective& objective);

 private:
  LayeredStep& objective_step();

  StepParts parts_;
  std::int64_t micro_rows_, objective_rows_;
  std::unique_ptr<LayeredStep> layered_;
  std::unique_ptr<LayeredStep> whole_;  ///< of objective_rows; made when it is first called for
  std::unique_ptr<StepProgram> fused_;  ///< null: `layered_` serves the model's own loss as well
};

}  // namespace thalweg
