#pragma once
// The end of a step's gradient, as every backend writes it.
#include "kernels/update/update.hpp"

namespace thalweg {

/// Finite: neither NaN nor an infinity.
THALWEG_HD bool is_finite(float x) { return x - x == 0.0f; }

/// The record of a burst's next step; `burst` moves on. `first_bad`: -1 where all losses are finite.
THALWEG_HD StepRecord next_record(BurstState& burst, float squared_norm, float loss_sum,
                                  std::int32_t first_bad) {
  if (first_bad >= 0 || !is_finite(loss_sum) || !is_finite(squared_norm)) burst.halted = 1;
  burst.gate = burst.halted == 0 ? squared_norm : __builtin_nanf("");
  ++burst.next;
  return {loss_sum, squared_norm, first_bad, burst.halted == 0 ? 1 : 0};
}

/// Writes the record, and returns whether the step was halted.
THALWEG_HD bool write_record(const RecordArgs& args, float squared_norm, float loss_sum,
                             std::int32_t first_bad) {
  BurstState& burst = *args.burst;
  const std::int32_t at = burst.next;
  args.records[at] = next_record(burst, squared_norm, loss_sum, first_bad);
  return burst.halted != 0;
}

}  // namespace thalweg
