#include <optional>
#include <ostream>
#include <utility>

#include "host/checkpoint/files.hpp"
#include "host/cli/cli.hpp"
#include "host/cli/model_data.hpp"
#include "host/cli/model_rows.hpp"
#include "host/cli/prediction_text.hpp"
#include "host/cli/unfinished_output.hpp"
#include "host/data/all_rows.hpp"
#include "host/data/npy_writer.hpp"
#include "host/model/evaluation.hpp"
#include "host/model/probabilities.hpp"
#include "host/run/context_options.hpp"

namespace thalweg::cli {
namespace {

enum class Form { csv, json_lines, npy };

Form form_of(const PredictArguments& arguments) {
  const std::string& output = arguments.output;
  if (output.empty()) return arguments.json ? Form::json_lines : Form::csv;
  if (output.ends_with(".jsonl")) return Form::json_lines;
  if (output.ends_with(".csv") && !arguments.json) return Form::csv;
  if (!output.ends_with(".npy") || arguments.json)
    throw UsageError("--output is \"" + output + "\"; expected a name that ends in " +
                     (arguments.json ? ".jsonl, as --json is given" : ".csv, .jsonl or .npy"));
  if (arguments.with_target || arguments.top_k > 0 || arguments.threshold)
    throw UsageError("a .npy file holds values alone: no targets, no classes; expected .csv or .jsonl");
  return Form::npy;
}

/// Ids would be lost without a word.
void require_no_ids(const Dataset& data) {
  if (data.row_names.empty()) return;
  throw UsageError(
      "a .npy file holds values alone: no ids; expected .csv or .jsonl, or --data.id= --data.ignore=" +
      data.row_name_column + " for values alone");
}

void check_top_k(const ModelSpec& spec, const Predictions& predictions, std::int64_t top_k) {
  const bool of_each_class = traits_of(spec.config.loss).classification && predictions.columns > 1;
  if (top_k > 0 && (!of_each_class || top_k > predictions.columns))
    throw UsageError("--top-k is " + std::to_string(top_k) + "; the model predicts " +
                     (predictions.predicted_class.empty() ? "numbers"
                      : predictions.columns == 1
                          ? "one score for two classes"
                          : std::to_string(predictions.columns) + " probabilities or scores"));
}

/// The second class where its probability reaches the threshold.
void apply_threshold(const ModelSpec& spec, double threshold, Predictions& predictions) {
  check_option([&] { require_threshold(spec, threshold); });
  for (std::size_t n = 0; n < predictions.predicted_class.size(); ++n)
    predictions.predicted_class[n] = class_at(threshold, predictions.values[2 * n + 1]);
}

template <class Real>
std::vector<Real> chosen(const std::vector<Real>& values, std::int64_t columns,
                         const std::vector<std::int64_t>& rows) {
  std::vector<Real> chosen;
  for (const std::int64_t row : rows)
    chosen.insert(chosen.end(), values.begin() + row * columns, values.begin() + (row + 1) * columns);
  return chosen;
}

/// In double where float32 would round off what the model holds.
void write_values(const std::string& output, const Predictions& predictions,
                  const std::vector<std::int64_t>& rows) {
  const std::int64_t columns = predictions.columns, count = std::ssize(rows);
  if (!predictions.exact_values.empty())
    return write_npy(output, chosen(predictions.exact_values, columns, rows), columns);
  const std::vector<float> values = chosen(predictions.values, columns, rows);
  write_npy(output, matrix<const float>(values.data(), count, columns));
}

/// Standard output, or a file that is there once all of it is written.
class TextSink {
 public:
  TextSink(const std::string& output, std::ostream& out) : out_(out) {
    if (output.empty()) return;
    unfinished_.emplace(output);
    file_.emplace(output);
  }
  void write(const std::string& text) {
    if (!file_) out_ << text << std::flush;
    if (file_) file_->write(text);
    if (!out_) throw IoError("cannot write standard output");
  }
  void finish() {
    if (file_) file_->commit();
  }

 private:
  std::ostream& out_;
  std::optional<UnfinishedOutput> unfinished_;
  std::optional<AtomicFile> file_;
};

class Predictor {
 public:
  Predictor(const Model& model, const PredictArguments& arguments) : model_(model), arguments_(arguments) {}

  Predictions predict(const Dataset& data) const {
    Predictions predictions = model_.predict(data);
    check_top_k(model_.spec(), predictions, arguments_.top_k);
    if (arguments_.threshold) apply_threshold(model_.spec(), *arguments_.threshold, predictions);
    return predictions;
  }
  std::string text(const Dataset& data, const std::vector<std::int64_t>& rows, Form form, bool begins) const {
    const Predictions predictions = predict(data);
    const PredictionTable table{.spec = model_.spec(),
                                .predictions = predictions,
                                .data = data,
                                .rows = rows,
                                .with_target = arguments_.with_target,
                                .top_k = arguments_.top_k,
                                .begins = begins};
    return form == Form::csv ? to_csv(table) : to_json_lines(table);
  }

 private:
  const Model& model_;
  const PredictArguments& arguments_;
};

/// Whether rows are predicted while others are still to come: those of standard input, whose number may be
/// any.
bool passes_by(const PredictArguments& arguments, const DataConfig& data, Form form) {
  return data.test == "-" && arguments.rows == "test" && data.test_rows.empty() && data.test_target.empty() &&
         form != Form::npy;
}

}  // namespace

int predict_command(const PredictArguments& arguments, Streams streams) {
  const Form form = form_of(arguments);
  const Config config = config_for_model(arguments.model, arguments.settings);
  const std::string output =
      arguments.output.empty() ? "" : output_file(arguments.output, arguments.model, config);
  const Context ctx(context_options(config));
  const Model model = Model::load(ctx, arguments.model);
  const Predictor predictor(model, arguments);
  if (passes_by(arguments, config.data, form)) {
    TextSink sink(output, streams.out);
    bool begins = true;
    read_blocks_for_model(config, model, arguments.with_target, arguments, streams, [&](const Dataset& data) {
      sink.write(predictor.text(data, all_rows(data.rows), form, std::exchange(begins, false)));
    });
    sink.finish();
    return 0;
  }
  const ModelRows read = read_model_rows(config, {arguments.model, arguments.rows}, model,
                                         arguments.with_target, arguments, streams);
  if (form == Form::npy) {
    require_no_ids(read.data);
    const Predictions predictions = predictor.predict(read.data);
    const UnfinishedOutput unfinished(output);
    write_values(output, predictions, read.rows);
    return 0;
  }
  const std::string text = predictor.text(read.data, read.rows, form, true);
  TextSink sink(output, streams.out);
  sink.write(text);
  sink.finish();
  return 0;
}

}  // namespace thalweg::cli
