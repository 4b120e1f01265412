#pragma once
// Targets that float32 does not hold well, such as time stamps.
#include <string>
#include <vector>

namespace thalweg {

/// Throws DataError where rounding to float32 moves a target by more than a thousandth of the targets'
/// standard deviation. Targets that are all the same pass. `source` is for messages.
void require_targets_of_float32(const std::vector<double>& targets, const std::string& source);

}  // namespace thalweg
