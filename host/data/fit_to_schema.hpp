#pragma once
// Whatever rows a model is asked about, from a file or from memory, they reach it in the form of its training
// data.
#include <optional>
#include <vector>

#include "thalweg/dataset.hpp"

namespace thalweg {

/// Whether the data set has the form of the schema as it is. Throws DataError where nothing can bring it into
/// that form: another transform, other columns. Without `need_target` targets do not count.
bool has_form_of(const DataSchema& schema, const Dataset& data, bool need_target);

/// Throws unless fit_to_schema can bring the data set into the form: also for another width, or sparse rows
/// for dense ones. ShapeError or DataError.
void require_form(const DataSchema& schema, const Dataset& data, bool need_target);

/// Brings the data set into the form of the schema: raw features get its transform, targets its classes and
/// unit. Without `need_target` the result has no targets if something had to change. Features in a store stay
/// there, and are transformed as they are read (fitted_store.hpp). Throws DataError.
Dataset fit_to_schema(Dataset data, const DataSchema& schema, bool need_target, int threads);

/// The rows that a call was given, in the form of the schema: the caller's own where they have it, else a
/// copy of those that are asked for; of features in a store there is none.
class FittedRows {
 public:
  /// `rows`: null: all of them. Throws ShapeError for a row that is not there, DataError as fit_to_schema.
  FittedRows(const Dataset& data, const DataSchema& schema, const std::vector<std::int64_t>* rows,
             bool need_target, int threads);

  const Dataset& data() const { return own_ ? *own_ : *data_; }
  /// Of data(); null: all.
  const std::vector<std::int64_t>* rows() const { return own_ ? nullptr : rows_; }

 private:
  const Dataset* data_;
  const std::vector<std::int64_t>* rows_;
  std::optional<Dataset> own_;
};

}  // namespace thalweg
