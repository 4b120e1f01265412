#pragma once
// The folder of event files that a run writes, as metrics.jsonl is its file of lines.
#include <cstdint>
#include <memory>
#include <string>

#include "host/checkpoint/files.hpp"
#include "host/report/event_file.hpp"

namespace thalweg {

class EventLog {
 public:
  /// Goes on in `folder` from `step`, into a file that is named by it. A run that was killed after its last
  /// checkpoint may have written more. Events of steps after `step` are dropped, with `epoch_pending` those
  /// of the epoch that ends there (their first tag is `epoch_tag`), and so is the end of the run. Throws
  /// IoError.
  EventLog(std::string folder, std::int64_t step, bool epoch_pending, std::string epoch_tag);

  /// Whether no events of former steps are there.
  bool begins() const { return begins_; }
  void write(std::int64_t step, const events::Summary& summary);

 private:
  /// The events of the file that stay.
  std::string kept(const std::string& file, std::int64_t step, bool epoch_pending) const;
  void drop_later(std::int64_t step, bool epoch_pending);

  std::string folder_, epoch_tag_;
  bool begins_ = true;
  std::unique_ptr<OutputFile> file_;
};

}  // namespace thalweg
