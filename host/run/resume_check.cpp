#include "host/run/resume_check.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "host/config/config_text.hpp"
#include "host/config/keys.hpp"
#include "host/config/settings.hpp"
#include "host/config/values.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// These schedules read the length of the run.
bool depends_on_length(const ScheduleConfig& schedule) {
  if (schedule.name == ScheduleKind::cosine) return schedule.cycle_steps == 0;
  const bool polynomial = schedule.name == ScheduleKind::polynomial;
  return polynomial || schedule.name == ScheduleKind::one_cycle;  // mutant: length-compared
}

/// The shell chooses the number of a pipe that it makes: <(query) is /dev/fd/63 now and /dev/fd/62 then.
bool is_descriptor(const std::string& path) {
  return path == "-" || path == "/dev/stdin" || path.starts_with("/dev/fd/");
}

/// Whether two paths name one place. What lies there the fingerprint holds against what was.
bool same_place(const std::string& a, const std::string& b) {
  if (is_descriptor(a) && is_descriptor(b)) return true;
  const auto whole = [](const std::string& path) {
    return std::filesystem::absolute(path).lexically_normal();
  };
  return !a.empty() && !b.empty() && whole(a) == whole(b);
}

/// The text of a setting that names what the data are read from.
std::string source_in(const Config& config, const std::string& key) {
  std::string text;
  with_setting(config, key, [&](const Setting&, const auto& value) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, std::string>) text = value;
  });
  return text;
}

bool is_length(const std::string& key) { return key == "train.epochs" || key == "train.max_steps"; }

bool may_differ(const std::string& key, const Config& config) {
  // the noise was solved for this number of steps
  const bool solved_noise = config.per_sample.target_epsilon > 0;
  if ((solved_noise || depends_on_length(config.schedule)) && is_length(key)) return false;
  if (config.train.on_spike == SpikePolicy::rollback && key == "checkpoint.every_steps") return false;
  return on_resume(key) == OnResume::go_on;
}

/// With another rate the rule chooses another decay and another factor, too.
bool is_of_rate(const std::string& key) {
  return key == "optimizer.lr" || key == "optimizer.weight_decay" || key == "optimizer.bias_lr_factor";
}

/// What a user may want to go on with in another way. Noise that was solved for a number of steps is not
/// among it.
bool may_be_allowed(const std::string& key, const Config& config) {
  if (is_length(key)) return config.per_sample.target_epsilon == 0;
  return on_resume(key) == OnResume::allow_on_demand;
}

/// A rule finds these from the data: other data are then the cause, and the fingerprint says so.
bool follows_from_data(const std::string& key) {
  return is_of_rate(key) || key == "train.epochs" || key == "train.batch_size" ||
         key == "data.standardize_target";
}

/// A run that was to stop has met no spike that it went on from: another policy changes nothing so far.
bool ends_a_stop(const SettingDifference& difference) {
  return difference.key == "train.on_spike" && difference.before == value_to_toml(SpikePolicy::stop);
}

/// Why a setting changed that nobody gave.
const char* cause_of(const std::string& key) {
  return key == "optimizer.weight_decay" || key == "optimizer.bias_lr_factor"
             ? " (a rule chooses it where optimizer.lr is auto)"
             : "";
}

[[noreturn]] void refuse_change(const std::string& folder, const SettingDifference& change, bool allowable) {
  throw ConfigError(
      fmt::format("cannot resume from {}: {} was {} and is now {}{}; set it back, {}choose another "
                  "out, or start over with checkpoint.resume=never",
                  folder, change.key, change.before, change.after, cause_of(change.key),
                  allowable ? "go on with it by checkpoint.on_change=allow, " : ""));
}

/// Where the bits are the same whatever the setting says; other data paths are noted.
bool changes_nothing(const SettingDifference& change, const Config& saved, const Config& config,
                     bool same_data, ResumeChanges& changes) {
  if (may_differ(change.key, config) || ends_a_stop(change)) return true;
  if (on_resume(change.key) != OnResume::compare_data) return false;
  if (same_place(source_in(saved, change.key), source_in(config, change.key))) return true;
  if (!same_data) return false;
  changes.notes.push_back(fmt::format("{} was {} and is now {}; the data are the same, the run goes on",
                                      change.key, change.before, change.after));
  return true;
}

void allow(const SettingDifference& change, std::int64_t step, ResumeChanges& changes) {
  changes.history.push_back(
      fmt::format("step {}: {} {} -> {}", step, change.key, change.before, change.after));
  changes.notes.push_back(
      fmt::format("{} was {} and is {} from step {} on", change.key, change.before, change.after, step));
  changes.other_metric |= change.key == "train.metric";
  changes.other_schedule |= change.key == "schedule.name";
}

}  // namespace

void ResumeChanges::apply(RunState& state) const {
  if (other_metric) state.forget_best();
  if (other_schedule) state.plateau = PlateauState{};
}

ResumeChanges require_same_run(const std::string& folder, const CheckpointData& checkpoint,
                               const Config& config, const std::string& fingerprint) {
  Config saved;
  read_config_text(checkpoint.config_toml, folder + "/config.toml", saved);
  const bool comparable = saved.data.fingerprint == config.data.fingerprint;
  const bool same_data = comparable && checkpoint.data_fingerprint == fingerprint;
  const bool other_data = comparable && !same_data;
  ResumeChanges changes;
  for (const SettingDifference& change : config_differences(saved, config)) {
    if (other_data && follows_from_data(change.key)) continue;
    if (changes_nothing(change, saved, config, same_data, changes)) continue;
    const bool allowable = may_be_allowed(change.key, config);
    if (!allowable || config.checkpoint.on_change == OnChange::error)
      refuse_change(folder, change, allowable);
    allow(change, checkpoint.step, changes);
  }
  if (other_data) {
    throw DataError(fmt::format(
        "cannot resume from {}: the training data has changed (fingerprint was {}, is {}); restore "
        "the data, or start over with checkpoint.resume=never",
        folder, checkpoint.data_fingerprint, fingerprint));
  }
  return changes;
}

}  // namespace thalweg
