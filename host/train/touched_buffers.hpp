#pragma once
// Where the features are listed that a batch of sparse rows touches.
#include "host/runtime/memory.hpp"
#include "kernels/base/touched.hpp"
#include "thalweg/dataset.hpp"

namespace thalweg {

/// The touched-feature lists of one batch.
struct TouchedBuffers {
  Buffer<std::int32_t> features, slots;
  Buffer<std::int64_t> count, row_begin;
  TouchedFeatures view;

  TouchedBuffers(const Context& ctx, const Dataset& data, std::int64_t max_batch);
};

}  // namespace thalweg
