#pragma once
// Checks of data that a program makes itself. Every call that takes a Dataset makes them first.
// Example: validate_example in examples/tour.cpp.
#include "thalweg/api.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// What a NaN among dense_f32 is.
enum class MissingValues {
  refused,  ///< an error: a model cannot take it
  allowed   ///< a missing value of raw rows, which the transform imputes
};

/// Checks what a data set holds: lengths of all vectors against rows and features, one kind of storage, CSR
/// offsets and columns, finite features, targets (finite numbers, or whole indices of classes), weights
/// (finite, not negative, not all 0) and the sizes of the transform. Targets may be absent. Throws ShapeError
/// for a wrong length, and DataError naming row and column for a wrong value. It reads each value once.
THALWEG_API void validate(const Dataset& data, MissingValues missing = MissingValues::refused);

/// Checks that the model takes the data set: dense or sparse, the number of features, names of columns, and
/// the transform. Rows without any transform, for a model that has one, are raw: they have the raw columns of
/// the model's schema. Throws ShapeError for another number of features, else DataError.
THALWEG_API void require_fits(const ModelSpec& spec, const Dataset& data);

}  // namespace thalweg
