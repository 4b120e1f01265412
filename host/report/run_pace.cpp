#include "host/report/run_pace.hpp"

#include <algorithm>
#include <iterator>

namespace thalweg::report {
namespace {

/// The pace is that of as many lines: old ones would hide that a run has become slower.
constexpr std::size_t kNewestLines = 20;

struct Moment {
  double step = 0, seconds = 0;
};

/// As they were written.
std::vector<const LogLine*> lines_of(const RunLog& log) {
  std::vector<const LogLine*> steps, epochs, all;
  for (const LogLine& line : log.steps) steps.push_back(&line);
  for (const LogLine& line : log.epochs) epochs.push_back(&line);
  std::merge(steps.begin(), steps.end(), epochs.begin(), epochs.end(), std::back_inserter(all),
             [](const LogLine* a, const LogLine* b) { return a->step < b->step; });
  return all;
}

/// Between two lines that follow each other.
double seconds_between(double before, double after) { return after >= before ? after - before : after; }

/// The beginning, then a moment a line.
std::vector<Moment> moments_of(const RunLog& log) {
  std::vector<Moment> moments(1);
  double before = 0;
  for (const LogLine* const line : lines_of(log)) {
    const double now = (*line)["seconds"];
    if (std::isnan(now)) continue;
    moments.push_back(
        {static_cast<double>(line->step), moments.back().seconds + seconds_between(before, now)});
    before = now;
  }
  return moments;
}

}  // namespace

RunPace pace_of(const RunLog& log) {
  RunPace pace;
  const std::vector<Moment> moments = moments_of(log);
  if (moments.size() == 1) return pace;
  const Moment &last = moments.back(),
               &first = moments[moments.size() - 1 - std::min(moments.size() - 1, kNewestLines)];
  pace.seconds = last.seconds;
  if (last.seconds > first.seconds)
    pace.steps_per_second = (last.step - first.step) / (last.seconds - first.seconds);
  if (log.epochs.empty()) return pace;
  const double before = log.epochs.size() > 1 ? log.epochs[log.epochs.size() - 2]["seconds"] : 0;
  pace.epoch_seconds = seconds_between(before, log.epochs.back()["seconds"]);
  return pace;
}

const LogLine* newest_line(const RunLog& log) {
  if (log.epochs.empty()) return log.steps.empty() ? nullptr : &log.steps.back();
  const LogLine& epoch = log.epochs.back();
  return !log.steps.empty() && log.steps.back().step > epoch.step ? &log.steps.back() : &epoch;
}

}  // namespace thalweg::report
