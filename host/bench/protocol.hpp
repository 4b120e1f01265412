#pragma once
// The protocol of a timing. A case is warmed up and timed in repetitions that are long enough for the clock.
// Each repetition lies between two measurements of its limit, so that a slow machine does not look like slow
// code.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "kernels/base/cost.hpp"

namespace thalweg::bench {

/// A rate that the machine can reach, in bytes or floating-point operations per second.
class Limit {
 public:
  /// `measure` gives the rate at the time of the call, of so many bytes or operations where that is known.
  Limit(std::string name, std::function<double()> measure, double amount = 0)
      : name_(std::move(name)), amount_(amount), measure_(std::move(measure)) {}

  const std::string& name() const { return name_; }
  double amount() const { return amount_; }
  /// Measures once, in some milliseconds.
  double rate();
  /// The most that rate() has given.
  double best() const;
  /// The median of what rate() has given, or what is expected where that is more.
  double usual() const;
  /// Sets a rate that was measured elsewhere.
  void expect(double rate) { expected_ = rate; }

 private:
  std::string name_;
  double amount_, expected_ = 0;
  std::vector<double> rates_;
  std::function<double()> measure_;
};

/// A limit whose `run` does `amount` bytes or operations.
std::shared_ptr<Limit> timed_limit(std::string name, double amount, std::function<void()> run);

/// The error of a result relative to the reference, and its bound.
struct Check {
  std::string what;  ///< "gradient of layers.0.weight"
  double error = 0, bound = 0;
  bool passed() const { return error <= bound; }
};

using Shape = std::vector<std::pair<std::string, std::variant<std::int64_t, std::string>>>;

/// One thing to time.
struct Case {
  std::string workload;
  Shape shape;
  double samples = 0;  ///< samples of a run; 0: a run has no samples
  Cost cost;           ///< cost of a run
  /// Bytes or operations of a run, in the unit of the limit. Without a limit nothing is compared.
  double limit_amount = 0;
  std::shared_ptr<Limit> limit;
  std::function<void()> run;     ///< begins one, perhaps without waiting for the device
  std::function<void()> finish;  ///< waits for the runs begun
  std::function<std::vector<Check>()> check;
  std::vector<std::pair<std::string, double>> figures;  ///< further ones, by name
};

/// "batch=256 shuffled": numbers with their names, words alone.
std::string shape_text(const Shape& shape);

struct Protocol {
  int repetitions = 5;
  double seconds = 0.1;  ///< shortest repetition
};

/// Seconds of a run, over the repetitions that count.
struct Timing {
  std::vector<double> seconds;  ///< seconds of every repetition, in order
  double median = 0;
  double spread = 0;            ///< distance of the quartiles over the median
  double percent_of_limit = 0;  ///< median over the repetitions; 0: there is no limit
  double limit_rate = 0;
  std::int64_t runs = 0;  ///< runs of a repetition
  double ratio_to_first =
      0;  ///< time over that of the first case, median over the repetitions; 0: this is the first case
  /// The limit dropped around more than half of the repetitions: something else was running.
  bool disturbed = false;
};

/// Quantile of `values` with linear interpolation; 0 when there are none.
double quantile(std::vector<double> values, double level);

/// One case's side of interleaved measurements.
class Stopwatch {
 public:
  /// Warms up and finds how many runs a repetition has. Not beside the limit: that is not measured.
  Stopwatch(const Case& subject, const Protocol& protocol, bool beside_limit = true);

  double repetition();  ///< seconds of a run
  Timing timing() const;

 private:
  struct Repetition {
    double seconds, rate_before, rate_after;
  };
  double seconds_of(std::int64_t runs) const;
  bool disturbed(const Repetition& repetition) const;

  const Case& case_;
  Limit* limit_;
  std::int64_t runs_ = 1;
  std::vector<Repetition> repetitions_;
};

/// Times the cases together, a repetition of each in turn, there and back. A repetition around which the
/// limit dropped by more than kDrop is repeated, up to as many more as there are repetitions. Ratios near one
/// need more of them: several cases get kComparedRounds times as many.
constexpr double kDrop = 0.15;
constexpr int kComparedRounds = 4;
std::vector<Timing> measure(const std::vector<Case>& cases, const Protocol& protocol);

}  // namespace thalweg::bench
