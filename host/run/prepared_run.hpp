#pragma once
// A run before its first step: data, model and learner, and what follows from config and data alone.
#include <functional>
#include <optional>

#include "host/data/device_dataset.hpp"
#include "host/run/privacy.hpp"
#include "host/run/run_data.hpp"
#include "host/run/run_environment.hpp"
#include "host/run/run_plan.hpp"
#include "thalweg/epoch_batches.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/model.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg {

using ReadRunData = std::function<RunData(const Config&, const ReadProgress&)>;

/// Its members are made in this order, each by those before it.
struct PreparedRun {
  /// Locks the folder of the run, reads the data and gives a value to every setting of run.config that is
  /// left open. Says what it read and chose. The environment outlives the PreparedRun. Throws the errors of
  /// train (trainer.hpp).
  PreparedRun(RunEnvironment& run, const ReadRunData& read);
  PreparedRun(const PreparedRun&) = delete;  // the learner refers to data and model
  PreparedRun& operator=(const PreparedRun&) = delete;

  const Privacy* private_side() const { return privacy ? &*privacy : nullptr; }  ///< null: not private

  const RunData data;
  const ModelSpec spec;
  const EpochBatches batches;
  const RunPlan plan;
  const std::optional<Privacy> privacy;
  const LearnerOptions options;
  Model model;
  Learner learner;
  const std::optional<DeviceDataset> validation;  ///< data.validation where the model is
  const RunSummary summary;
};

}  // namespace thalweg
