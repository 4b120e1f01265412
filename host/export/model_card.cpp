#include "host/export/model_card.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "host/checkpoint/files.hpp"
#include "host/config/config_text.hpp"
#include "host/data/raw_data.hpp"
#include "host/data/text.hpp"
#include "host/json/json.hpp"
#include "thalweg/error.hpp"
#include "thalweg/metrics.hpp"
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

class Card {
 public:
  Card(const Model& model, const std::string& run)
      : spec_(model.spec()),
        schema_(spec_.schema),
        run_(run),
        checksum_(parameters_xxh3(model.parameters())) {
    const std::string file = join_path(run, "config.toml");
    if (!path_exists(file))
      throw UsageError(
          fmt::format("{} has no config.toml, which a model card tells of; want the folder of a run", run));
    read_config_file(file, config_);
  }

  std::string text() const {
    return fmt::format("{}# {}\n\n{}\n{}\n{}\n{}\n{}", kCardMark, quoted(name_of(run_)), about(), data(),
                       settings(), scores(), limits());
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
    const std::optional<Json> line = line_of_model();
    std::string table, rows;
    if (line)
      for (const auto& [name, value] : line->object())
        if ((name.starts_with("validation.") || name == "train.loss") && value.dump() != "null")
          table += fmt::format("| {} | {:.6g} |\n", name, value.get<double>());
    if (table.find("validation.") == std::string::npos)
      rows =
          "\nThe run held out no rows: nothing here says how the model does on rows that it has not seen.\n";
    if (!table.empty() && schema_.target_transform != TargetTransform{})
      rows += "\nLosses are those of the standardised target; the other metrics are in its own unit.\n";
    if (table.empty()) return "## Scores\n" + rows;
    return fmt::format("## Scores\n\nAfter epoch {}:\n\n| metric | value |\n|---|---|\n{}{}",
                       line->at("epoch").get<std::int64_t>(), table, rows);
  }

  /// The epoch's line of the log that is of this model: with patience the best, the first of equals; else the
  /// last.
  std::optional<Json> line_of_model() const {
    const std::string metric = "validation." + config_.train.metric;
    const double sign = larger_is_better(config_.train.metric) ? -1 : 1;
    std::optional<Json> found;
    for (Json& line : epoch_lines()) {
      const Json* const score = line.find(metric);
      const bool chooses = config_.train.patience > 0 && score != nullptr && found;
      if (!chooses || sign * score->get<double>() < sign * found->at(metric).get<double>())
        found = std::move(line);
    }
    return found;
  }

  std::vector<Json> epoch_lines() const {
    std::vector<Json> lines;
    const std::string file = join_path(run_, "metrics.jsonl");
    if (!path_exists(file)) return lines;
    const std::string text = read_file(file);
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
      Json line = parse_json(std::string_view(text).substr(begin, end - begin));
      if (line.find("epoch") != nullptr) lines.push_back(std::move(line));
    }
    return lines;
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
  std::string run_, checksum_;
  Config config_;
};

}  // namespace

std::string model_card(const Model& model, const std::string& run) { return Card(model, run).text(); }

}  // namespace thalweg
