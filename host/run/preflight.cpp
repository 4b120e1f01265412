#include "host/run/preflight.hpp"

#include <fmt/format.h>

#include "host/checkpoint/checksum.hpp"
#include "host/config/config_text.hpp"
#include "host/config/settings.hpp"
#include "thalweg/version.hpp"

namespace thalweg {
namespace {

constexpr char kBetween = '\x1f';

/// Machines may differ in their size, and in where the same data lie.
bool may_differ(const std::string& key) {
  return key == "train.threads" || key == "data.memory" || key == "data.readers" ||
         on_resume(key) == OnResume::compare_data;
}

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1) {
    end = text.find(kBetween, begin);
    parts.push_back(text.substr(begin, end - begin));
  }
  return parts;
}

/// What two ranks have, by the words that name it.
struct Difference {
  const std::string &rank, &leader;
  std::string found, wanted;
};

[[noreturn]] void refuse(ExitCode code, const Difference& difference) {
  throw Error(code, fmt::format("{} has {}, and {} has {}; all ranks want the same", difference.rank,
                                difference.found, difference.leader, difference.wanted));
}

void require_equal_configs(const SharedFact& fact, const Difference& tomls) {
  Config wanted, found;
  read_config_text(tomls.wanted, "the config of " + tomls.leader, wanted);
  read_config_text(tomls.found, "the config of " + tomls.rank, found);
  for (const auto& [key, before, after] : config_differences(wanted, found)) {
    if (may_differ(key)) continue;
    refuse(fact.code, {tomls.rank, tomls.leader, fmt::format("{}{} = {}", fact.what, key, after), before});
  }
}

void require_equal(const SharedFact& fact, const Difference& values) {
  if (values.found == values.wanted) return;
  if (fact.kind == SharedFact::config) return require_equal_configs(fact, values);
  refuse(fact.code, {values.rank, values.leader, fact.what + " " + values.found, values.wanted});
}

}  // namespace

std::vector<SharedFact> shared_facts(const RunEnvironment& run, const PreparedRun& prepared) {
  const Dataset& data = prepared.data.train;
  const auto text = [](ExitCode code, std::string what, std::string value) {
    return SharedFact{SharedFact::text, code, std::move(what), std::move(value)};
  };
  return {
      text(ExitCode::config, "the version", kVersion),
      text(ExitCode::config, "numerics of version", std::to_string(kNumericsVersion)),
      {SharedFact::config, ExitCode::config, "", to_toml(run.asked)},
      text(ExitCode::bad_data, "rows of training data", std::to_string(data.rows)),
      text(ExitCode::bad_data, "features", std::to_string(data.features)),
      text(ExitCode::bad_data, "a data schema with the checksum", checksum(schema_to_json(schema_of(data)))),
      text(ExitCode::bad_data, "data with the fingerprint", prepared.data.fingerprint),
      {SharedFact::config, ExitCode::config, "found ", to_toml(run.config)}};
}

std::string to_text(const std::vector<SharedFact>& facts) {
  std::string text;
  for (const SharedFact& fact : facts) text += (text.empty() ? "" : std::string(1, kBetween)) + fact.value;
  return text;
}

void require_equal_facts(const std::vector<SharedFact>& own, const std::vector<std::string>& texts,
                         const std::vector<std::string>& names) {
  std::vector<std::vector<std::string>> values;
  for (const std::string& text : texts) values.push_back(parts_of(text));
  for (std::size_t f = 0; f < own.size(); ++f) {
    for (std::size_t r = 1; r < values.size(); ++r) {
      if (values[r].size() <= f || values[0].size() <= f)
        throw ConfigError(
            fmt::format("{} has fewer facts to compare: its program is of another version than that of {}",
                        names[values[r].size() <= f ? r : 0], names[values[r].size() <= f ? 0 : r]));
      require_equal(own[f], {names[r], names[0], values[r][f], values[0][f]});
    }
  }
}

}  // namespace thalweg
