#pragma once
// Training runs, as `thalweg train` makes them.
// Example: trainer_example in examples/tour.cpp.
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/api.hpp"
#include "thalweg/config.hpp"
#include "thalweg/metrics.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// Where a run stands after a step.
struct Progress {
  std::int64_t step = 0, total_steps = 0;  ///< taken, and of the whole run
  std::int64_t epoch = 0;                  ///< counted from 1
  double loss = 0;                         ///< mean over the epoch so far; NaN where its rows had weight 0
  double samples_per_second = 0;
  double seconds = 0;  ///< since the training began
  double lr = 0;       ///< of the step that was taken
};

/// What is known when an epoch ends.
struct EpochReport {
  std::int64_t step = 0, epoch = 0;  ///< taken and complete so far
  double train_loss = 0;             ///< mean over the epoch; NaN where its rows had weight 0
  double lr = 0;                     ///< of the epoch's last step
  double seconds = 0;                ///< since the training began
  std::optional<Metrics> validation;
  bool is_best = false;  ///< on the validation rows, of the epochs so far, by train.metric
  std::vector<std::pair<std::string, double>> values = {};  ///< "per_sample.norm.p50", "privacy.epsilon", ...
};

enum class TrainPhase {
  load,      ///< reads the data; there is nothing to save yet
  train,     ///< takes steps, writes checkpoints, validates
  evaluate,  ///< evaluates the trained and saved model
};

/// What train calls on its own thread while it runs. Everything may be left out.
struct TrainObserver {
  std::function<void(TrainPhase)> phase;            ///< called when a phase begins
  std::function<void(const Progress&)> progress;    ///< called after every step
  std::function<void(const EpochReport&)> epoch;    ///< called after every epoch and its validation
  std::function<void(const std::string&)> message;  ///< called with a line for the log
  ReadProgress reading;                             ///< called now and then while data are read
  const std::atomic<int>* stop_signal = nullptr;    ///< non-zero: finish the step, save, and return
  std::atomic<int>* save_signal = nullptr;  ///< non-zero: save after the step, reset to zero, continue
};

/// The privacy that a run with noise has spent. The guarantee covers the parameters, not metrics or
/// statistics.
struct PrivacyReport {
  double epsilon = 0, delta = 0;
  double noise_multiplier = 0, sampling_rate = 0;
  std::string accountant;
  bool reproducible_noise = false;  ///< true: nothing is private
};

/// The training data that a run read.
struct InputSummary {
  std::string source, target;  ///< its file, the name of its target column
  std::int64_t rows = 0;       ///< read from it
  std::int64_t columns = 0;    ///< before one-hot
  std::int64_t features = 0;   ///< inputs of the model
  std::vector<std::pair<std::string, std::int64_t>> text_columns;  ///< name and number of categories
  std::int64_t hash_bits = 0;    ///< of data.hash_bits, or of the model that the run begins with
  std::int64_t hashed_used = 0;  ///< with it, inputs that some row has
  std::int64_t filled = 0;       ///< missing cells that were filled
  Imputation impute = Imputation::error;
};

/// The rows that a run trained on and held out.
struct SplitSummary {
  std::int64_t train_rows = 0, validation_rows = 0, test_rows = 0;
  std::string validation_source;  ///< a file, or empty: rows of the training data
  std::string test_source;
  bool stratified = false;  ///< every class keeps its share in the held-out rows
};

/// What a run read, and what it chose by it.
struct RunSummary : InputSummary, SplitSummary {
  std::vector<std::string> classes;  ///< empty: the targets are numbers
  Loss loss = Loss::automatic;
  bool loss_was_given = false;  ///< by model.loss, else the targets chose it
  std::string weight;           ///< column or file of the sample weights
  std::string class_weight = "none";
  std::string init_from;  ///< model whose columns, scales and classes the run took over
  /// Of the order by blocks (data.order): rows of a block, blocks of a window; 0: all rows are permuted, or
  /// none.
  std::int64_t block_rows = 0, window_blocks = 0;
};

/// Mean and standard deviation (divisor: the number of folds) of a metric over the folds.
struct FoldMetric {
  std::string name;
  double mean = 0, deviation = 0;
};

/// The steps of a run, and why they ended.
struct RunTotals {
  std::int64_t steps = 0, epochs = 0;  ///< taken and complete, before a resumption too
  std::int64_t samples = 0;            ///< rows of the steps since the start or the resumption
  double seconds = 0, samples_per_second = 0;
  std::string stopped_by;  ///< epochs | steps | patience | gradient | loss | time | signal
  std::string resumed_from;
  std::string device;
};

/// What a run has done.
struct TrainReport : RunTotals {
  double train_loss = 0;  ///< mean loss of the last epoch
  /// The same in the unit of the data, where the target was standardised.
  std::optional<double> train_loss_in_target_unit;
  std::optional<Metrics> validation, test;
  std::optional<PrivacyReport> privacy;
  std::vector<std::pair<std::string, double>> per_sample;  ///< statistics of the last whole epoch
  std::string parameters_xxh3;
  RunSummary summary;
  std::int64_t best_step = 0, best_epoch = 0;  ///< the best on the validation rows; 0: there are none
  bool best_is_model = false;                  ///< the model is that of best_step
  std::vector<TrainReport> folds;              ///< data.folds: a run each
  std::vector<FoldMetric> fold_metrics;        ///< of the rows held out
};

/// Reads the data, trains, writes checkpoints and evaluates by `config`. With data.folds it does so once per
/// fold, into the folders out/fold-0, out/fold-1, ...; there is then no model of all rows. Throws the errors
/// of error.hpp. A run that diverges leaves the weights of the last good step in its last checkpoint.
THALWEG_API TrainReport train(const Config& config, const TrainObserver& observer = {});
/// The same on data in memory, which fit_transform (prepare.hpp) or a reader gives or a program makes. Move
/// them in to spare a copy. Features without a transform are raw, and are prepared as those of a file. Those
/// with one stay as they are. data.class_weight multiplies the weights of either. `test`: rows to evaluate at
/// the end, raw or prepared; null: none. Throws ConfigError for settings that name files of data or their
/// columns.
THALWEG_API TrainReport train(const Config& config, Dataset data, const Dataset* test = nullptr,
                              const TrainObserver& observer = {});

}  // namespace thalweg
