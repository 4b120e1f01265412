#pragma once
// Outputs of a model on whole data sets, in blocks of rows.
#include <atomic>
#include <vector>

#include "host/model/network.hpp"

namespace thalweg {

struct Inference {
  std::int64_t rows = 0;
  std::vector<float> outputs;  ///< [rows, outputs]
  std::vector<float> losses;   ///< [rows] weighted; empty when the data has no target
};

/// The whole data set, or the rows of it that are given, in that order. Throws InterruptedError soon after
/// `stop_signal` becomes non-zero.
Inference infer(const Context& ctx, Network& network, const Dataset& data,
                const std::vector<std::int64_t>* rows, const std::atomic<int>* stop_signal = nullptr);

/// The class of the largest score; with one score, class 1 where it is positive.
std::int64_t predicted_class(const float* scores, std::int64_t outputs);

}  // namespace thalweg
