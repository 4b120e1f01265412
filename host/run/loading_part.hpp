#pragma once
// The reading of rows that stay on the disk, epoch by epoch.
#include <functional>
#include <utility>

#include "host/run/run_part.hpp"

namespace thalweg {

class LoadingPart final : public RunPart {
 public:
  /// `report`: of the learner, up to now.
  explicit LoadingPart(std::function<LoadingReport()> report)
      : report_(std::move(report)), before_(report_()) {}

  /// Adds how long the epoch's steps waited for rows, and the megabytes that a second of reading gave; 0 of
  /// an epoch that read nothing.
  void epoch_end(EpochReport& epoch) override {
    const LoadingReport now = report_();
    const double seconds = now.read_seconds - before_.read_seconds;
    const double megabytes = static_cast<double>(now.bytes - before_.bytes) / 1e6;
    epoch.values.emplace_back("loader.wait_seconds", now.wait_seconds - before_.wait_seconds);
    epoch.values.emplace_back("loader.megabytes_per_second", seconds > 0 ? megabytes / seconds : 0);
    before_ = now;
  }

 private:
  std::function<LoadingReport()> report_;
  LoadingReport before_;
};

}  // namespace thalweg
