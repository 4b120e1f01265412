#include "host/cli/arguments.hpp"

#include "host/checkpoint/files.hpp"
#include "host/data/readers.hpp"
#include "thalweg/error.hpp"

namespace thalweg::cli {
namespace {

bool is_flag(const std::string& text) { return text.starts_with("--") && text.size() > 2; }

[[noreturn]] void refuse_argument(const std::string& text) {
  if (has_name_of_data(text)) {
    throw UsageError("unexpected argument \"" + text + "\"; data are given as --data.train=" + text +
                     " or --data.test=" + text);
  }
  throw UsageError("unexpected argument \"" + text + "\"; settings are written --section.key=value");
}

}  // namespace

std::vector<std::string> join_settings(std::vector<std::string> arguments,
                                       const std::function<bool(const std::string&)>& is_own_option) {
  std::vector<std::string> joined;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    joined.push_back(std::move(arguments[i]));
    const bool open = is_flag(joined.back()) && joined.back().find('=') == std::string::npos;
    if (!open || is_own_option(joined.back())) continue;
    if (i + 1 < arguments.size() && !arguments[i + 1].starts_with("--"))
      joined.back() += "=" + arguments[++i];
  }
  return joined;
}

void apply_settings(const std::vector<std::string>& settings, Config& config) {
  for (const std::string& text : settings) {
    if (!is_flag(text)) refuse_argument(text);
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
      throw UsageError("setting \"" + text + "\" has no value; write " + text + "=value");
    set_config_value(config, text.substr(2, equals - 2), text.substr(equals + 1));
  }
}

void read_named_config(const std::string& path, Config& config, const ReadProgress& reading) {
  if (has_name_of_data(path)) throw UsageError(path + " looks like data; give it as --data.train=" + path);
  if (path.find('=') != std::string::npos && !path_exists(path))
    throw UsageError("\"" + path + "\" is read as a config file; as a setting it is written --" + path);
  try {
    read_config_file(path, config, reading);
  } catch (const ConfigError& error) {
    if (path.ends_with(".toml")) throw;
    throw ConfigError(std::string(error.what()) +
                      "; a config file is TOML, data are given as --data.train=" + path);
  }
}

}  // namespace thalweg::cli
