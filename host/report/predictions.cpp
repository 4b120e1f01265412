#include "host/report/predictions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/data/fit_to_schema.hpp"
#include "host/data/target_transform.hpp"
#include "host/report/chart.hpp"
#include "host/report/html.hpp"

namespace thalweg::report {
namespace {

constexpr std::size_t kMostClassesShown = 30;  // as cells
constexpr std::size_t kMostMistakes = 15;

PredictedRows predict_rows(const Model& model, const Dataset& data, const std::vector<std::int64_t>& rows) {
  const TargetTransform& unit = model.spec().schema.target_transform;
  PredictedRows predicted{model.spec(), model.predict(data, rows), {}, {}};
  for (const std::int64_t row : rows) {
    const auto n = static_cast<std::size_t>(row);
    predicted.targets.push_back(unit == TargetTransform{} ? double{data.target[n]}
                                                          : raw_target(unit, data.target[n]));
    predicted.weights.push_back(data.weight.empty() ? 1.0 : double{data.weight[n]});
  }
  return predicted;
}

std::vector<std::int64_t> list_of_rows(const FittedRows& fitted) {
  if (fitted.rows() != nullptr) return *fitted.rows();
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < fitted.data().rows; ++row) rows.push_back(row);
  return rows;
}

double sum_of(const std::vector<double>& row) {
  double sum = 0;
  for (const double weight : row) sum += weight;
  return sum;
}

/// True class, predicted class, weight.
struct Mistake {
  std::size_t of, as;
  double weight;
};

std::vector<Mistake> mistakes_in(const Metrics& metrics) {
  std::vector<Mistake> mistakes;
  for (std::size_t of = 0; of < metrics.confusion.size(); ++of)
    for (std::size_t as = 0; as < metrics.confusion[of].size(); ++as)
      if (of != as && metrics.confusion[of][as] > 0) mistakes.push_back({of, as, metrics.confusion[of][as]});
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.weight > b.weight; });
  return mistakes;
}

}  // namespace

std::string class_name(const std::vector<std::string>& classes, std::size_t c) {
  return c < classes.size() ? classes[c] : std::to_string(c);
}

EvaluatedRows evaluate_for_page(const Model& model, const ReportRows& wanted) {
  const FittedRows fitted(*wanted.data, model.spec().schema, wanted.rows, true, model.context().threads());
  const std::vector<std::int64_t> rows = list_of_rows(fitted);
  EvaluatedRows result{.name = wanted.name,
                       .rows = std::ssize(rows),
                       .metrics = evaluate(model, fitted.data(), &rows),
                       .charts = "",
                       .tables = ""};
  const PredictedRows predicted = predict_rows(model, fitted.data(), rows);
  const bool classes = traits_of(model.spec().config.loss).classification;
  result.charts =
      classes ? confusion_chart(result.metrics) + class_charts(predicted) : number_charts(predicted);
  result.tables = confusion_table(result.metrics);
  return result;
}

std::string score_table(const std::vector<EvaluatedRows>& evaluated) {
  Table table{.header = {"metric"}};
  std::vector<std::string> names;
  for (const EvaluatedRows& rows : evaluated) {
    table.header.push_back(fmt::format("{}, {} rows", rows.name, rows.rows));
    const auto add = [&](const std::string& name) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    };
    for (const auto& [name, value] : rows.metrics.values) add(name);
    for (const auto& [name, why] : rows.metrics.undefined) add(name);
  }
  for (const std::string& name : names) {
    std::vector<std::string> cells{name};
    for (const EvaluatedRows& rows : evaluated) {
      cells.push_back(fmt::format("{:.6g}", rows.metrics[name]));
      for (const auto& [undefined, why] : rows.metrics.undefined)
        if (undefined == name) cells.back() = "undefined: " + why;
    }
    table.rows.push_back(std::move(cells));
  }
  return html_table(table);
}

std::string confusion_chart(const Metrics& metrics) {
  if (metrics.confusion.empty() || metrics.confusion.size() > kMostClassesShown) return "";
  HeatMap map{.title = "Confusion", .rows_label = "true", .columns_label = "predicted"};
  for (std::size_t of = 0; of < metrics.confusion.size(); ++of) {
    map.names.push_back(class_name(metrics.classes, of));
    const double all = sum_of(metrics.confusion[of]);
    std::vector<HeatCell> cells;
    for (std::size_t as = 0; as < metrics.confusion[of].size(); ++as) {
      const double weight = metrics.confusion[of][as], share = all > 0 ? weight / all : 0;
      cells.push_back(
          {.share = share,
           .text = weight > 0 ? number_text(weight) : "",
           .tip = fmt::format("true {}, predicted {}: {:.6g} ({:.1f} %)", class_name(metrics.classes, of),
                              class_name(metrics.classes, as), weight, 100 * share)});
    }
    map.cells.push_back(std::move(cells));
  }
  return svg(map);
}

std::string confusion_table(const Metrics& metrics) {
  if (metrics.confusion.size() <= kMostClassesShown) return "";
  std::vector<Mistake> mistakes = mistakes_in(metrics);
  if (mistakes.size() > kMostMistakes) mistakes.resize(kMostMistakes);
  Table table{.header = {"true class", "predicted as", "weight"}, .text_columns = 2};
  for (const Mistake& mistake : mistakes)
    table.rows.push_back({class_name(metrics.classes, mistake.of), class_name(metrics.classes, mistake.as),
                          fmt::format("{:.6g}", mistake.weight)});
  return html_table(table);
}

}  // namespace thalweg::report
