// The checks of each call of a learner: some comparisons, and one look at each row id.
#include "host/data/validate_data.hpp"
#include "host/model/data_rules.hpp"
#include "host/model/spec_rules.hpp"
#include "host/step/learner_rules.hpp"
#include "host/step/learner_state.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

void Learner::State::require_rows(const std::vector<std::int64_t>& rows) const {
  data.require_unmoved();
  require_some_row_ids(data.host(), rows);
  require_own_loss(network->spec());
  if (data.host().target.empty()) require_targets(network->spec(), data.host());
}

void Learner::State::require_step(const StepRows& rows, double lr, bool update,
                                  const ObjectiveFunction* objective) const {
  data.require_unmoved();
  require_rate(lr);
  if (update && states_need_steps && steps == 0)
    throw UsageError(
        "Learner::set_states was called without Learner::set_steps: the states are of later steps");
  if (const auto* batch = std::get_if<EpochBatch>(&rows)) {
    ids.require_known(*batch);
  } else {
    const auto& list = std::get<std::vector<std::int64_t>>(rows);
    require_row_ids(data.host(), list);
    if (sparse) sparse->require_room(data.host(), list);
  }
  if (objective != nullptr && options.ranks > 1)
    throw ConfigError(
        "LearnerOptions::ranks is above 1, but the step has an objective of its own: rank 0 alone "
        "could call it");
  if (objective != nullptr) return require_objective(*objective);
  require_own_loss(network->spec());
  if (data.host().target.empty()) require_targets(network->spec(), data.host());
}

}  // namespace thalweg
