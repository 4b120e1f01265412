#pragma once
// The workloads. A workload makes its data, then hands over its cases. Cases that are timed together are
// handed over together.
#include <functional>
#include <string>
#include <vector>

#include "host/bench/limits.hpp"
#include "host/bench/options.hpp"

namespace thalweg::bench {

struct Bench {
  const Context& ctx;
  const Options& options;
  const Machine& machine;
  std::function<void(std::vector<Case>)> measure;
};

struct Workload {
  const char* name;
  const char* about;
  void (*run)(const Bench&);
};

/// In the order in which they run.
const std::vector<Workload>& workloads();

void logistic(const Bench& bench);
void softmax(const Bench& bench);
void sparse(const Bench& bench);
void mlp(const Bench& bench);
void per_sample(const Bench& bench);
void update(const Bench& bench);
void gemm(const Bench& bench);
void data(const Bench& bench);

}  // namespace thalweg::bench
