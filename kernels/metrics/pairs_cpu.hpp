#pragma once
#include "kernels/metrics/metrics.hpp"

namespace thalweg::THALWEG_ISA {

void count_pairs(const Device& device, const PairArgs& args);

}  // namespace thalweg::THALWEG_ISA
