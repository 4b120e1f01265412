#pragma once
// Losses of a group of rows on the cpu.
#include "kernels/linear_step/linear_step_math.hpp"

#ifndef THALWEG_ISA
#error "row_losses_cpu.hpp is for files that are compiled once per instruction set"
#endif

namespace thalweg::THALWEG_ISA {

/// Losses and slopes of rows [n, n + kRows) from their outputs z. A loop of fixed length, so that the formula
/// runs on vectors.
template <int kRows>
THALWEG_HD void finish_rows(const RowLosses& rows, std::int64_t n, const float* z) {
  const float scale = loss_scale(rows.targets), parameter = rows.loss.parameter;
  float target[kRows], weight[kRows], loss[kRows], slope[kRows];
  for (int r = 0; r < kRows; ++r) {
    const RowTarget t = row_target(rows.loss.kind, rows.targets, n + r);
    target[r] = t.target;
    weight[r] = t.weight;
  }
  with_loss_kind(rows.loss.kind, [&](auto kind) {
    for (int r = 0; r < kRows; ++r) {
      const LossAndSlope l = row_loss<decltype(kind)::value>(z[r], target[r], weight[r], parameter, scale);
      loss[r] = l.loss;
      slope[r] = l.slope;
    }
  });
  for (int r = 0; r < kRows; ++r) rows.losses[n + r] = loss[r], rows.grad_output[n + r] = slope[r];
}

}  // namespace thalweg::THALWEG_ISA
