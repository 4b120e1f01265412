#include "host/report/event_log.hpp"

#include <fmt/format.h>

#include <utility>

#include "host/report/hparams.hpp"

namespace thalweg {
namespace {

// TensorBoard knows its files by "tfevents", and reads those of a folder in the order of their names.
constexpr std::string_view kPrefix = "events.out.tfevents.", kSuffix = ".thalweg";

std::string name_for(std::int64_t step) { return fmt::format("{}{:012d}{}", kPrefix, step, kSuffix); }

}  // namespace

EventLog::EventLog(std::string folder, std::int64_t step, bool epoch_pending, std::string epoch_tag)
    : folder_(std::move(folder)), epoch_tag_(std::move(epoch_tag)) {
  create_folders(folder_);
  drop_later(step, epoch_pending);
  const std::string file = join_path(folder_, name_for(step));
  const bool is_new = !path_exists(file);
  file_ = std::make_unique<OutputFile>(file, OutputFile::Mode::append);
  if (is_new) file_->write(events::framed(events::version_event(events::wall_time())));
}

void EventLog::write(std::int64_t step, const events::Summary& summary) {
  file_->write(events::framed(events::event(events::wall_time(), step, summary)));
}

std::string EventLog::kept(const std::string& file, std::int64_t step, bool epoch_pending) const {
  std::string kept;
  for (const std::string_view record : events::records_of(file)) {
    const events::EventHead head = events::head_of(record);
    const bool pending = epoch_pending && head.step == step && head.tag == epoch_tag_;
    if (head.step <= step && !pending && head.tag != events::kSessionEnd) kept += events::framed(record);
  }
  return kept;
}

/// At step 0 no former event belongs to the run.
void EventLog::drop_later(std::int64_t step, bool epoch_pending) {
  for (const std::string& name : names_in(folder_)) {
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) continue;
    const std::string path = join_path(folder_, name);
    const std::string before = read_file(path);
    const std::string after = step == 0 || name > name_for(step) ? "" : kept(before, step, epoch_pending);
    if (after.empty()) {
      remove_path(path);
    } else if (after != before) {
      write_file_atomically(path, after);
    }
    begins_ = begins_ && after.empty();
  }
}

}  // namespace thalweg
