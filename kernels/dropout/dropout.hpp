#pragma once
// Inverted dropout (Srivastava et al. 2014): a unit is kept with probability 1 - rate and then scaled by
// 1 / (1 - rate). The mask is regenerated from Philox in the backward pass: no mask is stored.
#include <cstdint>

#include "kernels/base/cost.hpp"
#include "kernels/base/device.hpp"
#include "kernels/base/isa.hpp"
#include "kernels/base/philox.hpp"
#include "kernels/base/required.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// output[n, u] = keep ? input[n, u] * keep_scale : +0, where keep is word u % 4 of
/// philox(philox_counter(step, sample id of n, layer, u / 4), key) >= drop_below.
/// The backward pass is the same call on the gradient.
struct DropoutArgs {
  ConstMatrix input;                  ///< [N, U]
  Matrix output;                      ///< [N, U]; may be the input itself
  const std::int64_t* ids = nullptr;  ///< [N] sample ids; null: sample n is n
  PhiloxKey key;
  const std::uint64_t* step = nullptr;  ///< in the backend's memory, so that a captured graph can be replayed
  std::uint32_t layer = 0;
  std::uint32_t drop_below = 0;  ///< round(rate * 2^32)
  float keep_scale = 1.0f;       ///< float(1 / (1 - rate))
};

/// rate in [0, 1).
DropoutArgs dropout_args(double rate, std::uint64_t seed, std::uint32_t layer);

// dropout_contract.cpp: throws InternalError where a call breaks the contract of its op.
void require_contract(const DropoutArgs& args);

struct DropoutOps {
  Required<void(const Device&, const DropoutArgs&)> apply;
};

constexpr Cost dropout_cost(std::int64_t n) {
  return {.flops = n, .bytes_read = 4 * n, .bytes_written = 4 * n};
}

extern const DropoutOps dropout_reference;
extern const DropoutOps dropout_cuda;
THALWEG_CPU_TABLE(DropoutOps, dropout_cpu)

}  // namespace thalweg
