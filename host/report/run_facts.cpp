#include "host/report/run_facts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/checkpoint_files.hpp"
#include "host/checkpoint/files.hpp"
#include "host/checkpoint/manifest.hpp"
#include "host/report/html.hpp"
#include "thalweg/error.hpp"
#include "thalweg/per_sample.hpp"
#include "thalweg/version.hpp"

namespace thalweg::report {
namespace {

constexpr std::size_t kMostClassesNamed = 12;

/// The newest one that can be read, without the files that it lists: they may be large.
std::optional<Manifest> newest_manifest(const std::string& run) {
  const std::string root = checkpoint_root(run);
  std::vector<std::string> names = names_in(root);
  std::sort(names.rbegin(), names.rend());
  for (const std::string& name : names) {
    const std::string file = join_path(join_path(root, name), kManifestFile);
    if (name.starts_with(kTemporaryPrefix) || !path_exists(file)) continue;
    try {
      return parse_manifest(read_file(file), file);
    } catch (const CorruptCheckpoint&) {
    }
  }
  return std::nullopt;
}

void add(Table& table, const std::string& name, const std::string& value) {
  if (!value.empty()) table.rows.push_back({name, value});
}

std::string names_of(const std::vector<std::string>& classes) {
  if (classes.empty()) return "";
  if (classes.size() <= kMostClassesNamed)
    return fmt::format("{}: {}", classes.size(), fmt::join(classes, ", "));
  const std::vector<std::string> some(classes.begin(), classes.begin() + kMostClassesNamed);
  return fmt::format("{}: {}, ...", classes.size(), fmt::join(some, ", "));
}

}  // namespace

std::string shell_word(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_./-+=:,@").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string data_facts(const RunFiles& run, const Model* model) {
  const DataConfig& data = run.config.data;
  Table table{.text_columns = 2};
  add(table, "training data", data.train);
  add(table, "rows of them", data.train_rows);
  add(table, "validation data", data.validation);
  if (data.validation_fraction > 0)
    add(table, "held out", fmt::format("{:.4g} of the rows", data.validation_fraction));
  add(table, "test data", data.test.empty() ? data.test_rows : data.test);
  if (model != nullptr) {
    const DataSchema& schema = model->spec().schema;
    add(table, "inputs", fmt::format("{}{}", schema.features, schema.sparse ? ", sparse" : ""));
    add(table, "target", schema.target_column);
    add(table, "classes", names_of(schema.classes));
    add(table, "loss", std::string(name_of(model->spec().config.loss)));
    const auto& hidden = model->spec().config.hidden;
    add(table, "model",
        hidden.empty() ? "linear" : fmt::format("hidden layers of {}", fmt::join(hidden, ", ")));
    add(table, "parameters", std::to_string(parameter_count(*model)));
  }
  if (const auto manifest = newest_manifest(run.folder))
    add(table, "fingerprint of the data", manifest->data_fingerprint);
  return html_table(table);
}

std::string environment_facts(const RunFiles& run, const Model* model) {
  Table table{.text_columns = 2};
  const RunLog& log = run.log;
  if (!log.epochs.empty()) {
    const LogLine& last = log.epochs.back();
    add(table, "epochs", std::to_string(last.epoch));
    add(table, "steps", std::to_string(last.step));
    if (last.has("seconds")) add(table, "seconds of training", fmt::format("{:.3g}", last["seconds"]));
  }
  add(table, "device", run.config.device);
  add(table, "numerics", std::string(name_of(run.config.numerics)));
  add(table, "threads", run.config.train.threads == 0 ? "all" : std::to_string(run.config.train.threads));
  add(table, "page made by", std::string("Thalweg ") + kVersion);
  if (model != nullptr) add(table, "parameters.xxh3", parameters_xxh3(model->parameters()));
  return html_table(table);
}

std::string settings_text(const RunFiles& run) {
  return html_details("All settings (config.toml)", html_code(to_toml(run.config)));
}

std::string repetition(const RunFiles& run) {
  std::string text = html_code(
      fmt::format("thalweg train {} --out=NEW_FOLDER", shell_word(join_path(run.folder, kConfigFile))));
  text += html_paragraph(
      "Call it where the run was started: relative paths of data hold from there. The same data and settings "
      "give the same parameters.xxh3.");
  if (run.config.data.folds != 0)
    text += html_paragraph("The command trains all folds, of which this is one.");
  const auto manifest = newest_manifest(run.folder);
  if (!manifest || manifest->history.empty()) return text;
  text += html_paragraph("Settings changed in the course of the run, so the command makes another one:");
  return text + html_list(manifest->history);
}

}  // namespace thalweg::report
