#include "host/bench/protocol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

namespace thalweg::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

double Limit::rate() {
  rates_.push_back(measure_());
  return rates_.back();
}

double Limit::best() const { return quantile(rates_, 1); }
double Limit::usual() const { return std::max(quantile(rates_, 0.5), expected_); }

std::shared_ptr<Limit> timed_limit(std::string name, double amount, std::function<void()> run) {
  const auto measure = [amount, run = std::move(run)] {
    const auto begin = Clock::now();
    run();
    return amount / seconds_since(begin);
  };
  return std::make_shared<Limit>(std::move(name), measure, amount);
}

std::string shape_text(const Shape& shape) {
  std::string text;
  for (const auto& [name, value] : shape) {
    if (!text.empty()) text += " ";
    const auto* const number = std::get_if<std::int64_t>(&value);
    text += number != nullptr ? fmt::format("{}={}", name, *number) : std::get<std::string>(value);
  }
  return text;
}

double quantile(std::vector<double> values, double level) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double at = level * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return std::lerp(values[below], values[above], at - static_cast<double>(below));
}

Stopwatch::Stopwatch(const Case& subject, const Protocol& protocol, bool beside_limit)
    : case_(subject), limit_(beside_limit ? subject.limit.get() : nullptr) {
  seconds_of(1);
  double once = seconds_of(1);
  while (once * static_cast<double>(runs_) < protocol.seconds) {
    const double wanted = 1.2 * protocol.seconds / std::max(once, 1e-9);
    runs_ = std::clamp(static_cast<std::int64_t>(wanted), runs_ + 1, 10 * runs_);
    once = seconds_of(runs_);
  }
}

double Stopwatch::seconds_of(std::int64_t runs) const {
  const auto begin = Clock::now();
  for (std::int64_t i = 0; i < runs; ++i) case_.run();
  case_.finish();
  return seconds_since(begin) / static_cast<double>(runs);
}

double Stopwatch::repetition() {
  const double before = limit_ ? limit_->rate() : 0;
  const double seconds = seconds_of(runs_);
  repetitions_.push_back({seconds, before, limit_ ? limit_->rate() : 0});
  return seconds;
}

bool Stopwatch::disturbed(const Repetition& repetition) const {
  return limit_ != nullptr &&
         std::min(repetition.rate_before, repetition.rate_after) < (1 - kDrop) * limit_->usual();
}

Timing Stopwatch::timing() const {
  Timing timing{.runs = runs_};
  std::vector<Repetition> calm;
  for (const Repetition& repetition : repetitions_) {
    timing.seconds.push_back(repetition.seconds);
    if (!disturbed(repetition)) calm.push_back(repetition);
  }
  timing.disturbed = 2 * calm.size() < repetitions_.size();
  std::vector<double> seconds, rates, percent;
  for (const Repetition& repetition : timing.disturbed ? repetitions_ : calm) {
    seconds.push_back(repetition.seconds);
    rates.push_back(std::midpoint(repetition.rate_before, repetition.rate_after));
    percent.push_back(100 * case_.limit_amount / (rates.back() * repetition.seconds));
  }
  timing.median = quantile(seconds, 0.5);
  timing.spread = (quantile(seconds, 0.75) - quantile(seconds, 0.25)) / timing.median;
  if (limit_ == nullptr) return timing;
  timing.limit_rate = quantile(rates, 0.5);
  timing.percent_of_limit = quantile(percent, 0.5);
  return timing;
}

namespace {

/// Repetition by repetition, as those follow each other closely.
double median_ratio(const Timing& one, const Timing& other) {
  std::vector<double> ratios;
  for (std::size_t r = 0; r < one.seconds.size(); ++r) ratios.push_back(one.seconds[r] / other.seconds[r]);
  return quantile(std::move(ratios), 0.5);
}

}  // namespace

std::vector<Timing> measure(const std::vector<Case>& cases, const Protocol& protocol) {
  std::vector<Stopwatch> watches;
  watches.reserve(cases.size());
  for (const Case& subject : cases) watches.emplace_back(subject, protocol);
  std::vector<Timing> timings;
  const int repetitions = cases.size() > 1 ? kComparedRounds * protocol.repetitions : protocol.repetitions;
  for (int r = 0; r < 2 * repetitions; ++r) {
    for (std::size_t i = 0; i < watches.size(); ++i)
      watches[r % 2 == 0 ? i : watches.size() - 1 - i].repetition();
    timings.clear();
    for (const Stopwatch& watch : watches) timings.push_back(watch.timing());
    const bool calm =
        std::none_of(timings.begin(), timings.end(), [](const Timing& t) { return t.disturbed; });
    if (r + 1 >= repetitions && calm) break;
  }
  for (std::size_t i = 1; i < timings.size(); ++i)
    timings[i].ratio_to_first = median_ratio(timings[i], timings[0]);
  return timings;
}

}  // namespace thalweg::bench
