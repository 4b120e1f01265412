#include "host/run/run_ranks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

void require_shareable(const Config& config, int count) {
  const auto refuse = [&](const std::string& why) {
    throw ConfigError(fmt::format("{} processes share the run, but {}", count, why));
  };
  const std::int64_t slices = config.train.reduction_slices;
  if (count > slices)
    refuse(
        fmt::format("train.reduction_slices = {}: at most {} ranks can share a batch; more slices give "
                    "other bits, so set them from the start of a run",
                    slices, slices));
  if (config.train.ranks > 1)
    refuse(fmt::format("train.ranks = {}: a process is one rank, want 1", config.train.ranks));
  if (config.data.folds > 0)
    refuse(fmt::format("data.folds = {}: the folds of a run want one process", config.data.folds));
}

/// The value that most ranks have; of equally many that of the first.
const std::string& most_frequent(const std::vector<std::string>& values) {
  const auto times = [&](const std::string& value) {
    return std::count(values.begin(), values.end(), value);
  };
  return *std::max_element(values.begin(), values.end(),
                           [&](const std::string& a, const std::string& b) { return times(a) < times(b); });
}

}  // namespace

RunRanks::RunRanks(ProcessRanks* ends, const Config& config, const TrainObserver& given)
    : ends_(ends), given_(given) {
  if (ends_ == nullptr) return;
  require_shareable(config, ends_->count());
  shared_ = leads() ? given : TrainObserver{.phase = given.phase};
  shared_.stop_signal = &stop_;
  shared_.save_signal = &save_;
}

int RunRanks::threads(std::int64_t asked) const {
  if (ends_ == nullptr || asked > 0) return static_cast<int>(asked);
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  return std::max(1, cores / ends_->calls().sharers());
}

LearnerOptions RunRanks::options(LearnerOptions options) const {
  if (ends_ != nullptr) options.ranks = ends_->count();
  return options;
}

void RunRanks::say(std::int64_t step, double seconds) {
  if (ends_ == nullptr) return;
  const bool stops = given_.stop_signal != nullptr && given_.stop_signal->load() != 0;
  const bool saves = given_.save_signal != nullptr && given_.save_signal->exchange(0) != 0;
  ends_->calls().say({.stop = stops, .save = saves, .seconds = seconds, .step = step});
}

void RunRanks::hear() {
  if (ends_ == nullptr) return;
  const std::vector<RankWord>& words = ends_->calls().heard();
  for (const RankWord& word : words) {
    if (word.stop != 0) stop_ = 1;
    if (word.save != 0) save_ = 1;
  }
  seconds_ = words.front().seconds;
}

void RunRanks::require_equal_parameters(std::int64_t step, const std::function<std::string()>& own) const {
  if (ends_ == nullptr) return;
  const std::vector<std::string> sums = ends_->gather_texts(own());
  const std::string& most = most_frequent(sums);
  std::string odd;
  for (int rank = 0; rank < ends_->count(); ++rank) {
    if (sums[static_cast<std::size_t>(rank)] != most) odd += " " + ends_->calls().name_of(rank);
  }
  if (odd.empty()) return;
  throw RankError(
      fmt::format("after step {} the parameters differ from those of most ranks on{}: a fault of "
                  "the hardware, or another C library, which schedules call; the newest "
                  "checkpoint is right",
                  step, odd));
}

void RunRanks::finish() {
  if (ends_ == nullptr) return;
  ends_->calls().finish();
  shared_.stop_signal = given_.stop_signal;
}

}  // namespace thalweg
