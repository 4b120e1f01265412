#pragma once
// data.folds: a run for each part of the rows, which it holds out.
#include "host/run/run_data.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg {

/// Returns the reports of the folds, and mean and standard deviation of their metrics. Makes no model of all
/// rows. `memory`: as for read_run_data.
TrainReport cross_validate(const Config& config, const TrainObserver& observer, MemoryData* memory);

}  // namespace thalweg
