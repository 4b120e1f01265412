#pragma once
// Whether a run whose length a rule chose ended too early (docs/defaults.md, When more steps are needed).
#include <string>
#include <vector>

#include "thalweg/config.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/model.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg {

/// Whether rate and length of a run are those of the rule.
bool leaves_length_to_rule(const Config& asked);

/// By how much the mean loss of the rows would fall on the way to its optimum. 0 where that is not measured:
/// for other models than linear ones with one output and at most 128 features, for targets in the unit of the
/// data, for penalties, bounds and averages. Of more than 10,000 rows, about so many are looked at.
double fall_left(const Config& config, const Model& model, const Dataset& data,
                 const std::vector<std::int64_t>& rows);

/// What to say of such a fall; empty: nothing.
std::string falling_note(double fall, const TrainReport& report);

}  // namespace thalweg
