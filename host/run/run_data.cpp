#include "host/run/run_data.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/input_file.hpp"
#include "host/data/input_paths.hpp"
#include "host/data/validation_data.hpp"
#include "host/model/model_file.hpp"
#include "host/model/objective.hpp"
#include "host/run/context_options.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::size_t kRowsNamed = 8;

}  // namespace

std::string RunData::name_rows(const std::vector<std::int64_t>& rows) const {
  std::string named;
  for (std::size_t i = 0; i < std::min(rows.size(), kRowsNamed); ++i) {
    named += (i > 0 ? ", " : "") + train.where(rows[i]);
  }
  if (rows.size() > kRowsNamed) named += fmt::format(" and {} more", rows.size() - kRowsNamed);
  return named;
}

namespace {

std::optional<ModelSpec> init_spec(const ModelConfig& model) {
  return value_named<Initialisation>(model.init) ? std::nullopt : stored_spec(model.init);
}

TrainingSource training_source(const Config& config, const std::optional<ModelSpec>& init,
                               const ReadOptions& reading) {
  const Loss loss = config.model.loss == Loss::automatic && init ? init->config.loss : config.model.loss;
  DataConfig data = config.data;
  // One row's label must not decide on which side another row is, where that row's part is to be hidden.
  if (config.per_sample.private_training()) data.stratify = Tristate::no;
  return {data, target_use(loss), reading, init ? std::optional(init->schema) : std::optional<DataSchema>()};
}

/// The validation and test data, by the schema of the training data.
RunData with_other_files(RunData data, const Config& config, const ReadOptions& reading) {
  const bool full = config.data.fingerprint == FingerprintRows::full;
  data.fingerprint = fingerprint(data.train, full);
  const DataSchema schema = schema_of(data.train);
  if (!config.data.validation.empty()) {
    data.validation = read_validation_data(config.data, schema, reading);
    data.fingerprint += "+" + fingerprint(*data.validation, full);
  }
  if (!config.data.test.empty() || !config.data.test_rows.empty())
    data.test = read_test_data(config.data, schema, true, reading);
  return data;
}

}  // namespace

RunData read_run_data(const Config& config, const ReadProgress& progress) {
  require_pipes_once(input_paths(config.data));
  const ReadOptions reading = read_options(config, progress);
  RunData data;
  data.init = init_spec(config.model);
  TrainingSource source = training_source(config, data.init, reading);
  data.split = source.split(static_cast<std::uint64_t>(config.seed));
  source.require_weight(data.split.validation, "data.validation_fraction");
  data.train = std::move(source).take(data.split);
  return with_other_files(std::move(data), config, reading);
}

FoldData::FoldData(const Config& config, const ReadProgress& progress)
    : config_((require_pipes_once(input_paths(config.data)), config)),
      reading_(read_options(config, progress)),
      init_(init_spec(config.model)),
      source_(training_source(config, init_, reading_)),
      folds_(source_.classes_to_split_by(), config.data.folds, static_cast<std::uint64_t>(config.seed)) {
  for (std::int64_t fold = 0; fold < config.data.folds; ++fold)
    source_.require_weight(folds_.split(fold).validation,
                           fmt::format("fold {} of data.folds = {}", fold, config.data.folds));
}

RunData FoldData::fold(std::int64_t index) const {
  RunData data;
  data.init = init_;
  data.split = folds_.split(index);
  data.train = source_.make(data.split);
  return with_other_files(std::move(data), config_, reading_);
}

void check_targets(const RunData& data, const ModelSpec& spec) {
  check_targets(data.train, spec);
  if (data.validation) check_targets(*data.validation, spec);
  if (data.test) check_targets(*data.test, spec);
}

ModelConfig model_config(const Config& config, const RunData& data) {
  ModelConfig model = config.model;
  if (!data.init) return model;
  const Loss before = data.init->config.loss;
  if (model.loss == Loss::automatic) model.loss = before;
  const auto kind = [](Loss loss) { return traits_of(loss).classification ? "classes" : "numbers"; };
  if (traits_of(model.loss).classification != traits_of(before).classification) {
    throw ConfigError(
        fmt::format("model.init = {}: it was trained on {} with the loss {}; model.loss = {} is for {}",
                    model.init, kind(before), name_of(before), name_of(model.loss), kind(model.loss)));
  }
  return model;
}

}  // namespace thalweg
