// The record of a step: the sum of its losses, and whether the run may go on.
#include "kernels/update/record_reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg {

void record_reference(float squared_norm, const RecordArgs& args) {
  double sum = 0;
  std::int32_t first_bad = -1;
  for (std::int64_t n = 0; n < args.count; ++n) {
    sum += args.losses[n];
    if (!std::isfinite(args.losses[n]) && first_bad < 0) first_bad = static_cast<std::int32_t>(n);
  }
  BurstState& burst = *args.burst;
  const bool good = first_bad < 0 && std::isfinite(static_cast<float>(sum)) && std::isfinite(squared_norm);
  if (!good) burst.halted = 1;
  args.records[burst.next] = {static_cast<float>(sum), squared_norm, first_bad, burst.halted ? 0 : 1};
  ++burst.next;
  burst.gate = burst.halted ? std::numeric_limits<float>::quiet_NaN() : squared_norm;
  if (burst.halted) std::copy_n(args.statistics_before, args.statistics_size, args.statistics);
}

}  // namespace thalweg
