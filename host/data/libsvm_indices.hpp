#pragma once
// Which indices a libsvm file may have, and what they count from.
#include <cstdint>

#include "host/data/raw_data.hpp"

namespace thalweg {

/// What is known of the indices ahead of the file.
struct SvmIndices {
  explicit SvmIndices(const ReadRequest& request);

  bool base_known;
  std::int64_t least, most;
  std::int64_t width;  // 0: as the largest index needs it
};

/// What the file counts from, by the lowest of its indices.
int base_of(const SvmIndices& indices, std::int32_t lowest);
/// Takes the base off the indices.
void rebase(int base, RawData& data);

}  // namespace thalweg
