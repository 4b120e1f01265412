#include "host/export/model_card.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "host/checkpoint/checkpoint_files.hpp"
#include "host/checkpoint/files.hpp"
#include "host/config/config_text.hpp"
#include "host/data/raw_data.hpp"
#include "host/data/text.hpp"
#include "host/report/run_epochs.hpp"
#include "host/report/run_files.hpp"
#include "thalweg/error.hpp"
#include "thalweg/version.hpp"

namespace thalweg {
namespace {

/// Names beyond these are counted.
constexpr std::size_t kMostNames = 30;

/// A text within a line or a cell of a table.
std::string quoted(const std::string& text) {
  std::string cell = shown(text);
  for (std::size_t at = 0; (at = cell.find('|', at)) != std::string::npos; at += 2) cell.insert(at, "\\");
  return cell;
}

std::string listed(const std::vector<std::string>& names) {
  std::vector<std::string> some;
  for (const std::string& name : names)
    if (some.size() < kMostNames) some.push_back(quoted(name));
  const std::size_t more = names.size() - some.size();
  return fmt::format("{}{}", fmt::join(some, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

report::RunFiles files_of(const std::string& run) {
  if (!path_exists(join_path(run, kConfigFile)))
    throw UsageError(
        fmt::format("{} has no config.toml, which a model card tells of; want the folder of a run", run));
  return report::read_run_files(run);
}

class Card {
 public:
  Card(const Model& model, const std::string& run)
      : spec_(model.spec()),
        schema_(spec_.schema),
        run_(files_of(run)),
        config_(run_.config),
        checksum_(parameters_xxh3(model.parameters())) {}

  std::string text() const {
    return fmt::format("{}# {}\n\n{}\n{}\n{}\n{}\n{}", kCardMark, quoted(name_of(run_.folder)), about(),
                       data(), settings(), scores(), limits());
  }

 private:
  std::string about() const {
    const std::vector<std::int64_t>& hidden = spec_.config.hidden;
    const std::string kind = hidden.empty()
                                 ? "A linear model"
                                 : fmt::format("A multilayer perceptron (hidden layers: {}; {})",
                                               fmt::join(hidden, ", "), name_of(spec_.config.activation));
    const std::string target = traits_of(spec_.config.loss).classification
                                   ? fmt::format("{} classes", schema_.classes.size())
                                   : std::string("numbers");
    return fmt::format(
        "{} of {}, trained by Thalweg {} with the loss `{}`. Checksum of its parameters: `{}`.\n", kind,
        target, kVersion, name_of(spec_.config.loss), checksum_);
  }

  std::string data() const {
    std::string table = "## Data\n\n| | |\n|---|---|\n";
    const auto row = [&](const char* what, const std::string& text) {
      if (!text.empty()) table += fmt::format("| {} | {} |\n", what, text);
    };
    row("training data", quoted(config_.data.train));
    row("target", schema_.target_column.empty() ? "" : quoted(schema_.target_column));
    row("classes", listed(schema_.classes));
    row("columns", fmt::format("{}{}", raw_width(schema_), schema_.sparse ? ", sparse" : ""));
    row("names", listed(schema_.transform.columns));
    row(schema_.sparse ? "entries that are not there" : "missing values", missing_values());
    return table;
  }

  std::string missing_values() const {
    if (schema_.sparse) return "0";
    if (schema_.transform.impute.empty()) return "an error";
    return fmt::format("replaced: `data.impute = {}`", name_of(config_.data.impute));
  }

  std::string settings() const {
    std::string text =
        "## Settings\n\nThose that are not the defaults, also where the data chose them:\n\n```\n";
    for (const SettingDifference& setting : config_differences(Config{}, config_))
      text += fmt::format("{} = {}\n", setting.key, setting.after);
    return text + "```\n";
  }

  std::string scores() const {
    const report::LogLine* const line = report::model_epoch(run_);
    std::string table, rows;
    if (line != nullptr)
      for (const auto& [name, value] : line->values)
        if ((name.starts_with("validation.") || name == "train.loss") && !std::isnan(value))
          table += fmt::format("| {} | {:.6g} |\n", name, value);
    if (table.find("validation.") == std::string::npos) rows = without_scores(line != nullptr);
    if (!table.empty() && schema_.target_transform != TargetTransform{})
      rows += "\nLosses are those of the standardised target; the other metrics are in its own unit.\n";
    if (table.empty()) return "## Scores\n" + rows;
    return fmt::format("## Scores\n\nAfter epoch {}:\n\n| metric | value |\n|---|---|\n{}{}", line->epoch,
                       table, rows);
  }

  /// The sentence that says why the card lacks scores of held-out rows.
  std::string without_scores(bool logged) const {
    const DataConfig& data = config_.data;
    if (!data.test.empty() || !data.test_rows.empty())
      return "\nThe log has no scores of the test rows; `thalweg evaluate` gives them.\n";
    if (!logged || data.validation_fraction > 0 || !data.validation.empty())
      return "\nThe log has no scores of held-out rows.\n";
    return "\nThe run held out no rows: nothing here says how the model does on rows that it has not seen.\n";
  }

  std::string limits() const {
    std::string text =
        "## Limits\n\n- The scores hold for rows like those it was trained on, and say nothing of others.\n";
    const auto say = [&](bool holds, const char* what) {
      if (holds) text += fmt::format("- {}\n", what);
    };
    const FeatureTransform& transform = schema_.transform;
    const auto& categories = transform.categories;
    const bool texts =
        std::any_of(categories.begin(), categories.end(), [](const auto& list) { return !list.empty(); });
    say(config_.train.patience > 0,
        "The held-out rows chose the epoch, so their scores are a little too good.");
    say(texts, "A category that training did not have counts as none.");
    say(transform.impute.empty() && !schema_.sparse, "It takes no missing values.");
    say(transform.hash_bits > 0, "Its features are hashed: several may share a weight.");
    say(traits_of(spec_.config.loss).scores, "Its scores rank rows and are not probabilities.");
    return text;
  }

  const ModelSpec& spec_;
  const DataSchema& schema_;
  const report::RunFiles run_;
  const Config& config_;
  const std::string checksum_;
};

}  // namespace

std::string model_card(const Model& model, const std::string& run) { return Card(model, run).text(); }

}  // namespace thalweg
