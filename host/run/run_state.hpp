#pragma once
// The progress of a run, besides parameters and optimizer states. All of it is in every checkpoint.
#include <cstdint>
#include <limits>
#include <map>
#include <string>

#include "thalweg/schedule.hpp"

namespace thalweg {

struct RunState {
  std::int64_t step = 0;
  double epoch_loss = 0, epoch_weight = 0;                            ///< sums over the current epoch so far
  double last_epoch_loss = std::numeric_limits<double>::quiet_NaN();  ///< mean of the last complete epoch
  std::int64_t small_changes = 0;  ///< epochs in a row whose loss changed by less than train.loss_tolerance
  double gradient_norm = std::numeric_limits<double>::infinity();  ///< gradient norm of the last step
  /// train.metric of the best epoch; with a minus sign where larger values are better.
  double best_validation = std::numeric_limits<double>::infinity();
  std::int64_t best_step = 0;
  std::int64_t epochs_without_improvement = 0;
  std::int64_t spikes_in_a_row = 0;  ///< batches passed over since the last good step
  PlateauState plateau;

  /// As if no epoch had been measured yet.
  void forget_best();

  std::map<std::string, double> numbers() const;
  /// Throws CorruptCheckpoint naming `folder` when a number is missing.
  static RunState from(const std::map<std::string, double>& numbers, std::int64_t step,
                       const std::string& folder);
};

}  // namespace thalweg
