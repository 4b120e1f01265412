#include "host/config/home_path.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "host/config/keys.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

std::string with_home(const std::string& path) {
  if (!path.starts_with('~')) return path;
  const std::size_t slash = path.find('/');
  if (path != "~" && slash == std::string::npos) return path;  // the name of a column
  const char* const home = std::getenv("HOME");
  if (slash > 1 && path != "~")
    throw ConfigError(fmt::format("\"{}\" begins with the home of another user; want the whole path", path));
  if (home == nullptr || *home == '\0')
    throw ConfigError(fmt::format("\"{}\" begins with ~ and HOME is not set; want the whole path", path));
  return home + path.substr(1);
}

void expand_home(Config& config, std::string_view key) {
  with_setting(config, key, [&](const Setting& setting, auto& value) {
    if constexpr (std::is_same_v<decltype(value), std::string&>) {
      if (setting.path) value = with_home(value);
    }
  });
}

}  // namespace thalweg
