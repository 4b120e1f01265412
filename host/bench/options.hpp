#pragma once
// The workloads to measure and their shapes. 0 or empty: the workload's default.
#include <cstdint>
#include <string>
#include <vector>

#include "host/bench/protocol.hpp"
#include "thalweg/choices.hpp"

namespace thalweg::bench {

/// What a workload takes: each reads those that it knows.
struct WorkloadOptions {
  std::int64_t rows = 0, features = 0, outputs = 10;
  std::int64_t entries = 40;  ///< entries of a sparse row
  std::vector<std::int64_t> batch, hidden, parameters;
  std::vector<Rule> optimizer;
  double lr = 0;
  std::string order = "both";       ///< order of the rows: both | sequential | shuffled
  std::string step = "all";         ///< per_sample: all | plain | norms | clipped | statistics
  std::vector<std::string> reader;  ///< data: readers to measure
  std::string scratch;              ///< data: folder for its files; empty: TMPDIR
  std::string write_data;           ///< folder for the data that the workload makes, as npy files
};

struct Options {
  std::string device = "auto";
  Numerics numerics = Numerics::exact;
  int threads = 0;
  Protocol protocol;
  bool check = true;              ///< results against the reference before they are timed
  std::int64_t memory_mib = 256;  ///< size of each array for the machine's figures
  bool on_request = false;        ///< measure only when Listener::next_repetition requests it
  WorkloadOptions workload;
};

}  // namespace thalweg::bench
