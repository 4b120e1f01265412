#include "host/config/config_text.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <fstream>
#include <map>

#include "host/checkpoint/files.hpp"
#include "host/config/keys.hpp"
#include "host/config/values.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

bool value_from_toml(const toml::node& node, std::string& value) {
  if (const auto text = node.as_string()) return value = text->get(), true;
  // `target = 3` and `standardize = true` mean what they look like
  if (const auto number = node.as_integer()) return value = fmt::format("{}", number->get()), true;
  if (const auto flag = node.as_boolean()) return value = flag->get() ? "true" : "false", true;
  return false;
}

bool value_from_toml(const toml::node& node, double& value) {
  if (const auto number = node.as_floating_point()) return value = number->get(), true;
  if (const auto number = node.as_integer()) return value = static_cast<double>(number->get()), true;
  return false;
}

bool value_from_toml(const toml::node& node, std::int64_t& value) {
  const auto number = node.as_integer();
  if (number == nullptr) return false;
  value = number->get();
  return true;
}

bool value_from_toml(const toml::node& node, bool& value) {
  const auto flag = node.as_boolean();
  if (flag == nullptr) return false;
  value = flag->get();
  return true;
}

template <class T>
bool value_from_toml(const toml::node& node, std::vector<T>& value) {
  std::vector<T> items;
  if (const auto list = node.as_array()) {
    for (const toml::node& item : *list) {
      if (!value_from_toml(item, items.emplace_back())) return false;
    }
  } else if (!value_from_toml(node, items.emplace_back())) {  // one item needs no brackets
    return false;
  }
  value = std::move(items);
  return true;
}

std::string got(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a section";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return fmt::format("the text \"{}\"", node.as_string()->get());
    case toml::node_type::integer:
      return fmt::format("the integer {}", node.as_integer()->get());
    case toml::node_type::floating_point:
      return fmt::format("the number {}", node.as_floating_point()->get());
    case toml::node_type::boolean:
      return node.as_boolean()->get() ? "true" : "false";
    default:
      return "a date or time";
  }
}

bool beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

/// Where the string that begins at `at` ends, one past its last quote (TOML 1.0, strings of one line and of
/// more). A letter beyond ASCII behind a backslash and the white space after it ends a string of more lines,
/// too: there the library takes it for white space first.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const bool lines = text.substr(at, 3) == std::string(3, quote);
  for (std::size_t i = at + (lines ? 3 : 1); i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      const std::size_t next = std::min(text.find_first_not_of(" \t\r\n", i + 1), text.size());
      if (lines && next < text.size() && beyond_ascii(text[next])) return next;
      ++i;
    } else if (text[i] == quote && (!lines || text.substr(i, 3) == std::string(3, quote))) {
      return lines ? std::min(text.find_first_not_of(quote, i), text.size()) : i + 1;
    } else if (text[i] == '\n' && !lines) {
      return i;  // an error, of which the library tells
    }
  }
  return text.size();
}

/// What the TOML library is not safe from, outside of strings and comments: it calls itself for every part of
/// a dotted key, without an end, so no line may have more dots than any key needs; and to ask whether a
/// letter beyond ASCII is white space has no defined answer. TOML 1.0 has no such letters there.
void check_plain_text(std::string_view text, const std::string& source) {
  constexpr int kMostDots = 100;
  const auto fail = [&](std::size_t at, const std::string& what) {
    throw ConfigError(
        fmt::format("{}:{}: {}", source, 1 + std::count(text.begin(), text.begin() + at, '\n'), what));
  };
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  int dots = 0;
  for (std::size_t i = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      i = end_of_string(text, i);
    } else if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else {
      if (beyond_ascii(c)) fail(i, "a letter beyond ASCII outside of quotes; want \"section.key = value\"");
      dots = c == '\n' ? 0 : dots + (c == '.');
      ++i;
    }
    if (dots > kMostDots)
      fail(i, fmt::format("more than {} dots outside of quotes; want \"section.key = value\"", kMostDots));
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
    if (!fresh) {
      fail(key.source(),
           fmt::format("{} is set twice: by \"{}\" and by \"{}\"", resolved.name, earlier->second, written));
    }
    for_each_setting(config_, [&](const std::string& name, auto& value) {
      if (name != resolved.name) return;
      if (!value_from_toml(node, value)) {
        fail(node.source(), fmt::format("{}: wanted {}, got {}", name, wanted(value), got(node)));
      }
      unify_spelling(name, value);
    });
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
  check_plain_text(text, source);
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

/// A pipe will do. By a buffer rather than a stream, which would hide that memory ran out.
std::string text_of(const std::string& path) {
  std::filebuf file;
  std::string text;
  char block[4096];
  try {
    if (file.open(path, std::ios::in | std::ios::binary) == nullptr) throw std::ios_base::failure("open");
    while (const std::streamsize got = file.sgetn(block, sizeof(block))) {
      text.append(block, static_cast<std::size_t>(got));
    }
  } catch (const std::ios_base::failure&) {
    throw NoInputError(fmt::format("config file {}: cannot be read", path));
  }
  return text;
}

}  // namespace

void read_config_file(const std::string& path, Config& config) {
  if (!path_exists(path)) throw NoInputError(fmt::format("config file {}: no such file", path));
  if (is_folder(path)) {
    throw NoInputError(fmt::format("config file {}: is a folder; name the .toml file in it", path));
  }
  read_config_text(text_of(path), path, config);
}

void set_config_value(Config& config, const std::string& key, const std::string& text) {
  const ResolvedKey resolved = resolve_key(key);
  if (resolved.name.empty()) throw ConfigError(resolved.problem);
  for_each_setting(config, [&](const std::string& name, auto& value) {
    if (name != resolved.name) return;
    if (!value_from_text(text, value)) {
      throw ConfigError(fmt::format("{}: wanted {}, got \"{}\"", name, wanted(value), text));
    }
    unify_spelling(name, value);
  });
}

std::string to_toml(const Config& config) {
  std::string text, section;
  for_each_setting(config, [&](const std::string& key, const auto& value) {
    const std::size_t dot = key.find('.');
    if (dot != std::string::npos && key.substr(0, dot) != section) {
      section = key.substr(0, dot);
      text += fmt::format("\n[{}]\n", section);
    }
    text += fmt::format("{} = {}\n", key.substr(dot + 1), value_to_toml(value));
  });
  return text;
}

std::vector<SettingDifference> config_differences(const Config& before, const Config& after) {
  std::vector<SettingDifference> values;
  for_each_setting(before, [&](const std::string& key, const auto& value) {
    values.push_back({key, value_to_toml(value), ""});
  });
  std::size_t next = 0;
  for_each_setting(
      after, [&](const std::string&, const auto& value) { values[next++].after = value_to_toml(value); });
  std::erase_if(values, [](const SettingDifference& d) { return d.before == d.after; });
  return values;
}

}  // namespace thalweg
