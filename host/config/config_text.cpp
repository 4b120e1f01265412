#include "host/config/config_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "host/checkpoint/files.hpp"
#include "host/config/home_path.hpp"
#include "host/config/keys.hpp"
#include "host/config/toml_values.hpp"
#include "host/config/values.hpp"
#include "host/config/wanted.hpp"
#include "host/data/byte_source.hpp"
#include "host/data/input_file.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Where the string that begins at `at` ends, one past its last quote (TOML 1.0, strings of one line and of
/// more).
std::size_t end_of_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const bool lines = text.substr(at, 3) == std::string(3, quote);
  for (std::size_t i = at + (lines ? 3 : 1); i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (text[i] == quote && (!lines || text.substr(i, 3) == std::string(3, quote))) {
      return lines ? std::min(text.find_first_not_of(quote, i), text.size()) : i + 1;
    } else if (text[i] == '\n' && !lines) {
      return i;  // an error, of which the library tells
    }
  }
  return text.size();
}

/// The TOML library calls itself for every part of a dotted key, without an end: no line may have more dots
/// than any key needs. Those in strings, where paths have them, and in comments do not count.
void check_key_depth(std::string_view text, const std::string& source) {
  constexpr int kMostDots = 100;
  int dots = 0;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      i = end_of_string(text, i);
    } else if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else {
      dots = c == '\n' ? 0 : dots + (c == '.');
      ++i;
    }
    if (dots > kMostDots)
      throw ConfigError(
          fmt::format("{}:{}: more than {} dots outside of quotes; want \"section.key = value\"", source,
                      1 + std::count(text.begin(), text.begin() + i, '\n'), kMostDots));
  }
}

class TomlReader {
 public:
  TomlReader(std::string source, Config& config) : source_(std::move(source)), config_(config) {}

  void read(const toml::table& root) {
    for (const auto& [key, node] : root) {
      const std::string name(key.str());
      const auto& sections = setting_sections();
      const bool section = std::find(sections.begin(), sections.end(), name) != sections.end();
      const toml::table* table = node.as_table();
      if (table == nullptr) {
        set(name, key, node);
      } else if (section) {
        for (const auto& [inner, value] : *table) set(name + "." + std::string(inner.str()), inner, value);
      } else if (const ResolvedKey known = resolve_key(name); !known.name.empty()) {
        set(name, key, node);  // a setting written as a section: the type error says so
      } else {
        fail(key.source(), fmt::format("unknown section \"{}\"{}", name, did_you_mean(name, sections)));
      }
    }
  }

 private:
  void set(const std::string& written, const toml::key& key, const toml::node& node) {
    const ResolvedKey resolved = resolve_key(written);
    if (resolved.name.empty()) fail(key.source(), resolved.problem);
    const auto [earlier, fresh] = set_by_.emplace(resolved.name, written);
    if (!fresh) {  // mutant: set-once
      fail(key.source(),
           fmt::format("{} is set twice: by \"{}\" and by \"{}\"", resolved.name, earlier->second, written));
    }
    with_setting(config_, resolved.name, [&](const Setting& setting, auto& value) {
      auto read = value;
      if (value_from_toml(node, read) && !is_auto(setting, read)) return void(value = std::move(read));
      if (takes_auto(setting, text_of(node), value)) return;
      fail(node.source(), value_problem(resolved.name, shown_node(node), wanted(setting, value),
                                        suggestion(setting, value, text_of(node))));
    });
    expand_home(config_, resolved.name);
  }

  [[noreturn]] void fail(const toml::source_region& where, const std::string& message) const {
    throw ConfigError(fmt::format("{}:{}:{}: {}", source_, static_cast<unsigned>(where.begin.line),
                                  static_cast<unsigned>(where.begin.column), message));
  }

  std::string source_;
  Config& config_;
  std::map<std::string, std::string> set_by_;  // full key -> as it was written
};

}  // namespace

void read_config_text(std::string_view text, const std::string& source, Config& config) {
  check_key_depth(text, source);
  Config changed = config;
  try {
    const toml::table root =
        toml::parse(text);  // with a path it would allocate where it promises not to throw
    TomlReader(source, changed).read(root);
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    throw ConfigError(fmt::format("{}:{}:{}: {}", source, static_cast<unsigned>(at.line),
                                  static_cast<unsigned>(at.column), error.description()));
  }
  config = std::move(changed);
}

namespace {

/// Far more than any config needs; a file without end is none.
constexpr std::int64_t kMostBytes = std::int64_t{64} << 20;

std::string text_of(const std::string& path, const ReadProgress& progress) {
  InputFile file(path, progress);
  std::string text;
  if (append_bytes(file, kMostBytes + 1, text) > kMostBytes)
    throw ConfigError(fmt::format("config file {}: has more than {} MiB; want a TOML file of settings", path,
                                  kMostBytes >> 20));
  return text;
}

}  // namespace

void read_config_file(const std::string& path, Config& config, const ReadProgress& progress) {
  if (!path_exists(path)) throw NoInputError(fmt::format("config file {}: no such file", path));
  if (is_folder(path)) {
    throw NoInputError(fmt::format("config file {}: is a folder; name the .toml file in it", path));
  }
  read_config_text(text_of(path, progress), path, config);
}

void set_config_value(Config& config, const std::string& key, const std::string& text) {
  const ResolvedKey resolved = resolve_key(key);
  if (resolved.name.empty()) throw ConfigError(resolved.problem);
  with_setting(config, resolved.name, [&](const Setting& setting, auto& value) {
    auto read = value;
    const bool of_its_type = value_from_text(text, read);
    if (of_its_type && !is_auto(setting, read)) return void(value = std::move(read));
    if (takes_auto(setting, text, value)) return;
    refuse_value(resolved.name, value_to_toml(text), wanted(setting, value),
                 of_its_type ? "" : suggestion(setting, value, text));
  });
  expand_home(config, resolved.name);
}

std::string to_toml(const Config& config) {
  std::string text, section;
  for_each_described_setting(config, [&](const char* in, const Setting& setting, const auto& value) {
    if (in != section) {
      section = in;
      text += fmt::format("\n[{}]\n", section);
    }
    text += fmt::format("{} = {}\n", setting.name, toml_of(setting, value));
  });
  return text;
}

std::vector<SettingDifference> config_differences(const Config& before, const Config& after) {
  std::vector<SettingDifference> values;
  for_each_described_setting(before, [&](const char* section, const Setting& setting, const auto& value) {
    values.push_back({full_key(section, setting.name), toml_of(setting, value), ""});
  });
  std::size_t next = 0;
  for_each_described_setting(after, [&](const char*, const Setting& setting, const auto& value) {
    values[next++].after = toml_of(setting, value);
  });
  std::erase_if(values, [](const SettingDifference& d) { return d.before == d.after; });
  return values;
}

}  // namespace thalweg
