#pragma once
// How fast a run is and was, from the lines of its log.
#include <cmath>

#include "host/report/run_files.hpp"

namespace thalweg::report {

struct RunPace {
  double seconds = std::nan("");           ///< of training, over all starts of the run
  double steps_per_second = std::nan("");  ///< over its newest lines
  double epoch_seconds = std::nan("");     ///< that the last whole epoch took
};

/// A run that goes on counts its seconds anew, which is how a new start shows. NaN where no line tells.
RunPace pace_of(const RunLog& log);

/// The newest line, of an epoch where both end at the same step; null: there is none.
const LogLine* newest_line(const RunLog& log);

}  // namespace thalweg::report
