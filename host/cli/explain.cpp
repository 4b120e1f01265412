#include "host/cli/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

#include "host/cli/model_data.hpp"
#include "host/cli/model_rows.hpp"
#include "host/cli/printable.hpp"
#include "host/json/json.hpp"
#include "host/model/curvature.hpp"
#include "host/model/importance.hpp"
#include "host/model/model_file.hpp"
#include "host/run/context_options.hpp"
#include "thalweg/error.hpp"
#include "thalweg/per_sample.hpp"

namespace thalweg::cli {
namespace {

/// The weights of one output, the intercept last.
struct WeightTable {
  std::string of;  ///< what their sum gives: "prediction", "log-odds of yes", ...
  std::string class_name;
  std::vector<RawWeight> weights;
  bool errors = false;
};

std::string class_of_output(const ModelSpec& spec, std::int64_t output) {
  const std::size_t index = spec.outputs == 1 ? 1 : static_cast<std::size_t>(output);
  return index < spec.schema.classes.size() ? spec.schema.classes[index] : std::to_string(index);
}

std::string meaning_of(const ModelSpec& spec, const std::string& class_name) {
  const LossTraits traits = traits_of(spec.config.loss);
  if (traits.rates) return "logarithm of the rate";
  if (!traits.classification) return "prediction";
  if (traits.scores) return "score of " + class_name;
  return (spec.outputs == 1 ? "log-odds of " : "logit of ") + class_name;
}

void sort_weights(std::vector<RawWeight>& weights) {
  std::stable_sort(weights.begin(), weights.end() - 1, [](const RawWeight& a, const RawWeight& b) {
    return std::abs(a.per_deviation) > std::abs(b.per_deviation);
  });
}

std::vector<WeightTable> weight_tables(const InspectArguments& arguments, const Config& config,
                                       const Model& model, std::ostream& err) {
  const ModelSpec& spec = model.spec();
  std::vector<WeightTable> tables;
  for (std::int64_t output = 0; output < spec.outputs; ++output) {
    const bool classes = traits_of(spec.config.loss).classification;
    const std::string name = classes ? class_of_output(spec, output) : "";
    WeightTable table{meaning_of(spec, name), name, {}, arguments.standard_errors};
    if (arguments.standard_errors) {
      check_option([&] { require_curvature(model); });  // ahead of the data, which may be many
      const ReadOptions reading = read_options(config, tell_of_waiting(err, arguments.quiet));
      table.weights = raw_standard_errors(model, read_trained_rows(config, model, reading));
    } else {
      table.weights = check_option([&] { return raw_weights(model, output); });
    }
    if (arguments.sort) sort_weights(table.weights);
    tables.push_back(std::move(table));
  }
  return tables;
}

std::string as_text(const RawWeight& weight, bool errors) {
  std::string line = fmt::format("  {:<28} {:>12.6g}", printable(weight.name), weight.value);
  if (!errors) return line + fmt::format(" {:>14.6g}\n", weight.per_deviation);
  if (std::isnan(weight.standard_error)) return line + "     (collinear)\n";
  return line +
         fmt::format(" {:>12.6g} {:>9.3f}\n", weight.standard_error, weight.value / weight.standard_error);
}

std::string as_text(const WeightTable& table) {
  std::string text =
      fmt::format("weights in the units of the data; their sum is the {}\n", printable(table.of));
  text += fmt::format("  {:<28} {:>12}", "feature", "weight");
  text += table.errors ? fmt::format(" {:>12} {:>9}\n", "std. error", "z")
                       : fmt::format(" {:>14}\n", "per deviation");
  for (const RawWeight& weight : table.weights) text += as_text(weight, table.errors);
  return text;
}

Json as_json(const RawWeight& weight, bool errors) {
  Json object;
  object["name"] = weight.name;
  object["weight"] = weight.value;
  object["per_deviation"] = weight.per_deviation;
  if (errors) object["standard_error"] = weight.standard_error;
  return object;
}

Json as_json(const WeightTable& table) {
  Json object;
  object["of"] = table.of;
  if (!table.class_name.empty()) object["class"] = table.class_name;
  const RawWeight& intercept = table.weights.back();
  object["intercept"] = intercept.value;
  if (table.errors) object["intercept_standard_error"] = intercept.standard_error;
  object["weights"] = Json::Array();
  for (std::size_t j = 0; j + 1 < table.weights.size(); ++j)
    object["weights"].push_back(as_json(table.weights[j], table.errors));
  return object;
}

Json as_json(const Importances& importances, std::size_t rows, std::int64_t repeats) {
  Json object;
  object["metric"] = importances.metric;
  object["baseline"] = importances.baseline;
  object["rows"] = rows;
  object["repeats"] = repeats;
  object["columns"] = Json::Array();
  for (const Importance& importance : importances.columns) {
    Json column;
    column["name"] = importance.column;
    column["mean"] = importance.mean;
    column["deviation"] = importance.deviation;
    object["columns"].push_back(std::move(column));
  }
  return object;
}

std::string as_text(const Importances& importances, std::size_t rows, std::int64_t repeats) {
  std::string text = fmt::format("what {} ({:.6g} on {} rows) loses when a column is permuted, {} times\n",
                                 importances.metric, importances.baseline, rows, repeats);
  text += fmt::format("  {:<28} {:>12} {:>12}\n", "column", "mean", "deviation");
  for (const Importance& i : importances.columns)
    text += fmt::format("  {:<28} {:>12.6g} {:>12.6g}\n", printable(i.column), i.mean, i.deviation);
  return text;
}

}  // namespace

int show_weights(const InspectArguments& arguments, Streams streams) {
  const Config config = config_for_model(arguments.path, arguments.settings);
  if (arguments.standard_errors && config.data.train.empty())
    throw UsageError("--standard-errors needs the training data: --data.train=FILE");
  const Context ctx(arguments.standard_errors ? context_options(config)
                                              : ContextOptions{.device = "cpu", .threads = 1});
  const Model model = load_model(ctx, arguments.path, arguments, streams);
  Json outputs = Json::Array();
  std::string text;
  for (const WeightTable& table : weight_tables(arguments, config, model, streams.err)) {
    outputs.push_back(as_json(table));
    text += as_text(table);
  }
  Json object;
  object["outputs"] = std::move(outputs);
  streams.out << (arguments.json ? object.dump(2) + "\n" : text) << std::flush;
  return 0;
}

int show_importance(const InspectArguments& arguments, Streams streams) {
  const Config config = config_for_model(arguments.path, arguments.settings);
  const Context ctx(context_options(config));
  const Model model = load_model(ctx, arguments.path, arguments, streams);
  ModelRows read = read_model_rows(config, {arguments.path, arguments.rows}, model, true, arguments, streams);
  const std::size_t rows = read.rows.size();
  Importances importances = permutation_importance(model, std::move(read.data), read.rows,
                                                   {.metric = arguments.metric,
                                                    .repeats = arguments.repeats,
                                                    .seed = static_cast<std::uint64_t>(config.seed)});
  if (arguments.sort) {
    std::stable_sort(importances.columns.begin(), importances.columns.end(),
                     [](const Importance& a, const Importance& b) { return a.mean > b.mean; });
  }
  streams.out << (arguments.json ? as_json(importances, rows, arguments.repeats).dump(2) + "\n"
                                 : as_text(importances, rows, arguments.repeats))
              << std::flush;
  return 0;
}

}  // namespace thalweg::cli
