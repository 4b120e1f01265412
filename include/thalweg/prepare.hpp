#pragma once
// Data that never were a file: what the readers do with the cells of files, done with rows in memory. The
// same values give the same data set, bit for bit.
// Example: prepare_example in examples/tour.cpp.
#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/api.hpp"
#include "thalweg/config.hpp"
#include "thalweg/dataset.hpp"

namespace thalweg {

/// A column of a table in memory: numbers or texts, one for each row. NaN and the texts of data.missing are
/// missing values.
struct RawColumn {
  std::string name;             ///< empty for all columns: they go by position
  std::vector<double> numbers;  ///< in double, from which an offset is taken off (FeatureTransform::offset)
  std::vector<std::string> texts;
};

/// The columns of features, and of targets, weights and names of rows as DataConfig says.
struct RawTable {
  std::vector<RawColumn> columns;
  std::string source;  ///< for messages; empty: "memory"
};

/// Brings rows into the form of a model's data, as read_data_as does with a file. Raw rows, whose
/// Dataset::transform does nothing, get the transform of `schema`. Rows that have it are taken as they are.
/// Columns go by FeatureTransform::columns where both sides name them, in any order; targets go by
/// Dataset::classes, and those in the unit of the data are standardised as the schema's are. Throws DataError
/// that names both sides for another transform, other columns or classes.
///
/// Calls on a model (predict, evaluate, gradients, standard errors) and a Learner do the same. Move the rows
/// in to spare a copy.
THALWEG_API Dataset prepare(Dataset rows, const DataSchema& schema);
/// The same with a table, which may hold texts. The target is the column schema.target_column; the table may
/// lack it. `config` says what the cells mean: missing, unseen, id, ignore, weight. Throws ShapeError for
/// columns of different lengths.
THALWEG_API Dataset prepare(const RawTable& table, const DataSchema& schema, const DataConfig& config = {});

/// Finds the transform of raw training data and applies it, as read_training_data does with a file:
/// standardisation, imputation, standardised targets, class weights. Statistics come from `train_rows` (null:
/// from all rows), which alone get class weights. The classes keep the order of Dataset::classes. Throws
/// DataError for rows that have a transform, ConfigError for settings that name files or columns of files.
THALWEG_API Dataset fit_transform(Dataset rows, const DataConfig& config,
                                  const std::vector<std::int64_t>* train_rows = nullptr);
/// The same with a table: texts become categories, large numbers lose an offset in double. `target` names the
/// column of the targets; empty: the last one. `use` says whether they are classes or numbers.
THALWEG_API Dataset fit_transform(const RawTable& table, const std::string& target,
                                  const DataConfig& config = {}, TargetUse use = TargetUse::automatic,
                                  const std::vector<std::int64_t>* train_rows = nullptr);

}  // namespace thalweg
