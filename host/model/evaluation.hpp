#pragma once
#include <atomic>

#include "host/model/inference.hpp"
#include "thalweg/metrics.hpp"

namespace thalweg {

/// Metrics of the network on rows that the backend holds; as `evaluate`.
Metrics evaluate_rows(const Context& ctx, Network& network, const PlacedRows& rows,
                      const std::atomic<int>* stop_signal);

}  // namespace thalweg
