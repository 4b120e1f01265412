#include "host/config/keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace thalweg {
namespace {

struct Alias {
  std::string name;
  std::string key;
};

/// Names of the settings in scikit-learn, PyTorch, Keras, XGBoost and LightGBM, as their descriptions list
/// them.
const std::vector<Alias>& aliases() {
  static const std::vector<Alias> all = [] {
    std::vector<Alias> found;
    const Config config;
    for_each_described_setting(config, [&](const char* section, const Setting& setting, const auto&) {
      for (std::string& name : aliases_of(setting))
        found.push_back({std::move(name), full_key(section, setting.name)});
    });
    return found;
  }();
  return all;
}

/// A name that other tools give to settings that differ here.
struct SharedName {
  std::string_view name;
  struct Meaning {
    std::string_view key, who;
  };
  std::vector<Meaning> meanings;
};

const std::vector<SharedName>& shared_names() {
  static const std::vector<SharedName> all{
      {"alpha",
       {{"optimizer.l2", "scikit-learn"},
        {"optimizer.l1", "XGBoost"},
        {"optimizer.beta2", "PyTorch's rmsprop"},
        {"model.quantile", "LightGBM"}}},
      {"delta", {{"model.huber_delta", "PyTorch and Keras"}, {"per_sample.delta", "Opacus"}}},
      {"epsilon",
       {{"optimizer.eps", "Keras"},
        {"model.huber_delta", "scikit-learn"},
        {"per_sample.target_epsilon", "Opacus"}}},
      {"max_grad_norm", {{"optimizer.clip_norm", "PyTorch"}, {"per_sample.clip_norm", "Opacus"}}}};
  return all;
}

/// Nobody mistypes a longer name, and a file may hold names of megabytes.
constexpr std::size_t kLongestName = 200;

/// Optimal string alignment distance: insert, delete, replace, swap of neighbours. Of long texts: their
/// length.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  if (std::max(a.size(), b.size()) > kLongestName) return std::max(a.size(), b.size());
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string_view leaf_of(std::string_view key) { return key.substr(key.find('.') + 1); }
std::string_view section_of(std::string_view key) {
  return key.substr(0, key.find('.') == std::string_view::npos ? 0 : key.find('.'));
}

bool is_key(std::string_view key) {
  return std::find(setting_keys().begin(), setting_keys().end(), key) != setting_keys().end();
}

std::string_view alias_key(std::string_view name) {
  for (const Alias& alias : aliases()) {
    if (alias.name == name) return alias.key;  // mutant: alias-of-l1
  }
  return {};
}

/// The setting that a shared name means in `section`, or why that is open; neither where the name is not
/// shared.
ResolvedKey resolve_shared_name(std::string_view section, std::string_view leaf) {
  std::string names, key;
  int count = 0;
  for (const SharedName& shared : shared_names()) {
    if (shared.name != leaf) continue;
    for (const auto& [meant, who] : shared.meanings) {
      if (!section.empty() && section != section_of(meant)) continue;
      names += fmt::format("{}\"{}\" ({})", count++ > 0 ? ", " : "", meant, who);
      key = meant;
    }
  }
  if (count < 2) return {key, ""};
  return {"", fmt::format("\"{}\" can mean {}; write the one that is meant", leaf, names)};
}

std::vector<std::string> keys_with_leaf(std::string_view leaf) {
  std::vector<std::string> found;
  for (const std::string& key : setting_keys()) {
    if (leaf_of(key) == leaf) found.push_back(key);
  }
  return found;
}

std::string quoted_list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += fmt::format("{}\"{}\"", i == 0 ? "" : i + 1 == names.size() ? " or " : ", ", names[i]);
  }
  return text;
}

struct Candidates {
  std::size_t best;
  std::vector<std::string> names;

  explicit Candidates(std::string_view word) : best(std::max<std::size_t>(1, word.size() / 3)) {}
  /// Suggests `name` when `known`, which stands for it, is near to the word.
  void consider(std::string_view word, std::string_view known, const std::string& name) {
    const std::size_t shorter = std::min(word.size(), known.size());
    if (std::max(word.size(), known.size()) - shorter > best) return;  // so many have to be inserted
    const std::size_t distance = edit_distance(word, known);
    if (distance > best) return;
    if (distance < best) names.clear();
    best = distance;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  std::string sentence() const { return names.size() > 3 ? "" : did_you_mean_these(names); }
};

/// The known keys nearest to `key`, by full name, by bare name and by alias.
std::string nearest_keys(const std::string& key) {
  const std::string_view section = section_of(key);
  const std::string_view leaf = leaf_of(key);
  if (!section.empty()) {  // a known name under the wrong section
    const ResolvedKey elsewhere = resolve_key(leaf);
    if (!elsewhere.name.empty()) return fmt::format("; did you mean \"{}\"?", elsewhere.name);
  }
  Candidates found(key);
  for (const std::string& known : setting_keys()) {
    found.consider(key, section.empty() ? leaf_of(known) : std::string_view(known), known);
  }
  for (const Alias& alias : aliases()) {
    if (section.empty()) {
      found.consider(key, alias.name, alias.key);
    } else {
      found.consider(key, full_key(section_of(alias.key), alias.name), alias.key);
    }
  }
  return found.sentence();
}

}  // namespace

std::string full_key(std::string_view section, std::string_view name) {
  return section.empty() ? std::string(name) : fmt::format("{}.{}", section, name);
}

std::vector<std::string> aliases_of(const Setting& setting) {
  std::vector<std::string> names;
  std::string_view rest = setting.aliases;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    names.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return names;
}

const std::vector<std::string>& setting_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> names;
    const Config config;
    for_each_setting(config, [&](const std::string& key, const auto&) { names.push_back(key); });
    return names;
  }();
  return keys;
}

const std::vector<std::string>& setting_sections() {
  static const std::vector<std::string> sections = [] {
    std::vector<std::string> names;
    const Config config;
    Config::sections(config, [&](const char* name, const auto&) { names.emplace_back(name); });
    return names;
  }();
  return sections;
}

std::string did_you_mean_these(const std::vector<std::string>& names) {
  return names.empty() ? "" : fmt::format("; did you mean {}?", quoted_list(names));
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  Candidates found(word);
  for (const std::string& name : known) found.consider(word, name, name);
  return found.sentence();
}

ResolvedKey resolve_key(std::string_view written) {
  std::string key(written);
  std::replace(key.begin(), key.end(), '-', '_');
  if (is_key(key)) return {key, ""};
  const std::string_view section = section_of(key);
  if (const ResolvedKey shared = resolve_shared_name(section, leaf_of(key));
      !shared.name.empty() || !shared.problem.empty())
    return shared;
  const std::string_view alias = alias_key(leaf_of(key));
  if (!alias.empty() && (section.empty() || section == section_of(alias))) return {std::string(alias), ""};
  if (section.empty()) {
    const std::vector<std::string> found = keys_with_leaf(key);
    if (found.size() == 1) return {found[0], ""};
    if (found.size() > 1) return {"", fmt::format("\"{}\" can mean {}", written, quoted_list(found))};
  }
  return {"", fmt::format("unknown key \"{}\"{}", written, nearest_keys(key))};
}

}  // namespace thalweg
