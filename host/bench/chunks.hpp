#pragma once
// Arrays cut into chunks for the threads.
#include <algorithm>
#include <cstdint>

#include "host/runtime/device_of.hpp"
#include "kernels/base/parallel.hpp"
#include "thalweg/context.hpp"

namespace thalweg::bench {

/// Floats of one task: enough to hide the pool, few enough to share the work evenly.
constexpr std::int64_t kChunk = 1 << 16;

/// Calls body(begin, count) for chunks of [0, count) on all threads.
template <class Body>
void over_chunks(const Context& ctx, std::int64_t count, const Body& body) {
  device_of(ctx).pool.run((count + kChunk - 1) / kChunk, [&](std::int64_t task, int) {
    body(task * kChunk, std::min(kChunk, count - task * kChunk));
  });
}

}  // namespace thalweg::bench
