#include "host/step/step_programs.hpp"

namespace thalweg {

StepPrograms::StepPrograms(const StepParts& parts, const LearnerOptions& options, std::int64_t objective_rows)
    : parts_(parts),
      micro_rows_(options.micro_batch),
      objective_rows_(objective_rows),
      layered_(make_layered_step(parts, micro_rows_)) {
  if (takes_fused_step(parts.network, options.per_sample)) fused_ = make_fused_step(parts, options.max_batch);
}

std::int64_t StepPrograms::most_rows(const HostObjective* objective) const {
  // mutant: objective-of-the-whole-batch
  return objective != nullptr ? objective_rows_ : micro_rows_;
}

void StepPrograms::run(const MicroBatch& batch, const HostObjective* objective) {
  if (objective != nullptr) return objective_step().run(batch, objective);
  StepProgram& program = fused_ != nullptr ? *fused_ : *layered_;
  program.run(batch);
}

ObjectiveResult StepPrograms::ask(const MicroBatch& batch, const HostObjective& objective) {
  return objective_step().ask(batch, objective);
}

/// An objective of the caller's may need the batch as a whole.
LayeredStep& StepPrograms::objective_step() {
  if (objective_rows_ == micro_rows_) return *layered_;
  if (whole_ == nullptr) whole_ = make_layered_step(parts_, objective_rows_);
  return *whole_;
}

}  // namespace thalweg
