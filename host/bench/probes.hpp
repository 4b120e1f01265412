#pragma once
// Kernels that do nothing but what they measure: what a GPU can reach, to hold the ops against. Each leaves a
// result that is known, so that a test can tell that the work was done.
#include <cstdint>

#include "kernels/base/device.hpp"

namespace thalweg::bench {

/// Multiply-adds of a thread in a round: independent chains, so that no one waits for its own.
constexpr int kProbeChains = 16;
constexpr int kProbeThreads = 256;
constexpr int kBarrierThreads = 32;

struct ProbeOps {
  std::int64_t (*l2_bytes)();  ///< of the selected device; 0: it does not tell
  /// Does nothing.
  void (*empty)(const Device&);
  /// out[blocks * kProbeThreads]: the sum of the chains x = x * factor + term, `rounds` times, of which chain
  /// k begins with k.
  void (*fma)(const Device&, int blocks, int rounds, float factor, float term, float* out);
  /// out[blocks * kProbeThreads]: sums of what each thread reads in `passes` passes of all threads over
  /// `from`; count is a multiple of 4. Reads pass the first-level cache by.
  void (*read)(const Device&, int blocks, int passes, const float* from, std::int64_t count, float* out);
  /// at[1]: an index of `zeros`, after `hops` reads each of which waits for the one before:
  /// at = (at + step + zeros[at]) & mask.
  void (*chase)(const Device&, int hops, std::int32_t step, std::int32_t mask, const std::int32_t* zeros,
                std::int32_t* at);
  /// A cooperative grid passes `rounds` barriers, 2 <= blocks. counts[2 * blocks], zeros: between two of them
  /// a block counts on from what its neighbour has reached; counts[b] is the even number of rounds at the
  /// end.
  void (*barriers)(const Device&, int blocks, int rounds, std::int32_t* counts);
};

/// Null in builds without CUDA.
const ProbeOps* gpu_probes();

}  // namespace thalweg::bench
