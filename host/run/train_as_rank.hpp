#pragma once
// A training run that several processes share.
#include "host/ranks/process_ranks.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg {

/// As train (trainer.hpp), on each of the processes. Rank 0 alone writes, reports to its observer and
/// evaluates the trained model; the reports of the others have no more than steps and why they ended. A run
/// that a signal stopped leaves RankCalls::finish to the caller, who may have something to say before the
/// others end; the end of any other run has called it. Throws RankError where a rank is lost, and what a
/// rank throws ends the others.
TrainReport train_as_rank(const Config& config, const TrainObserver& observer, ProcessRanks& ends);

}  // namespace thalweg
