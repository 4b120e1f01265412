#include "host/run/run_data.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/fit_to_schema.hpp"
#include "host/data/input_file.hpp"
#include "host/data/input_paths.hpp"
#include "host/data/memory_rows.hpp"
#include "host/data/validate_data.hpp"
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

}  // namespace

MemoryData checked_memory(Dataset train, const Dataset* test) {
  const auto check = [](const Dataset& rows) {
    const bool raw = is_raw(rows.transform);
    if (rows.rows != 0) validate_data(rows, raw ? MissingValues::allowed : MissingValues::refused, 0);
  };
  check(train);
  if (test != nullptr) check(*test);
  return {std::move(train), test};
}

TrainingSource training_source(const Config& config, const std::optional<ModelSpec>& init,
                               const ReadOptions& reading, MemoryData* memory) {
  const Loss loss = config.model.loss == Loss::automatic && init ? init->config.loss : config.model.loss;
  DataConfig data = config.data;
  // One row's label must not decide on which side another row is, where that row's part is to be hidden.
  if (config.per_sample.private_training()) data.stratify = Tristate::no;
  std::optional<DataSchema> schema;
  if (init) schema = init->schema;
  if (memory != nullptr)
    return {std::move(memory->train), data, target_use(loss), reading.threads, std::move(schema)};
  return {data, target_use(loss), reading, std::move(schema)};
}

namespace {

Dataset fit_test_data(const Dataset& test, const DataSchema& schema, int threads) {
  Dataset data = fit_to_schema(test, schema, true, threads);
  data.source = source_of(data);
  return data;
}

/// The validation and test data, by the schema of the training data; `test`: those in memory.
RunData with_other_data(RunData data, const Config& config, const ReadOptions& reading, const Dataset* test) {
  const bool full = config.data.fingerprint == FingerprintRows::full;
  data.fingerprint = fingerprint(data.train, full);
  const DataSchema schema = schema_of(data.train);
  if (!config.data.validation.empty()) {
    data.validation = read_validation_data(config.data, schema, reading);
    data.fingerprint += "+" + fingerprint(*data.validation, full);
  }
  if (!config.data.test.empty() || !config.data.test_rows.empty())
    data.test = read_test_data(config.data, schema, true, reading);
  if (test != nullptr) data.test = fit_test_data(*test, schema, reading.threads);
  return data;
}

}  // namespace

RunData read_run_data(const Config& config, const ReadProgress& progress, MemoryData* memory) {
  require_pipes_once(input_paths(config.data));
  const ReadOptions reading = read_options(config, progress);
  RunData data;
  data.init = init_spec(config.model);
  TrainingSource source = training_source(config, data.init, reading, memory);
  data.split = source.split(static_cast<std::uint64_t>(config.seed));
  source.require_weight(data.split.validation, "data.validation_fraction");
  data.shards = source.notes_of_shards();
  data.train = std::move(source).take(data.split);
  return with_other_data(std::move(data), config, reading, memory != nullptr ? memory->test : nullptr);
}

FoldData::FoldData(const Config& config, const ReadProgress& progress, MemoryData* memory)
    : config_((require_pipes_once(input_paths(config.data)), config)),
      test_(memory != nullptr ? memory->test : nullptr),
      reading_(read_options(config, progress)),
      init_(init_spec(config.model)),
      source_(training_source(config, init_, reading_, memory)),
      folds_(source_.classes_to_split_by(), config.data.folds, static_cast<std::uint64_t>(config.seed)) {
  for (std::int64_t fold = 0; fold < config.data.folds; ++fold)
    source_.require_weight(folds_.split(fold).validation,
                           fmt::format("fold {} of data.folds = {}", fold, config.data.folds));
}

RunData FoldData::fold(std::int64_t index) const {
  RunData data;
  data.init = init_;
  data.split = folds_.split(index);
  data.shards = source_.notes_of_shards();
  data.train = source_.make(data.split);
  return with_other_data(std::move(data), config_, reading_, test_);
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
