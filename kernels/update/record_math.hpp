#pragma once
// The end of a step's gradient, as every backend writes it.
#include "kernels/update/update.hpp"

namespace thalweg {

/// Finite: neither NaN nor an infinity.
THALWEG_HD bool is_finite(float x) { return x - x == 0.0f; }

/// Returns whether the step was halted. `first_bad`: -1 where all losses are finite.
THALWEG_HD bool write_record(const RecordArgs& args, float squared_norm, float loss_sum,
                             std::int32_t first_bad) {
  BurstState& burst = *args.burst;
  if (first_bad >= 0 || !is_finite(loss_sum) || !is_finite(squared_norm)) burst.halted = 1;
  args.records[burst.next++] = {loss_sum, squared_norm, first_bad, burst.halted == 0 ? 1 : 0};
  burst.gate = burst.halted == 0 ? squared_norm : __builtin_nanf("");
  return burst.halted != 0;
}

}  // namespace thalweg
