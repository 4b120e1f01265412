#include "host/run/run_data.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/input_file.hpp"
#include "host/data/input_paths.hpp"
#include "host/model/model_file.hpp"
#include "host/model/objective.hpp"
#include "host/run/context_options.hpp"

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

RunData read_run_data(const Config& config, const ReadProgress& progress) {
  require_pipes_once(input_paths(config.data));
  const ReadOptions reading = read_options(config, progress);
  TrainingData read = read_and_split(config.data, target_use(config.model.loss),
                                     static_cast<std::uint64_t>(config.seed), reading);
  RunData data{.train = std::move(read.data), .split = std::move(read.split), .test = {}, .fingerprint = {}};
  if (!config.data.test.empty() || !config.data.test_rows.empty()) {
    data.test = read_test_data(config.data, schema_of(data.train), true, reading);
  }
  data.fingerprint = fingerprint(data.train, config.data.fingerprint == FingerprintRows::full);
  return data;
}

void check_targets(const RunData& data, const ModelSpec& spec) {
  check_targets(data.train, spec);
  if (data.test) check_targets(*data.test, spec);
}

}  // namespace thalweg
