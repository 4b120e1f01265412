#include "host/run/run_summary.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "host/data/counted.hpp"
#include "host/data/hashing.hpp"
#include "host/data/raw_data.hpp"
#include "host/run/row_order.hpp"

namespace thalweg {
namespace {

constexpr std::size_t kMostNamed = 8;  // columns or classes

std::string named(std::vector<std::string> names) {
  const std::size_t all = names.size();
  if (all <= kMostNamed) return fmt::format("{}", fmt::join(names, ", "));
  names.resize(kMostNamed);
  return fmt::format("{} and {} more", fmt::join(names, ", "), all - kMostNamed);
}

std::vector<std::pair<std::string, std::int64_t>> text_columns(const FeatureTransform& transform) {
  std::vector<std::pair<std::string, std::int64_t>> found;
  for (std::size_t c = 0; c < transform.categories.size(); ++c) {
    if (transform.categories[c].empty()) continue;
    const std::string name = c < transform.columns.size() ? transform.columns[c] : fmt::format("{}", c);
    found.emplace_back(name, std::ssize(transform.categories[c]));
  }
  return found;
}

std::string data_line(const RunSummary& s) {
  std::string line =
      fmt::format("data: {}, {}, {}", s.source, counted(s.rows, "row"), counted(s.columns, "feature"));
  if (s.features != s.columns) line += fmt::format(" as {}", counted(s.features, "input"));
  if (!s.target.empty()) line += fmt::format("; target {}", s.target);
  return line;
}

std::string text_columns_line(const RunSummary& s) {
  std::vector<std::string> columns;
  for (const auto& [name, values] : s.text_columns)
    columns.push_back(fmt::format("{} ({})", name, counted(values, "value")));
  return "text columns: " + named(columns);
}

/// A text meets another one's feature as often as a feature is used at all.
std::string hashing_line(const RunSummary& s) {
  if (s.hashed_used == 0)  // not counted: rows on the disk are not read for it
    return fmt::format("hashing: {} inputs (data.hash_bits = {})", s.features, s.hash_bits);
  const double share = static_cast<double>(s.hashed_used) / static_cast<double>(s.features);
  return fmt::format(
      "hashing: {} of {} inputs are used; about {:.2g} % of the texts share one "
      "(data.hash_bits = {})",
      s.hashed_used, s.features, 100 * share, s.hash_bits);
}

std::string rows_line(const RunSummary& s) {
  std::string line = fmt::format("rows: {} to train on", s.train_rows);
  if (s.validation_rows > 0) {
    const std::string from = !s.validation_source.empty() ? " of " + s.validation_source
                             : s.stratified               ? ", every class by its share"
                                                          : "";
    line += fmt::format("; {} to validate{}", s.validation_rows, from);
  }
  if (s.test_rows > 0) line += fmt::format("; {} to test of {}", s.test_rows, s.test_source);
  return line;
}

std::string task_line(const RunSummary& s) {
  const std::string targets =
      s.classes.empty() ? "a number" : fmt::format("{} classes ({})", s.classes.size(), named(s.classes));
  const std::string why = s.loss_was_given        ? "as model.loss says"
                          : !s.init_from.empty()  ? "as in model.init"
                          : s.classes.empty()     ? "because the targets are numbers"
                          : s.classes.size() <= 2 ? "because the targets are two classes"
                                                  : "because the targets are classes";
  return fmt::format("task: to predict {}; loss {}, {}", targets, name_of(s.loss), why);
}

std::string weights_line(const RunSummary& s) {
  if (s.weight.empty()) return fmt::format("weights: by class, {}", s.class_weight);
  std::string line = fmt::format("weights: {} (data.weight)", s.weight);
  if (s.class_weight != "none") line += fmt::format(", by class {}", s.class_weight);
  return line;
}

std::string order_line(const RunSummary& s) {
  return fmt::format("order: blocks of {}, windows of {}", counted(s.block_rows, "row"),
                     counted(s.window_blocks, "block"));
}

}  // namespace

RunSummary summarize(const Config& config, const RunData& data, const ModelSpec& spec) {
  const FeatureTransform& transform = data.train.transform;
  RunSummary s;
  s.source = data.train.source;
  s.target = data.train.target_column;
  s.rows = data.train.rows;
  s.features = data.train.features;
  s.columns = raw_width(spec.schema);
  s.text_columns = text_columns(transform);
  s.hash_bits = transform.hash_bits;
  if (s.hash_bits > 0 && data.train.store == nullptr) s.hashed_used = used_features(data.train);
  s.filled = data.train.filled;
  s.impute = data.shards ? data.shards->impute : config.data.impute;
  s.train_rows = std::ssize(data.split.train);
  s.validation_rows = data.validation ? data.validation->rows : std::ssize(data.split.validation);
  if (data.validation) s.validation_source = data.validation->source;
  if (data.test) s.test_rows = data.test->rows, s.test_source = data.test->source;
  s.classes = spec.schema.classes;
  s.stratified = !data.split.validation.empty() && !s.classes.empty() &&
                 config.data.stratify != Tristate::no && !config.per_sample.private_training();
  s.loss = spec.config.loss;
  s.loss_was_given = config.model.loss != Loss::automatic;
  s.weight = data.shards ? data.shards->weight : config.data.weight;
  if (!config.data.class_weight.empty()) s.class_weight = config.data.class_weight;
  if (data.init) s.init_from = config.model.init;
  const BlockOrder order = block_order_of(config, data.train);
  if (order.block_rows > 0) s.block_rows = order.block_rows, s.window_blocks = order.window_blocks;
  return s;
}

std::vector<std::string> summary_lines(const RunSummary& s) {
  std::vector<std::string> lines{data_line(s)};
  if (!s.text_columns.empty()) lines.push_back(text_columns_line(s));
  if (s.hash_bits > 0) lines.push_back(hashing_line(s));
  if (s.filled > 0) {
    const std::string by = s.init_from.empty() ? std::string(name_of(s.impute)) : "model.init";
    lines.push_back(fmt::format("missing: {} filled (data.impute = {})", counted(s.filled, "cell"), by));
  }
  if (s.validation_rows + s.test_rows > 0) lines.push_back(rows_line(s));
  if (s.block_rows > 0) lines.push_back(order_line(s));
  lines.push_back(task_line(s));
  if (!s.weight.empty() || s.class_weight != "none") lines.push_back(weights_line(s));
  if (!s.init_from.empty())
    lines.push_back(fmt::format("columns, scales and classes are those of model.init = {}", s.init_from));
  return lines;
}

}  // namespace thalweg
