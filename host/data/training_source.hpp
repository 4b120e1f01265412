#pragma once
// Training data as they were read, before anything is found in them: data.folds makes several data sets of
// it.
#include <optional>

#include "host/data/raw_data.hpp"
#include "host/data/shards/conversion_notes.hpp"

namespace thalweg {

class TrainingSource {
 public:
  /// Reads data.train, or opens it where it is a set of shards. With a schema, that of model.init, the data
  /// are brought into the model's form instead of one of their own.
  TrainingSource(const DataConfig& config, TargetUse use, const ReadOptions& reading,
                 std::optional<DataSchema> schema = std::nullopt);
  /// Takes data from memory instead: raw, or with a transform that stays as it is. What the targets are the
  /// data set says where `use` leaves it open. Throws ConfigError for settings that name files.
  TrainingSource(Dataset&& data, const DataConfig& config, TargetUse use, int threads,
                 std::optional<DataSchema> schema = std::nullopt);

  /// What convert said of a set of shards; none of other data.
  const std::optional<ConversionNotes>& notes_of_shards() const { return notes_; }
  std::int64_t rows() const { return fitted_ ? fitted_->rows : raw_.rows; }

  /// Holds out data.validation_fraction of the rows. Throws DataError if no row is left on either side.
  Split split(std::uint64_t seed) const;
  /// The class of each row by which rows are held out; 0 for all rows where data.stratify asks for no
  /// classes.
  std::vector<float> classes_to_split_by() const;

  /// Throws DataError where each of the rows that `setting` holds out has weight 0: no metric is of them.
  void require_weight(const std::vector<std::int64_t>& held_out, const std::string& setting) const;

  /// The data set in which statistics come from the rows split.train; the source is given up.
  Dataset take(const Split& split) &&;
  /// The same, and the source stays.
  Dataset make(const Split& split) const;

 private:
  const std::string& source() const { return fitted_ ? fitted_->source : raw_.source; }
  Dataset labels() const;
  Dataset weighted(Dataset data, const std::vector<std::int64_t>& fit) const;

  DataConfig config_;
  TargetUse use_;
  int threads_;
  std::optional<DataSchema> schema_;
  RawData raw_;
  std::optional<Dataset> fitted_;  ///< instead of raw_: data whose features are transformed already
  std::optional<ConversionNotes> notes_;
};

}  // namespace thalweg
