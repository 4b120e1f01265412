#include "host/model/model_file.hpp"

#include <charconv>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/checkpoint_files.hpp"
#include "host/checkpoint/files.hpp"
#include "host/config/config_text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

const std::string& entry(const std::map<std::string, std::string>& metadata, const char* key,
                         const std::string& file) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) {
    throw CorruptCheckpoint(file + ": metadata \"" + key + "\" is missing; this is no model of Thalweg's");
  }
  return found->second;
}

template <class Number>
Number number(const std::map<std::string, std::string>& metadata, const char* key, const std::string& file) {
  const std::string& text = entry(metadata, key, file);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw CorruptCheckpoint(file + ": metadata \"" + key + "\" is \"" + text + "\"; expected a number");
  }
  return value;
}

}  // namespace

ModelFile find_model_file(const std::string& path) {
  if (!path_exists(path)) throw NoInputError(path + ": no such model");
  if (!is_folder(path)) return {path};
  const std::string file = join_path(path, kModelFile);
  if (path_exists(file)) return {file};  // mutant: final-model-first
  ModelFile found;
  const std::optional<StoredCheckpoint> newest = read_newest_checkpoint(checkpoint_root(path), found.damaged);
  if (!newest) throw NoInputError(path + ": holds neither model.safetensors nor a valid checkpoint");
  found.path = join_path(newest->folder, kModelFile);
  found.checkpoint = newest->folder;
  found.step = newest->data.step;
  found.epoch = newest->data.epoch;
  return found;
}

std::map<std::string, std::string> model_metadata(const ModelSpec& spec) {
  Config config;
  config.model = spec.config;
  return {{"model", to_toml(config)},
          {"schema", schema_to_json(spec.schema)},
          {"outputs", std::to_string(spec.outputs)},
          {"seed", std::to_string(spec.seed)}};
}

ModelSpec model_spec_from(const std::map<std::string, std::string>& metadata, const std::string& file) {
  Config config;
  read_config_text(entry(metadata, "model", file), file, config);
  return {.config = config.model,
          .schema = schema_from_json(entry(metadata, "schema", file)),
          .outputs = number<std::int64_t>(metadata, "outputs", file),
          .seed = number<std::uint64_t>(metadata, "seed", file)};
}

void check_targets(const Dataset& data, const ModelSpec& spec) {
  if (!traits_of(spec.config.loss).rates) return;
  for (std::int64_t row = 0; row < data.rows; ++row) {
    const float target = data.target[static_cast<std::size_t>(row)];
    if (target >= 0) continue;
    throw DataError(data.where(row) + ": target " + std::to_string(target) +
                    "; poisson takes counts of 0 or more");
  }
}

}  // namespace thalweg
