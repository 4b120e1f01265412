// The entry points: what is read for training and for tests, and by which settings.
#include <fmt/format.h>

#include <algorithm>

#include "host/config/data_rules.hpp"
#include "host/data/all_rows.hpp"
#include "host/data/byte_source.hpp"
#include "host/data/data_files.hpp"
#include "host/data/format_rules.hpp"
#include "host/data/input_file.hpp"
#include "host/data/input_paths.hpp"
#include "host/data/parallel_parse.hpp"
#include "host/data/readers.hpp"
#include "host/data/row_blocks.hpp"
#include "host/data/shard_data.hpp"
#include "host/data/test_data.hpp"
#include "host/data/training_source.hpp"
#include "host/data/validation_data.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

RawData read_as(const Reader& reader, ReadRequest request, std::unique_ptr<ByteSource> source,
                WeightFile weights) {
  if (request.takers.companions && !may_pass_by(reader, request)) request.takers.rows = nullptr;
  require_settings_of(reader, request);
  if (!request.more.empty() && !reader.several)
    throw ConfigError(fmt::format("{} names {} files, and {} is read as {}; of that format want one file",
                                  request.source, request.more.size() + 1, request.path,
                                  name_of(reader.format)));
  RawData data = reader.read(request, std::move(source));
  if (!reader.columns) read_test_weights(request, weights, data);
  return data;
}

/// One opening serves the format and the reader: a pipe has no second.
RawData read_raw(ReadRequest request, WeightFile weights = WeightFile::of_training_rows) {
  std::vector<std::string> files = data_files(request.path);
  if (files.size() > 1) request.source = request.path;
  request.path = files[0];
  request.more.assign(files.begin() + 1, files.end());
  std::unique_ptr<ByteSource> file = open_file(request.path, request.progress);
  if (request.config.format != DataFormat::automatic)
    return read_as(reader_of(request.config.format), request, std::move(file), weights);
  auto [head, source] =
      request.at_once() ? peek_line(std::move(file), kFormatBytes) : peek(std::move(file), kFormatBytes);
  return read_as(find_reader(request.path, head), request, std::move(source), weights);
}

}  // namespace

void require_rows(const std::string& source, const RowRange& range, std::int64_t rows) {
  // mutant: begin-past-end
  if (range.begin > rows || (range.bounded() && range.end > rows) || (range.begin == rows && rows > 0))
    throw DataError(fmt::format("{} has {} rows; the row range wants {} to {}", source, rows, range.begin,
                                range.bounded() ? fmt::format("{}", range.end) : "the end"));
}

namespace {

RawData read_raw_training_data(const DataConfig& config, TargetUse use, const ReadOptions& reading,
                               const DataSchema* schema, const RowTakers& takers) {
  config_rules::check_data(config);
  if (config.train.empty()) throw ConfigError("data.train is empty; want a file to train on");
  const ReadRequest request{.config = config,
                            .path = config.train,
                            .target = config.target,
                            .target_key = "target",
                            .weight = config.weight,
                            .range = parse_row_range(config.train_rows, "data.train_rows"),
                            .use = use,
                            .for_training = true,
                            .schema = schema,
                            .progress = reading.progress,
                            .threads = reading.threads,
                            .takers = takers};
  require_pipes_once({config.train, config.target, config.weight});  // mutant: pipe-once
  return read_raw(request);
}

}  // namespace

RawData read_raw_training_data(const DataConfig& config, TargetUse use, const ReadOptions& reading,
                               const DataSchema* schema) {
  RawData raw = read_raw_training_data(config, use, reading, schema, {});
  require_some_rows(raw);
  return raw;
}

RawData read_raw_training_data(const DataConfig& config, TargetUse use, const ReadOptions& reading,
                               const RowTakers& takers) {
  return read_raw_training_data(config, use, reading, nullptr, takers);
}

Dataset read_training_data(const DataConfig& config, TargetUse use, const ReadOptions& reading) {
  TrainingSource source(config, use, reading);
  const Split all{all_rows(source.rows()), {}};
  return std::move(source).take(all);
}

TrainingData read_and_split(const DataConfig& config, TargetUse use, std::uint64_t seed,
                            const ReadOptions& reading) {
  TrainingSource source(config, use, reading);
  Split split = source.split(seed);
  Dataset data = std::move(source).take(split);
  return {std::move(data), std::move(split)};
}

namespace {

/// The files and rows of a source that is read by a schema, and the settings that name them.
struct SchemaSource {
  std::string data, target, rows;
  const char *data_key, *target_key, *rows_key;
  WeightFile weights = WeightFile::of_training_rows;
};

/// Shards are read whole, and have their targets.
Dataset shards_by_schema(const SchemaSource& source, const DataSchema& schema, bool need_target,
                         int threads) {
  const std::pair<const char*, const std::string&> given[] = {{source.target_key, source.target},
                                                              {source.rows_key, source.rows}};
  for (const auto& [key, value] : given)
    if (!value.empty())
      throw ConfigError(
          fmt::format("data.{} = {}, but {} is a set of shards, which has its targets and is "
                      "read whole; want it empty",
                      key, value, source.data));
  return open_shards_as(source.data, schema, need_target, threads);
}

Dataset read_by_schema(const DataConfig& given, const SchemaSource& source, const DataSchema& schema,
                       bool need_target, const ReadOptions& reading) {
  config_rules::check_data(given);
  const DataConfig config = settings_beside(given);
  if (source.data.empty()) throw ConfigError(fmt::format("{} is empty; want a file", source.data_key));
  if (is_shard_set(source.data)) return shards_by_schema(source, schema, need_target, reading.threads);
  const ReadRequest request{.config = config,
                            .path = source.data,
                            .target = source.target,
                            .target_key = source.target_key,
                            .weight = config.weight,
                            .range = parse_row_range(source.rows, fmt::format("data.{}", source.rows_key)),
                            .need_target = need_target,
                            .schema = &schema,
                            .progress = reading.progress,
                            .threads = reading.threads};
  require_pipes_once({source.data, source.target});
  return apply_schema(read_raw(request, source.weights), schema, need_target, config.unseen, reading.threads);
}

SchemaSource test_source(const std::string& data, const std::string& target, const std::string& rows) {
  return {data, target, rows, "data.test", "test_target", "test_rows"};
}

}  // namespace

Dataset read_data_as(const DataConfig& config, const std::string& path, const std::string& target_path,
                     const std::string& row_range, const DataSchema& schema, bool need_target,
                     const ReadOptions& reading, WeightFile weights) {
  SchemaSource source = test_source(path, target_path, row_range);
  source.weights = weights;
  return read_by_schema(config, source, schema, need_target, reading);
}

Dataset read_data_as(const DataConfig& config, const std::string& path, const std::string& target_path,
                     const std::string& row_range, const DataSchema& schema, bool need_target,
                     const ReadOptions& reading) {
  return read_data_as(config, path, target_path, row_range, schema, need_target, reading,
                      WeightFile::of_training_rows);
}

Dataset read_validation_data(const DataConfig& config, const DataSchema& schema, const ReadOptions& reading) {
  return read_by_schema(
      config, {config.validation, config.validation_target, "", "data.validation", "validation_target", ""},
      schema, true, reading);
}

Dataset read_test_data(const DataConfig& config, const DataSchema& schema, bool need_target,
                       const ReadOptions& reading) {
  return read_test_data(config, schema, need_target, reading, WeightFile::of_training_rows);
}

Dataset read_test_data(const DataConfig& config, const DataSchema& schema, bool need_target,
                       const ReadOptions& reading, WeightFile weights) {
  const TestPaths test = test_paths(config, need_target);
  if (test.data.empty()) throw UsageError("no data; give --data.test=FILE");
  SchemaSource source = test_source(test.data, test.target, config.test_rows);
  source.weights = weights;
  return read_by_schema(config, source, schema, need_target, reading);
}

void read_test_blocks(const DataConfig& given, const DataSchema& schema, bool need_target,
                      const ReadOptions& reading, const std::function<void(const Dataset&)>& take) {
  config_rules::check_data(given);
  const DataConfig config = settings_beside(given);
  constexpr int kMostThreads = 4;  // each has megabytes of text and rows
  const int threads = std::min(reader_threads(reading.threads), kMostThreads);
  const auto take_raw = [&](RawData&& raw) {
    raw.weight.clear();  // no part of a prediction, and those of a block may all be 0
    take(apply_schema(std::move(raw), schema, need_target, config.unseen, threads));
  };
  bool any = false;
  const ReadRequest request{.config = config,
                            .path = config.test,
                            .target_key = "test_target",
                            .weight = config.weight,
                            .need_target = need_target,
                            .schema = &schema,
                            .progress = reading.progress,
                            .threads = threads,
                            .takers = {.rows = [&](RawData&& raw) {
                              any = true;
                              take_raw(std::move(raw));
                            }}};
  RawData rest = read_raw(request);
  if (!any || rest.rows > 0) take_raw(std::move(rest));
}

}  // namespace thalweg
