#pragma once
// Shared by the workloads that train: a case that takes whole steps, and the network of mlp and per_sample.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/bench/training_loop.hpp"
#include "host/bench/workloads.hpp"

namespace thalweg::bench {

using Data = std::shared_ptr<const Dataset>;

template <class T>
std::vector<T> or_default(const std::vector<T>& given, const std::vector<T>& usual) {
  return given.empty() ? usual : given;
}
inline std::int64_t or_default(std::int64_t given, std::int64_t usual) { return given > 0 ? given : usual; }

LoopOptions loop_options(Rule optimizer, std::int64_t batch, bool shuffle, double lr);

/// One step of training; cost and limit are still open.
Case training_case(const Bench& bench, const std::string& workload, const Data& data,
                   const LoopOptions& loop);

/// Rows of 784 features in 10 classes, unless the options say otherwise.
Data network_data(const Bench& bench);
/// A step of the network that loop.model.hidden makes of that data, with cost and limit.
Case network_case(const Bench& bench, const std::string& workload, const Data& data, const LoopOptions& loop);

}  // namespace thalweg::bench
