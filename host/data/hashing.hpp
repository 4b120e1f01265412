#pragma once
// Texts as sparse features: a hash says which, and with which sign (docs/data.md).
#include <cstdint>
#include <string_view>

#include "thalweg/dataset.hpp"

namespace thalweg {

struct HashedFeature {
  std::int32_t index = 0;
  float sign = 1;
};

/// XXH3 of the text: its lowest bits are the feature, its highest tells the sign.
HashedFeature hashed_feature(std::string_view text, std::int64_t bits);

/// Features of sparse data that some row has.
std::int64_t used_features(const Dataset& data);

}  // namespace thalweg
