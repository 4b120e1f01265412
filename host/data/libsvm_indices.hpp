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

/// Takes the base off the indices; gives the number of features that they need.
std::int64_t rebase(RawData& data, const SvmIndices& indices);

}  // namespace thalweg
