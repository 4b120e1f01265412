#pragma once
// What a page shows of a model's predictions for some rows.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/metrics.hpp"
#include "thalweg/model.hpp"
#include "thalweg/report.hpp"

namespace thalweg::report {

/// Predictions beside what they should have been, row by row.
struct PredictedRows {
  const ModelSpec& spec;
  Predictions predictions;
  std::vector<double> targets;  ///< in the unit of the data, or the index of a class
  std::vector<double> weights;
};

/// The name of class `c`; its number where the classes have no names.
std::string class_name(const std::vector<std::string>& classes, std::size_t c);

struct EvaluatedRows {
  std::string name;
  std::int64_t rows = 0;
  Metrics metrics;
  std::string charts;  ///< SVG
  std::string tables;  ///< HTML
};

/// Throws the errors of evaluate.
EvaluatedRows evaluate_for_page(const Model& model, const ReportRows& rows);

/// A column for each set of rows, a line for each metric.
std::string score_table(const std::vector<EvaluatedRows>& evaluated);

/// Curves by thresholds and calibration, of a model that predicts classes.
std::string class_charts(const PredictedRows& rows);
/// Residuals, of a model that predicts numbers.
std::string number_charts(const PredictedRows& rows);
/// The confusion as cells, or as a table of the most frequent mistakes where the classes are many.
std::string confusion_chart(const Metrics& metrics);
std::string confusion_table(const Metrics& metrics);

}  // namespace thalweg::report
