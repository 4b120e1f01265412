// The entry points: which reader a file wants, and the settings each takes.
#include <fmt/format.h>

#include "host/data/all_rows.hpp"
#include "host/data/byte_source.hpp"
#include "host/data/csv_layout.hpp"
#include "host/data/first_bytes.hpp"
#include "host/data/input_file.hpp"
#include "host/data/input_paths.hpp"
#include "host/data/raw_data.hpp"
#include "host/data/target_transform.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kPeeked = 1 << 16;  // bytes that tell a format

bool is_svm_entry(std::string_view token) {
  const std::size_t colon = token.find(':');
  std::int64_t index;
  return colon != std::string_view::npos &&
         (token.substr(0, colon) == "qid" || parse_integer(token.substr(0, colon), index));
}

/// Whether a line is "label index:value ..."; a label alone may be anything.
bool looks_like_libsvm(std::string_view text) {
  for (int line = 0; line < 20 && !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view row = trimmed(text.substr(0, std::min(end, text.find('#'))));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t gap = row.find_first_of(" \t");
    if (is_svm_entry(row.substr(0, gap))) return true;
    if (gap == std::string_view::npos) continue;
    const std::string_view second = trimmed(row.substr(gap));
    return is_number(row.substr(0, gap)) && is_svm_entry(second.substr(0, second.find_first_of(" \t")));
  }
  return false;
}

DataFormat detect_format(const std::string& path, std::string_view head) {
  if (head.empty()) throw DataError(fmt::format("{} is empty; want data", path));
  if (is_npy(head)) return DataFormat::npy;
  if (is_zip(head)) return DataFormat::npz;
  if (is_idx(head)) return DataFormat::idx;
  if (head.find('\0') != std::string::npos)
    throw DataError(fmt::format(
        "{} is binary and neither npy, npz nor IDX; want one of these or text (CSV, libsvm)", path));
  const std::string stem = path.ends_with(".gz") ? path.substr(0, path.size() - 3) : path;
  if (stem.ends_with(".csv") || stem.ends_with(".tsv")) return DataFormat::csv;
  return looks_like_libsvm(head) ? DataFormat::libsvm : DataFormat::csv;
}

RawData read_as(DataFormat format, const ReadRequest& request, std::unique_ptr<ByteSource> source) {
  switch (format) {
    case DataFormat::npy:
      return read_npy(request, std::move(source));
    case DataFormat::npz:
      return read_npz(request, std::move(source));
    case DataFormat::csv:
    case DataFormat::tsv:
      return read_csv(request, std::move(source));
    case DataFormat::libsvm:
      return read_libsvm(request, std::move(source));
    case DataFormat::idx:
      return read_idx(request, std::move(source));
    case DataFormat::automatic:
      break;
  }
  throw InternalError("a data format without a reader");
}

/// One opening serves the format and the reader: a pipe has no second.
RawData read_raw(const ReadRequest& request) {
  const DataFormat format = request.config.format;
  if (format != DataFormat::automatic)
    return read_as(format, request, open_file(request.path, request.progress));
  auto [head, source] = peek(open_file(request.path, request.progress), kPeeked);
  return read_as(detect_format(request.path, head), request, std::move(source));
}

}  // namespace

void require_rows(const std::string& source, const RowRange& range, std::int64_t rows) {
  // mutant: begin-past-end
  if (range.begin > rows || (range.bounded() && range.end > rows) || (range.begin == rows && rows > 0))
    throw DataError(fmt::format("{} has {} rows; the row range wants {} to {}", source, rows, range.begin,
                                range.bounded() ? fmt::format("{}", range.end) : "the end"));
}

namespace {

RawData read_raw_training_data(const DataConfig& config, TargetUse use, const ReadOptions& reading) {
  if (config.train.empty()) throw ConfigError("data.train is empty; want a file to train on");
  const ReadRequest request{.config = config,
                            .path = config.train,
                            .target = config.target,
                            .target_key = "target",
                            .weight = config.weight,
                            .range = parse_row_range(config.train_rows, "data.train_rows"),
                            .use = use,
                            .progress = reading.progress,
                            .threads = reading.threads};
  require_pipes_once({config.train, config.target, config.weight});  // mutant: pipe-once
  RawData raw = read_raw(request);
  require_some_rows(raw);
  return raw;
}

}  // namespace

Dataset read_training_data(const DataConfig& config, TargetUse use, const ReadOptions& reading) {
  RawData raw = read_raw_training_data(config, use, reading);
  const std::vector<std::int64_t> all = all_rows(raw.rows);
  return fit_dataset(std::move(raw), config, use, all, reading.threads);
}

TrainingData read_and_split(const DataConfig& config, TargetUse use, std::uint64_t seed,
                            const ReadOptions& reading) {
  RawData raw = read_raw_training_data(config, use, reading);
  Split split = split_rows(raw.rows, config.validation_fraction, seed);
  if (split.train.empty()) throw DataError(raw.source + ": no rows to train on");
  Dataset data = fit_dataset(std::move(raw), config, use, split.train, reading.threads);
  return {std::move(data), std::move(split)};
}

Dataset read_data_as(const DataConfig& config, const std::string& path, const std::string& target_path,
                     const std::string& row_range, const DataSchema& schema, bool need_target,
                     const ReadOptions& reading) {
  if (path.empty()) throw ConfigError("data.test is empty; want a file");
  const ReadRequest request{.config = config,
                            .path = path,
                            .target = target_path,
                            .target_key = "test_target",
                            .weight = config.weight,
                            .range = parse_row_range(row_range, "data.test_rows"),
                            .need_target = need_target,
                            .schema = &schema,
                            .progress = reading.progress,
                            .threads = reading.threads};
  require_pipes_once({path, target_path});
  Dataset data = apply_schema(read_raw(request), schema, need_target, reading.threads);
  apply_target_transform(schema.target_transform, data);
  return data;
}

Dataset read_test_data(const DataConfig& config, const DataSchema& schema, bool need_target,
                       const ReadOptions& reading) {
  const TestPaths test = test_paths(config, need_target);
  if (test.data.empty()) throw UsageError("no data; give --data.test=FILE");
  return read_data_as(config, test.data, test.target, config.test_rows, schema, need_target, reading);
}

}  // namespace thalweg
