#include "host/report/hparams.hpp"

#include <type_traits>
#include <vector>

#include "host/config/keys.hpp"
#include "host/config/values.hpp"

namespace thalweg::events {
namespace {

using wire::Writer;

// Numbers of fields: hparams/plugin_data.proto, hparams/api.proto, struct.proto.
namespace fields {
enum PluginData { version = 1, session_start = 3, session_end = 4 };
enum SessionStart { hparams = 1 };
enum SessionEnd { status = 1, end_time = 2 };
enum Entry { key = 1, value = 2 };
enum Value { number = 2, text = 3, flag = 4 };
}  // namespace fields

constexpr std::int64_t kVersion = 0, kSuccess = 1;
constexpr std::string_view kPlugin = "hparams";

/// google.protobuf.Value of a setting.
template <class T>
Writer value_of(const T& value) {
  Writer to;
  if constexpr (std::is_same_v<T, bool>) {
    to.integer(fields::flag, value ? 1 : 0);
  } else if constexpr (std::is_arithmetic_v<T>) {
    to.float64(fields::number, static_cast<double>(value));
  } else if constexpr (std::is_same_v<T, std::string>) {
    to.bytes(fields::text, value);
  } else if constexpr (std::is_enum_v<T>) {
    to.bytes(fields::text, name_of(value));
  } else {
    to.bytes(fields::text, value_to_toml(value));
  }
  return to;
}

Writer plugin_data(int field, const Writer& content) {
  Writer to;
  to.integer(fields::version, kVersion).message(field, content);
  return to;
}

}  // namespace

void add_session_start(const Config& given, Summary& summary) {
  std::vector<std::string> fresh;
  const Config defaults;
  for_each_setting(defaults,
                   [&](const std::string&, const auto& value) { fresh.push_back(value_to_toml(value)); });
  Writer start;
  std::size_t at = 0;
  for_each_setting(given, [&](const std::string& key, const auto& value) {
    if (value_to_toml(value) == fresh[at++]) return;
    start.message(fields::hparams, Writer().bytes(fields::key, key).message(fields::value, value_of(value)));
  });
  summary.add_plugin_data("_hparams_/session_start_info", kPlugin, plugin_data(fields::session_start, start));
}

void add_session_end(double wall_time, Summary& summary) {
  Writer end;
  end.integer(fields::status, kSuccess).float64(fields::end_time, wall_time);
  summary.add_plugin_data(kSessionEnd, kPlugin, plugin_data(fields::session_end, end));
}

}  // namespace thalweg::events
