#pragma once
#include "kernels/metrics/metrics.hpp"

namespace thalweg::cuda {

void count_pairs(const Device& device, const PairArgs& args);

}  // namespace thalweg::cuda
