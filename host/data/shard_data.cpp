#include "host/data/shard_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "host/checkpoint/checkpoint_files.hpp"
#include "host/checkpoint/files.hpp"
#include "host/config/home_path.hpp"
#include "host/data/feature_rows.hpp"
#include "host/data/fit_to_schema.hpp"
#include "host/data/rows_in_memory.hpp"
#include "host/data/shards/shard_layout.hpp"
#include "host/data/shards/shard_manifest.hpp"
#include "host/data/shards/shard_store.hpp"
#include "host/data/transform.hpp"
#include "thalweg/error.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {
namespace {

using GivenSetting = std::pair<const char*, bool>;

[[noreturn]] void refuse(const char* key, const std::string& folder, const char* why) {
  throw ConfigError(
      fmt::format("data.{} is given, but {} is a set of shards, {}; want it unset", key, folder, why));
}

/// What conversion decided for all rows.
void require_none_of_conversion(const DataConfig& config) {
  const GivenSetting settings[] = {{"target", !config.target.empty()},
                                   {"weight", !config.weight.empty()},
                                   {"features", config.features != 0},
                                   {"categorical", !config.categorical.empty()},
                                   {"crosses", !config.crosses.empty()},
                                   {"hash_bits", config.hash_bits != 0},
                                   {"index_base", config.index_base != IndexBase::automatic},
                                   {"impute", config.impute != Imputation::error}};
  for (const auto& [key, given] : settings)
    if (given) refuse(key, config.train, "whose columns thalweg convert chose");
  if (!config.train_rows.empty()) refuse("train_rows", config.train, "which is read whole");
}

/// How texts are read matters where another file is text.
void require_none_of_texts(const DataConfig& config) {
  const auto other = [](const std::string& path) { return !path.empty() && !is_shard_set(path); };
  if (other(config.validation) || other(config.test)) return;
  const DataConfig unset;
  const GivenSetting settings[] = {{"format", config.format != unset.format},
                                   {"header", config.header != unset.header},
                                   {"delimiter", config.delimiter != unset.delimiter},
                                   {"decimal", config.decimal != unset.decimal},
                                   {"thousands", config.thousands != unset.thousands},
                                   {"comment", config.comment != unset.comment},
                                   {"missing", config.missing != unset.missing},
                                   {"ignore", config.ignore != unset.ignore},
                                   {"id", config.id != unset.id}};
  for (const auto& [key, given] : settings)
    if (given) refuse(key, config.train, "which holds no text");
}

/// Whether the scale is more than that of bytes, which have one without standardisation, too.
bool is_standardized(const Dataset& data) {
  if (!holds_bytes(data)) return !data.transform.scale.empty();
  FeatureTransform plain;
  scale_bytes(data.features, plain);
  return data.transform.scale != plain.scale || data.transform.shift != plain.shift;
}

void require_standardization(Tristate setting, const Dataset& data) {
  const bool scaled = is_standardized(data);
  if (setting == Tristate::automatic || (setting == Tristate::yes) == scaled) return;
  throw ConfigError(
      fmt::format("data.standardize = {}, but thalweg convert {} the features of {}; convert "
                  "the data anew, or leave it out",
                  name_of(setting), scaled ? "scaled" : "did not scale", data.source));
}

/// Gives cells that are kept ahead of imputation, scale and shift those of the model.
void rescale(const std::string& folder, const FeatureTransform& model, Dataset& data) {
  const ShardStore& store = shard_store_of(data);
  ShardManifest manifest = store.manifest();
  ShardCells& cells = manifest.facts.cells;
  const bool unfilled = cells == ShardCells::unfilled && !model.impute.empty();
  const bool filled_alike = !unfilled || data.transform.impute == model.impute;
  if (data.transform.scale == model.scale && data.transform.shift == model.shift && filled_alike) return;
  if (cells == ShardCells::inputs && store.form().dtype != DType::u8) return;
  data.transform.scale = model.scale;
  data.transform.shift = model.shift;
  if (unfilled) data.transform.impute = model.impute;  // mutant: imputed-by-the-model
  if (cells == ShardCells::inputs) return;             // a step scales bytes as it reads them
  manifest.facts.schema.transform = data.transform;
  if (cells == ShardCells::unscaled && model.scale.empty()) cells = ShardCells::inputs;
  data.store = std::make_shared<ShardStore>(folder, std::move(manifest));
}

Dataset in_form_of(const DataSchema& schema, const std::string& folder, Dataset data, bool need_target,
                   int threads) {
  rescale(with_home(folder), schema.transform, data);
  require_form(schema, data, need_target);
  return fit_to_schema(std::move(data), schema, need_target, threads);
}

}  // namespace

bool is_shard_set(const std::string& path) {
  if (path.empty() || path == "-") return false;
  const std::string folder = with_home(path);
  if (path_exists(join_path(folder, kModelFile))) return false;  // a checkpoint has a manifest, too
  return path_exists(join_path(folder, kShardManifest)) || path_exists(join_path(folder, shard_name(0)));
}

DataConfig settings_beside(DataConfig config) {
  if (!is_shard_set(config.train)) return config;
  ConversionNotes notes;
  try {
    notes = read_shard_manifest(with_home(config.train)).facts.notes;
  } catch (const Error&) {  // who reads the set will hear of it
  }
  const auto ignored = [&](const std::string& column) {
    return std::find(config.ignore.begin(), config.ignore.end(), column) != config.ignore.end();
  };
  if (config.id.empty() && !ignored(notes.id)) config.id = notes.id;
  if (config.weight.empty() && !ignored(notes.weight)) config.weight = notes.weight;
  return config;
}

TrainingShards open_training_shards(const DataConfig& config, const DataSchema* schema, int threads) {
  require_none_of_conversion(config);
  require_none_of_texts(config);
  Dataset data = open_shards(with_home(config.train));
  require_standardization(config.standardize, data);
  if (data.target.empty()) throw DataError(data.source + " has no targets; want one per row to train on");
  ConversionNotes notes = shard_store_of(data).manifest().facts.notes;
  if (!data.weight.empty() && notes.weight.empty()) notes.weight = "those of the shards";
  if (schema != nullptr) data = in_form_of(*schema, config.train, std::move(data), true, threads);
  return {in_memory_where_it_fits(std::move(data), config), std::move(notes)};
}

Dataset open_shards_as(const std::string& folder, const DataSchema& schema, bool need_target, int threads) {
  return in_form_of(schema, folder, open_shards(with_home(folder)), need_target, threads);
}

}  // namespace thalweg
