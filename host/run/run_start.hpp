#pragma once
// Where a run stands before its first step, as rank 0 tells the other processes of the run.
#include <cstdint>
#include <string>

#include "host/run/run_state.hpp"

namespace thalweg {

struct RunStart {
  RunState state;
  std::string ended;   ///< why the run had ended before; empty: it had not
  std::string metric;  ///< train.metric and train.patience that choose the model
  std::int64_t patience = 0;
};

/// Keeps every bit of the numbers.
std::string to_text(const RunStart& start);
RunStart run_start_from(const std::string& text);

}  // namespace thalweg
