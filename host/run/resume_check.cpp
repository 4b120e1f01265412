#include "host/run/resume_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "host/config/config_text.hpp"
#include "host/config/values.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::array<std::string_view, 19> kMayDiffer{"out",
                                                      "device",
                                                      "train.epochs",
                                                      "train.max_steps",
                                                      "train.max_seconds",
                                                      "train.threads",
                                                      "train.micro_batch",
                                                      "train.patience",
                                                      "train.gradient_tolerance",
                                                      "train.loss_tolerance",
                                                      "train.log_every_steps",
                                                      "checkpoint.every_steps",
                                                      "checkpoint.every_epochs",
                                                      "checkpoint.keep",
                                                      "checkpoint.resume",
                                                      "data.test",
                                                      "data.test_target",
                                                      "data.test_rows",
                                                      "data.fingerprint"};

/// These schedules read the length of the run.
bool depends_on_length(const ScheduleConfig& schedule) {
  if (schedule.name == ScheduleKind::cosine) return schedule.cycle_steps == 0;
  const bool polynomial = schedule.name == ScheduleKind::polynomial;
  return polynomial || schedule.name == ScheduleKind::one_cycle;  // mutant: length-compared
}

/// The shell chooses the number of a pipe that it makes: <(query) is /dev/fd/63 now and /dev/fd/62 then.
bool is_descriptor(const std::string& path) { return path == "/dev/stdin" || path.starts_with("/dev/fd/"); }

/// Whether two paths name one place. What lies there the fingerprint holds against what was.
bool same_place(const std::string& a, const std::string& b) {
  if (is_descriptor(a) && is_descriptor(b)) return true;
  const auto whole = [](const std::string& path) {
    return std::filesystem::absolute(path).lexically_normal();
  };
  return !a.empty() && !b.empty() && whole(a) == whole(b);
}

bool same_data(const std::string& key, const DataConfig& a, const DataConfig& b) {
  return (key == "data.train" && same_place(a.train, b.train)) ||
         (key == "data.target" && same_place(a.target, b.target)) ||
         (key == "data.weight" && same_place(a.weight, b.weight));
}

bool may_differ(const std::string& key, const Config& config) {
  // the noise was solved for this number of steps
  const bool solved_noise = config.per_sample.target_epsilon > 0;
  if ((solved_noise || depends_on_length(config.schedule)) &&
      (key == "train.epochs" || key == "train.max_steps"))
    return false;
  if (config.train.on_spike == SpikePolicy::rollback && key == "checkpoint.every_steps") return false;
  return std::find(kMayDiffer.begin(), kMayDiffer.end(), key) != kMayDiffer.end();
}

/// A rule finds these from the data: other data are then the cause, and the fingerprint says so.
bool follows_from_data(const std::string& key) {
  return key == "optimizer.lr" || key == "optimizer.weight_decay" || key == "train.epochs" ||
         key == "train.batch_size";
}

/// A run that was to stop has met no spike that it went on from: another policy changes nothing so far.
bool ends_a_stop(const SettingDifference& difference) {
  return difference.key == "train.on_spike" && difference.before == value_to_toml(SpikePolicy::stop);
}

}  // namespace

void require_same_run(const std::string& folder, const CheckpointData& checkpoint, const Config& config,
                      const std::string& fingerprint) {
  Config saved;
  read_config_text(checkpoint.config_toml, folder + "/config.toml", saved);
  const bool other_data =
      saved.data.fingerprint == config.data.fingerprint && checkpoint.data_fingerprint != fingerprint;
  for (const SettingDifference& difference : config_differences(saved, config)) {
    if (other_data && follows_from_data(difference.key)) continue;
    if (may_differ(difference.key, config) || ends_a_stop(difference)) continue;
    if (same_data(difference.key, saved.data, config.data)) continue;
    throw ConfigError(
        fmt::format("cannot resume from {}: {} was {} and is now {}; set it back, choose another out, or "
                    "start over with checkpoint.resume=never",
                    folder, difference.key, difference.before, difference.after));
  }
  if (other_data) {
    throw DataError(fmt::format(
        "cannot resume from {}: the training data has changed (fingerprint was {}, is {}); restore "
        "the data, or start over with checkpoint.resume=never",
        folder, checkpoint.data_fingerprint, fingerprint));
  }
}

}  // namespace thalweg
