#include "host/cli/summary_json.hpp"

#include <fmt/format.h>

#include <map>

#include "host/cli/report_text.hpp"

namespace thalweg::cli {
namespace {

Json data_json(const RunSummary& s) {
  Json data;
  data["source"] = s.source;
  data["rows"] = s.rows;
  data["columns"] = s.columns;
  data["features"] = s.features;
  if (!s.target.empty()) data["target"] = s.target;
  for (const auto& [name, values] : s.text_columns) data["text_columns"][name] = values;
  if (s.hash_bits > 0) data["hash_bits"] = s.hash_bits;
  if (s.hash_bits > 0) data["hashed_used"] = s.hashed_used;
  data["missing_filled"] = s.filled;
  data["train_rows"] = s.train_rows;
  data["validation_rows"] = s.validation_rows;
  data["test_rows"] = s.test_rows;
  if (!s.validation_source.empty()) data["validation_source"] = s.validation_source;
  if (!s.test_source.empty()) data["test_source"] = s.test_source;
  data["stratified"] = s.stratified;
  if (s.block_rows > 0) {
    data["order"]["block_rows"] = s.block_rows;
    data["order"]["window_blocks"] = s.window_blocks;
  }
  if (!s.weight.empty()) data["weight"] = s.weight;
  data["class_weight"] = s.class_weight;
  return data;
}

Json task_json(const RunSummary& s) {
  Json task;
  task["predicts"] = s.classes.empty() ? "number" : "class";
  if (!s.classes.empty()) task["classes"] = s.classes;
  task["loss"] = std::string(name_of(s.loss));
  task["loss_chosen_by"] = s.loss_was_given ? "model.loss" : !s.init_from.empty() ? "model.init" : "targets";
  if (!s.init_from.empty()) task["init"] = s.init_from;
  return task;
}

/// What some fold does not define, by the metric's name: the first such fold and its reason.
std::map<std::string, std::string> undefined_in_folds(const TrainReport& report) {
  std::map<std::string, std::string> undefined;
  for (std::size_t f = 0; f < report.folds.size(); ++f) {
    if (!report.folds[f].validation) continue;
    for (const auto& [name, why] : report.folds[f].validation->undefined)
      undefined.try_emplace(name, fmt::format("in fold {} of {}, {}", f + 1, report.folds.size(), why));
  }
  return undefined;
}

}  // namespace

void add_json(Json& object, const RunSummary& summary) {
  object["data"] = data_json(summary);
  object["task"] = task_json(summary);
}

void add_folds(Json& object, const TrainReport& report) {
  for (const FoldMetric& metric : report.fold_metrics) {
    object["validation." + metric.name + ".mean"] = metric.mean;
    object["validation." + metric.name + ".deviation"] = metric.deviation;
  }
  for (const auto& [name, why] : undefined_in_folds(report)) {
    object["validation." + name + ".mean"] = nullptr;
    object["validation.undefined"][name] = why;
  }
  for (const TrainReport& fold : report.folds) object["folds"].push_back(to_json(fold));
}

std::string folds_text(const TrainReport& report) {
  if (report.stopped_by == "signal") return "";  // the folds to come have no values yet
  std::string text = fmt::format("validation over {} folds\n", report.folds.size());
  for (const FoldMetric& metric : report.fold_metrics) {
    text += fmt::format("  {:<19} {:.6g} +- {:.3g} (", metric.name, metric.mean, metric.deviation);
    for (std::size_t f = 0; f < report.folds.size(); ++f)
      text += fmt::format("{}{:.6g}", f == 0 ? "" : ", ", (*report.folds[f].validation)[metric.name]);
    text += ")\n";
  }
  for (const auto& [name, why] : undefined_in_folds(report))
    text += fmt::format("  {:<19} undefined {}\n", name, why);
  return text;
}

}  // namespace thalweg::cli
