// Checkpoints of a loop of the caller's own, in the format and the folders of a run.
#include <fmt/format.h>

#include "host/checkpoint/checkpoint_files.hpp"
#include "host/checkpoint/files.hpp"
#include "host/checkpoint/run_lock.hpp"
#include "host/config/config_text.hpp"
#include "host/model/model_call.hpp"
#include "host/model/model_file.hpp"
#include "host/step/learner_state.hpp"
#include "host/step/training_state.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// What a learner knows of the settings that a run writes to config.toml.
Config config_of(const Context& ctx, const ModelSpec& spec, const OptimizerConfig& optimizer) {
  Config config;
  config.seed = static_cast<std::int64_t>(spec.seed);
  config.numerics = ctx.numerics();
  config.model = spec.config;
  config.optimizer = optimizer;
  return config;
}

[[noreturn]] void refuse(const std::string& folder, const std::string& what, const std::string& before,
                         const std::string& now) {
  throw ConfigError(
      fmt::format("cannot restore from {}: {} was {} and is now {}", folder, what, before, now));
}

/// The initial parameters are replaced, wherever they came from.
void require_same_model(const std::string& folder, const CheckpointData& data, const ModelSpec& spec) {
  const ModelSpec saved = model_spec_from(data.metadata, join_path(folder, kModelFile));
  Config before, now;
  before.model = saved.config, now.model = spec.config;
  before.model.init = now.model.init;
  for (const SettingDifference& difference : config_differences(before, now))
    refuse(folder, difference.key, difference.before, difference.after);
  if (saved.seed != spec.seed)
    refuse(folder, "the seed", std::to_string(saved.seed), std::to_string(spec.seed));
  if (saved.outputs != spec.outputs || schema_to_json(saved.schema) != schema_to_json(spec.schema))
    throw DataError(fmt::format("cannot restore from {}: its model is for data of another schema", folder));
}

/// The settings that give the optimizer's states their meaning; a loop may change the others.
void require_same_states(const std::string& folder, const OptimizerConfig& saved,
                         const OptimizerConfig& optimizer) {
  const auto require_same = [&](const char* key, const auto& before, const auto& now) {
    if (before != now) refuse(folder, key, std::string(name_of(before)), std::string(name_of(now)));
  };
  require_same("optimizer.name", saved.name, optimizer.name);
  require_same("optimizer.average", saved.average, optimizer.average);
}

void require_same_data(const std::string& folder, const CheckpointData& data, const Dataset& rows,
                       FingerprintRows which) {
  if (data.data_fingerprint == fingerprint(rows, which == FingerprintRows::full)) return;
  throw DataError(fmt::format("cannot restore from {}: the training data have changed", folder));
}

/// Nothing where no checkpoint has been written.
std::optional<StoredCheckpoint> find_checkpoint(const std::string& path, std::vector<std::string>& damaged) {
  if (is_checkpoint(path)) return StoredCheckpoint{path, read_checkpoint(path)};
  std::optional<StoredCheckpoint> newest = read_newest_checkpoint(checkpoint_root(path), damaged);
  if (!newest && !damaged.empty()) throw CorruptCheckpoint(damaged.front());
  return newest;
}

}  // namespace

std::string Learner::save(const std::string& out, const SaveOptions& options) const {
  State& s = *state_;
  const ReadingCall call(s.ctx, s.network.live(), "Learner::save");
  s.require_collected("Learner::save");
  s.data.require_unmoved();
  if (options.keep < 1)
    throw ConfigError(fmt::format("SaveOptions::keep is {}; want 1 or more", options.keep));
  CheckpointData data = training_state(s.ctx, *s.network, *this);
  if (const EpochBatches* batches = s.ids.batches()) data.epoch = data.step / batches->batches_per_epoch();
  data.seed = s.network->spec().seed;
  data.progress = options.values;
  data.config_toml = to_toml(config_of(s.ctx, s.network->spec(), s.options.optimizer));
  data.data_fingerprint = fingerprint(s.data.host(), false);
  create_folders(out);
  const RunLock lock(out, [](const std::string&) {});
  const std::string root = checkpoint_root(out), folder = checkpoint_folder(root, data.step);
  write_checkpoint(folder, data);
  KnownCheckpoints known;
  known.set_valid(folder);
  prune_checkpoints(root, options.keep, {data.step}, known);
  return folder;
}

std::optional<Restored> Learner::restore(const std::string& path) {
  State& s = *state_;
  const ChangingCall call(s.ctx, s.network.live(), "Learner::restore");
  s.require_collected("Learner::restore");
  Restored restored;
  std::optional<StoredCheckpoint> found = find_checkpoint(path, restored.damaged);
  if (!found) return std::nullopt;
  const auto& [folder, data] = *found;
  Config saved;
  read_config_text(data.config_toml, join_path(folder, kConfigFile), saved);
  require_same_model(folder, data, s.network->spec());
  require_same_states(folder, saved.optimizer, s.options.optimizer);
  require_same_data(folder, data, s.data.host(), saved.data.fingerprint);
  restore_model_state(s.ctx, data, *s.network);
  s.set_states(data.states);
  s.steps = data.step;
  restored.folder = folder;
  restored.values = data.progress;
  return restored;
}

}  // namespace thalweg
