// The public way to the protocol of `thalweg bench`.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/bench/device_limits.hpp"
#include "host/bench/limits.hpp"
#include "host/runtime/device_of.hpp"
#include "host/runtime/lane.hpp"
#include "thalweg/bench.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// No cache holds an array of this size.
constexpr std::int64_t kMostBytes = std::int64_t{256} << 20;

void require_work(const Work& work) {
  if (!work.run) throw UsageError("measure_speed: Work::run is an empty std::function");
  const auto require_least = [](const char* name, auto value, int least) {
    if (!(value >= least))
      throw ConfigError(
          fmt::format("measure_speed: Work::{} is {}; expected {} or more", name, value, least));
  };
  require_least("bytes", work.bytes, 0);
  require_least("operations", work.operations, 0);
  require_least("working_set", work.working_set, 0);
  require_least("repetitions", work.repetitions, 1);
  require_least("seconds", work.seconds, 0);
  if (!std::isfinite(work.seconds)) throw ConfigError("measure_speed: Work::seconds is not finite");
}

/// Seconds that the limit takes for the amount; 0 without an amount.
double seconds_of(bench::Limit& limit, std::int64_t amount) {
  limit.rate();  // touches the memory
  return static_cast<double>(amount) / limit.rate();
}

void bind(const Context& ctx, const Work& work, bench::Case& subject) {
  const std::int64_t memory =
      std::clamp(work.working_set > 0 ? work.working_set : work.bytes, std::int64_t{1}, kMostBytes);
  const bool gpu = device_of(ctx).stream != nullptr;
  double longest = 0;
  const auto consider = [&](std::int64_t amount, const auto& make) {
    if (amount == 0) return;
    const std::shared_ptr<bench::Limit> limit = make();
    const double seconds = seconds_of(*limit, amount);
    if (seconds <= longest) return;
    longest = seconds;
    subject.limit = limit;
    subject.limit_amount = static_cast<double>(amount);
  };
  consider(work.bytes, [&] {
    return gpu ? bench::device_copy_limit(ctx, std::max<std::int64_t>(memory / 2, 1 << 20))
               : bench::read_limit(ctx, memory);
  });
  consider(work.operations, [&] { return gpu ? bench::device_fma_limit(ctx) : bench::fma_limit(ctx); });
}

}  // namespace

Speed measure_speed(const Context& ctx, const Work& work) {
  require_work(work);
  const Lane lane(ctx);  // limits run on its threads
  bench::Case subject{.run = work.run, .finish = work.finish ? work.finish : [] {}};
  bind(ctx, work, subject);
  const bench::Timing timing =
      bench::measure({subject}, {.repetitions = work.repetitions, .seconds = work.seconds}).front();
  return {.seconds = timing.median,
          .spread = timing.spread,
          .runs = timing.runs,
          .limit = subject.limit ? subject.limit->name() : std::string(),
          .limit_rate = timing.limit_rate,
          .percent_of_limit = timing.percent_of_limit,
          .disturbed = timing.disturbed};
}

}  // namespace thalweg
