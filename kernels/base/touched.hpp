#pragma once
// The features that a batch of sparse rows touches, as the sparse layer lists them and the update reads them.
#include <cstdint>

namespace thalweg {

/// An entry of a batch, in the list of its feature.
struct alignas(8) TouchedEntry {
  std::int32_t row;  ///< of the batch
  float value;
};

/// The features that a global batch touches, ascending, in memory of the backend that the caller provides.
/// Host backends find the feature of each entry, CUDA finds the entries of each feature; what belongs to the
/// other way may be null.
struct TouchedFeatures {
  std::int32_t* features = nullptr;   ///< [capacity] out: ascending, unique
  std::int64_t* count = nullptr;      ///< [1] out
  std::int64_t* row_begin = nullptr;  ///< [N + 1] out: number of the first entry of each batch row
  /// Host, [entries] out: entry -> position in features, batch rows in order.
  std::int32_t* slots = nullptr;
  /// CUDA, [entries] out: the entries of each feature in turn, rows ascending.
  TouchedEntry* entries = nullptr;
  /// CUDA, [capacity + 1] out: position in entries of the first one of each feature, then the end of the
  /// last.
  std::int32_t* entries_begin = nullptr;
  std::int64_t capacity = 0;          ///< at least min(I, entries of the batch)
  std::int64_t entries_capacity = 0;  ///< at least the entries of the batch
  /// Row of the batch that is the first of the slices of a call, where these are of a part of the batch.
  std::int64_t first_row = 0;
};

/// The elements {offset + o * in_features + features[t]} of the arena, which lazy updates alone change:
/// decay, l1, l2, momentum and averaging reach an element only in the steps that touch it. The features
/// differ from each other; list position p = o * *count + t names element (o, features[t]).
struct TouchedElements {
  const std::int32_t* features = nullptr;
  const std::int64_t* count = nullptr;  ///< [1]
  std::int64_t capacity = 0;
  std::int64_t in_features = 0;
  std::int64_t outputs = 0;
  std::int64_t offset = 0;  ///< of element (0, 0) in the arena
};

}  // namespace thalweg
