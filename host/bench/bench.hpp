#pragma once
// Measures the machine and the workloads on it: what `thalweg bench` does.
#include <functional>
#include <string>
#include <vector>

#include "host/bench/limits.hpp"
#include "host/bench/options.hpp"

namespace thalweg::bench {

/// A case that was measured.
struct Result {
  Case subject;
  std::vector<Check> checks;  ///< empty: not checked
  Timing timing;
};

struct Listener {
  std::function<void(const Machine&)> machine;
  std::function<void(const Result&)> result;
  /// Callbacks for measurements on request, one repetition at a time: a case is ready, another repetition is
  /// requested, a repetition took so long. Without them the protocol sets the number of repetitions.
  std::function<void(const Case&)> ready = {};
  std::function<bool()> next_repetition = {};
  std::function<void(double seconds, const Case&)> repetition = {};
};

/// Names of all workloads, and what each is about.
std::vector<std::pair<std::string, std::string>> workload_list();

/// Throws UsageError for a workload that there is not, InternalError naming a result that differs from the
/// reference's. No names: all workloads.
void run_bench(const std::vector<std::string>& names, const Options& options, const Listener& listener);

}  // namespace thalweg::bench
