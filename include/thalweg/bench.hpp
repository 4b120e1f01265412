#pragma once
// The speed of work of a program's own, as a share of what the machine can do: by the protocol of
// `thalweg bench`. Example: bench_example in examples/tour.cpp.
#include <cstdint>
#include <functional>
#include <string>

#include "thalweg/api.hpp"
#include "thalweg/context.hpp"

namespace thalweg {

/// Work to time, and what it cannot do without.
struct Work {
  std::function<void()> run;          ///< begins one run, perhaps without waiting for the device
  std::function<void()> finish = {};  ///< waits for the runs begun; empty: `run` waits itself
  std::int64_t bytes = 0;             ///< that a run reads and writes
  std::int64_t operations = 0;        ///< floating-point operations of a run
  std::int64_t working_set = 0;       ///< bytes that the runs go over again and again; 0: as `bytes`
  int repetitions = 5;                ///< 1 or more
  double seconds = 0.1;               ///< of the shortest repetition
};

struct Speed {
  double seconds = 0;     ///< of a run: the median over the repetitions
  double spread = 0;      ///< distance of their quartiles over the median
  std::int64_t runs = 0;  ///< of a repetition
  std::string limit;      ///< "read", "read from cache", "fma" or "copy"; empty: nothing was compared
  double limit_rate = 0;  ///< bytes or operations per second
  double percent_of_limit = 0;
  bool disturbed = false;  ///< the limit dropped around most repetitions: something else was running
};

/// Warms the work up, then times it in repetitions, each between two measurements of its limit. The limit is
/// the operations or the bytes, whichever take the device of the context longer; bytes of a GPU are copied.
/// Work without either is timed alone. Throws UsageError if `run` is empty, and ConfigError for numbers below
/// their range.
THALWEG_API Speed measure_speed(const Context& ctx, const Work& work);

}  // namespace thalweg
