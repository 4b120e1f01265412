#pragma once
// The data of a run.
#include <optional>
#include <string>

#include "host/data/split.hpp"
#include "host/data/training_source.hpp"
#include "thalweg/config.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

struct RunData {
  Dataset train;  ///< with the validation rows, unless they have a file of their own
  Split split;
  std::optional<Dataset> validation;  ///< data.validation
  std::optional<Dataset> test;
  std::string fingerprint;        ///< of `train`, and of `validation`
  std::optional<ModelSpec> init;  ///< of the model that the run begins with, if it says what its inputs are

  std::optional<ConversionNotes> shards;  ///< of `train`, where it is a set of shards

  bool validates() const { return validation.has_value() || !split.validation.empty(); }
  /// The row ids "FILE line N, ... and M more", for messages.
  std::string name_rows(const std::vector<std::int64_t>& rows) const;
};

/// Data that a program gives instead of files. `train` is given up where it is read.
struct MemoryData {
  Dataset train;
  const Dataset* test = nullptr;  ///< null: none
};

/// Checks the rows of a program: those of files their readers have checked. Raw ones may lack cells, which
/// data.impute fills. Throws ShapeError or DataError.
MemoryData checked_memory(Dataset train, const Dataset* test);

/// The training data as the run reads them, or takes them from `memory`; by the schema of `init`, where the
/// run begins with a model.
TrainingSource training_source(const Config& config, const std::optional<ModelSpec>& init,
                               const ReadOptions& reading, MemoryData* memory = nullptr);

/// Reads the files of the config, or takes `memory` instead. Throws ConfigError, NoInputError or DataError.
RunData read_run_data(const Config& config, const ReadProgress& progress, MemoryData* memory = nullptr);

/// The data of the folds of a run; they are read once.
class FoldData {
 public:
  /// As read_run_data.
  FoldData(const Config& config, const ReadProgress& progress, MemoryData* memory = nullptr);
  RunData fold(std::int64_t index) const;

 private:
  const Config& config_;
  const Dataset* test_;
  ReadOptions reading_;
  std::optional<ModelSpec> init_;
  TrainingSource source_;
  Folds folds_;
};

/// Throws DataError for a target that the model's loss does not take.
void check_targets(const RunData& data, const ModelSpec& spec);

/// The model config with what model.init decides: a loss that nobody names is that of the model. Throws
/// ConfigError where the two losses are for different targets.
ModelConfig model_config(const Config& config, const RunData& data);

}  // namespace thalweg
