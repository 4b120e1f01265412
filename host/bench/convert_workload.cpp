// Files into shards: texts beside their parser, arrays beside writing as many bytes.
#include <cmath>
#include <filesystem>

#include "host/bench/data_cases.hpp"
#include "host/checkpoint/files.hpp"
#include "host/data/row_store.hpp"
#include "thalweg/shards.hpp"

namespace thalweg::bench {
namespace {

constexpr const char* kNewSet = "converted";

void remove_set(const ScratchFolder& folder) {
  std::error_code ignored;
  std::filesystem::remove_all(folder.file(kNewSet), ignored);
}

ConvertReport convert_once(const SourceFile& source, const ScratchFolder& folder) {
  ConvertReport report = convert(source.config, folder.file(kNewSet));
  remove_set(folder);
  return report;
}

/// Every feature against what the reader gives, bit for bit.
std::vector<Check> check_convert(const SourceFile& source, const ScratchFolder& folder) {
  const Dataset read = read_training_data(source.config, TargetUse::automatic);
  convert(source.config, folder.file(kNewSet));
  FeatureRows rows;
  const Dataset set = open_shards(folder.file(kNewSet));
  set.store->read(0, set.rows, rows);
  remove_set(folder);
  const bool same = rows.f32 == read.dense_f32 && set.target == read.target;
  return {{"rows of a set from " + source.format, same ? 0 : HUGE_VAL, 0}};
}

std::shared_ptr<Limit> parser_limit(const SourceFile& source, std::int64_t bytes) {
  return timed_limit("parser", static_cast<double>(bytes),
                     [source] { read_training_data(source.config, TargetUse::automatic); });
}

std::shared_ptr<Limit> write_limit(const std::string& path, std::int64_t bytes) {
  return timed_limit("write", static_cast<double>(bytes), [path, bytes] {
    write_file_atomically(path, std::string(static_cast<std::size_t>(bytes), 'x'));
  });
}

Case convert_case(const SourceFile& source, const ScratchFolder& folder) {
  const ConvertReport report = convert_once(source, folder);
  const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(source.config.train));
  const bool text = source.config.format == DataFormat::csv;
  const std::int64_t bound = text ? bytes : report.bytes;
  return {.workload = "data",
          .shape = {{"reader", "convert"},
                    {"from", source.format},
                    {"rows", report.rows},
                    {"features", report.features}},
          .samples = static_cast<double>(report.rows),
          .cost = {.bytes_read = bytes, .bytes_written = report.bytes},
          .limit_amount = static_cast<double>(bound),
          .limit = text ? parser_limit(source, bound) : write_limit(folder.file("bytes"), bound),
          .run = [source, &folder] { convert_once(source, folder); },
          .finish = [] {},
          .check = [source, &folder] { return check_convert(source, folder); }};
}

}  // namespace

void measure_convert(const Bench& bench, const std::vector<SourceFile>& sources,
                     const ScratchFolder& folder) {
  for (const SourceFile& source : sources)
    if (source.format == "npy" || source.format == "csv") bench.measure({convert_case(source, folder)});
}

}  // namespace thalweg::bench
