#pragma once
// Rows whose curves are worked out by hand.
#include <vector>

#include "host/report/score_curves.hpp"

namespace thalweg::report {

/// Two positive rows of five; 0.7 is the score of two.
inline const std::vector<ScoredRow> kFive{{0.7, true}, {0.9, true}, {0.1, false}, {0.8, false}, {0.7, false}};

}  // namespace thalweg::report
