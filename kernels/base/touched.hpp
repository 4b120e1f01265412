#pragma once
// The features that a batch of sparse rows touches, as the sparse layer lists them and the update reads them.
#include <cstdint>

namespace thalweg {

/// The features that a global batch touches, ascending, in memory of the backend that the caller provides.
struct TouchedFeatures {
  std::int32_t* features = nullptr;   ///< [capacity] out: ascending, unique
  std::int64_t* count = nullptr;      ///< [1] out
  std::int64_t* row_begin = nullptr;  ///< [N + 1] out: position in slots of the first entry of each batch row
  std::int32_t* slots = nullptr;      ///< [entries] out: entry -> position in features, batch rows in order
  std::int64_t capacity = 0;          ///< at least min(I, entries of the batch)
  std::int64_t slots_capacity = 0;    ///< at least the entries of the batch
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
