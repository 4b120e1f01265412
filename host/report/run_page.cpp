// The page of one run.
#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <optional>

#include "host/data/counted.hpp"
#include "host/report/curves.hpp"
#include "host/report/html.hpp"
#include "host/report/model_origin.hpp"
#include "host/report/model_tables.hpp"
#include "host/report/predictions.hpp"
#include "host/report/run_epochs.hpp"
#include "host/report/run_facts.hpp"
#include "thalweg/error.hpp"
#include "thalweg/report.hpp"

namespace thalweg {
namespace report {
namespace {

/// A run that diverged, or was killed early, has none; its page says so.
std::optional<Model> model_of(const std::string& run, std::vector<std::string>& notes) {
  try {
    return load_model(Context({.device = "cpu"}), run, notes);
  } catch (const NoInputError& error) {
    notes.push_back(fmt::format("There is no model: {}", error.what()));
  } catch (const CorruptCheckpoint& error) {
    notes.push_back(fmt::format("The model cannot be read: {}", error.what()));
  }
  return std::nullopt;
}

/// Values that are not finite would only show as gaps.
void note_divergence(const RunFiles& run, std::vector<std::string>& notes) {
  if (!run.log.diverged.empty()) return;  // the run has said so itself
  for (const LogLine& line : run.log.epochs) {
    for (const char* name : {"train.loss", "validation.loss"}) {
      if (!line.has(name) || std::isfinite(line[name])) continue;
      notes.push_back(fmt::format("{} is not finite at epoch {}: the run diverged.", name, line.epoch));
      return;
    }
  }
}

/// The same of the scores: a run that diverged in its first epoch has no line of the log.
void note_divergence(const std::vector<EvaluatedRows>& evaluated, std::vector<std::string>& notes) {
  for (const EvaluatedRows& rows : evaluated)
    for (const auto& [name, value] : rows.metrics.values)
      if (name == "loss" && !std::isfinite(value))
        notes.push_back(
            fmt::format("The loss of the {} rows is not finite: the model has diverged.", rows.name));
}

std::string head_line(const RunFiles& run, const Model* model) {
  std::string text;
  if (model != nullptr)
    text += fmt::format("Loss {}, {} inputs, {} parameters. ", name_of(model->spec().config.loss),
                        model->spec().schema.features, parameter_count(*model));
  const LogLine* const epoch = model_epoch(run);
  if (epoch == nullptr) return text;
  text += fmt::format("{}, {}.", counted(run.log.epochs.back().epoch, "epoch"),
                      counted(run.log.epochs.back().step, "step"));
  const std::string value = watched_value(run);
  if (epoch->has(value))
    text += fmt::format(" The model is that of epoch {}: {} {}.", epoch->epoch, value,
                        number_text((*epoch)[value]));
  return text;
}

std::string prediction_sections(const std::vector<EvaluatedRows>& evaluated) {
  std::string text;
  for (const EvaluatedRows& rows : evaluated)
    text +=
        html_section(fmt::format("Predictions: {} rows", rows.name), html_charts(rows.charts) + rows.tables);
  return text;
}

std::string model_section(const Model& model, const std::vector<RawWeight>& errors) {
  return html_section("Model", html_charts(weight_chart(model, errors)) + weight_tables(model, errors) +
                                   scale_table(model.spec().schema));
}

std::string page_of(const RunFiles& run, const Model* model, const ReportOptions& options,
                    std::vector<std::string> notes) {
  std::vector<EvaluatedRows> evaluated;
  if (model != nullptr)
    for (const ReportRows& rows : options.rows) evaluated.push_back(evaluate_for_page(*model, rows));
  note_divergence(evaluated, notes);
  std::function<std::string(std::int64_t)> where;
  if (options.training != nullptr) {
    where = [&training = *options.training](std::int64_t row) {
      return row < training.rows ? training.where(row) : std::string();  // other data than the run's
    };
  }
  std::string body = html_paragraph(head_line(run, model)) + html_list(notes);
  body += html_section("Scores", score_table(evaluated));
  body += html_section("Training", html_charts(training_charts(run)));
  body += html_section("Samples", html_charts(per_sample_charts(run)) + outlier_table(run, where));
  body += prediction_sections(evaluated);
  if (model != nullptr) body += model_section(*model, options.weights);
  body += html_section("Data", data_facts(run, model));
  body += html_section("Environment", environment_facts(run, model) + settings_text(run));
  body += html_section("To repeat the run", repetition(run));
  return html_page(run.folder, body);
}

}  // namespace
}  // namespace report

std::string run_report(const std::string& run, const ReportOptions& options) {
  const report::RunFiles files = report::read_run_files(run);
  std::vector<std::string> notes = options.notes;
  notes.insert(notes.end(), files.notes.begin(), files.notes.end());
  report::note_divergence(files, notes);
  if (options.model != nullptr) return report::page_of(files, options.model, options, notes);
  const std::optional<Model> model = report::model_of(run, notes);
  return report::page_of(files, model ? &*model : nullptr, options, notes);
}

}  // namespace thalweg
