#pragma once
// What the files of softmax cross entropy's CUDA backend share.
#include "kernels/base/chains_cuda.cuh"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy_math.hpp"

namespace thalweg {

constexpr int kKeptRows = 1;  // exponentials replace the logits

/// Sum of the exponentials of a row; they take the place of the logits in `term`, if that is kept.
template <class Team, class Row, class Term>
__device__ __forceinline__ float exponential_sum(const Team& team, const Row& z, float max, Term& term,
                                                 bool kept) {
  return team.sum([&](float chain, int slot, std::int64_t) {
    const float t = exact::exp(z[slot] - max);
    if (kept) term[slot] = t;
    return chain + t;
  });
}

namespace cuda {

/// softmax_cuda.cu.
void softmax(const Device& device, const SoftmaxArgs& args);

}  // namespace cuda
}  // namespace thalweg
