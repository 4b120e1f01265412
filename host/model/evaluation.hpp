#pragma once
#include <atomic>
#include <optional>

#include "host/model/inference.hpp"
#include "thalweg/metrics.hpp"

namespace thalweg {

struct EvaluationOptions {
  const std::atomic<int>* stop_signal = nullptr;
  MetricScope scope = MetricScope::all;
  std::optional<double> threshold = {};
};

/// Metrics of the network on rows that the backend holds; as `evaluate`.
Metrics evaluate_rows(const Context& ctx, Network& network, const PlacedRows& rows,
                      const EvaluationOptions& options);

/// Throws ConfigError unless 0 <= threshold <= 1 and the model has probabilities of two classes.
void require_threshold(const ModelSpec& spec, double threshold);

}  // namespace thalweg
