#include <algorithm>
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
#include "host/data/chosen_rows.hpp"
#include "host/data/npy_writer.hpp"
#include "host/data/shard_data.hpp"
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
  /// Standard output gets nothing before there are `most_held` bytes for it.
  TextSink(const std::string& output, std::ostream& out, std::size_t most_held)
      : out_(out), most_held_(most_held) {
    if (output.empty()) return;
    unfinished_.emplace(output);
    file_.emplace(output);
  }
  void write(const std::string& text) {
    if (file_) return file_->write(text);
    held_ += text;
    if (held_.size() >= most_held_) give();
  }
  void finish() {
    if (file_) return file_->commit();
    give();
  }

 private:
  void give() {
    out_ << held_ << std::flush;
    if (!out_) throw IoError("cannot write standard output");
    held_.clear();
  }

  std::ostream& out_;
  std::size_t most_held_;
  std::string held_;
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

/// Few predictions of a file are written when all of its rows were right. A pipe may be a dialogue.
constexpr std::size_t kFewBytes = std::size_t{16} << 20;

bool names_weights(const PredictArguments& arguments) {
  const std::vector<std::string> keys = keys_of(arguments.settings);
  return std::find(keys.begin(), keys.end(), "data.weight") != keys.end();
}

/// Whether rows are predicted while others are still to come, so that their number may be any. Files beside
/// the rows, and ranges of them, belong to whole files.
bool passes_by(const PredictArguments& arguments, const DataConfig& data, Form form) {
  if (form == Form::npy || arguments.rows != "test" || data.test.empty()) return false;
  if (!data.test_rows.empty() || !data.test_target.empty()) return false;
  if (data.test == "-") return true;
  const bool beside = names_weights(arguments) || !test_paths(data, arguments.with_target).target.empty();
  return !beside && !is_shard_set(data.test);
}

/// Predicts rows and writes them, again and again.
class Predicting {
 public:
  Predicting(const Predictor& predictor, Form form, TextSink& sink)
      : predictor_(predictor), form_(form), sink_(sink) {}

  void add(const Dataset& data, const std::vector<std::int64_t>& rows) {
    sink_.write(predictor_.text(data, rows, form_, std::exchange(begins_, false)));
  }
  /// Rows on the disk pass by as well.
  void add(const ModelRows& read) {
    if (!read.data.store) return add(read.data, read.rows);
    constexpr std::int64_t kBlockRows = 1 << 14;
    const std::int64_t rows = std::ssize(read.rows);
    for (std::int64_t first = 0; first < rows; first += kBlockRows) {
      const auto begin = read.rows.begin() + first;
      const Dataset block = choose_rows(read.data, {begin, begin + std::min(kBlockRows, rows - first)});
      add(block, all_rows(block.rows));
    }
  }

 private:
  const Predictor& predictor_;
  Form form_;
  TextSink& sink_;
  bool begins_ = true;
};

}  // namespace

int predict_command(const PredictArguments& arguments, Streams streams) {
  const Form form = form_of(arguments);
  const Config config = config_for_model(arguments.model, arguments.settings);
  const std::string output =
      arguments.output.empty() ? "" : output_file(arguments.output, arguments.model, config);
  const Context ctx(context_options(config));
  const Model model = load_model(ctx, arguments.model, arguments, streams);
  const Predictor predictor(model, arguments);
  const auto read_whole = [&] {
    return read_model_rows(config, {arguments.model, arguments.rows}, model, arguments.with_target, arguments,
                           streams);
  };
  if (form == Form::npy) {
    const ModelRows read = read_whole();
    require_no_ids(read.data);
    const Predictions predictions = predictor.predict(read.data);
    const UnfinishedOutput unfinished(output);
    write_values(output, predictions, read.rows);
    return 0;
  }
  const bool by_blocks = passes_by(arguments, config.data, form);
  std::optional<ModelRows> read;
  if (!by_blocks) read = read_whole();
  TextSink sink(output, streams.out, names_pipe(config.data.test) ? 0 : kFewBytes);
  Predicting predicting(predictor, form, sink);
  if (read) predicting.add(*read);
  if (by_blocks)
    read_blocks_for_model(config, model, arguments.with_target, arguments, streams,
                          [&](const Dataset& data) { predicting.add(data, all_rows(data.rows)); });
  sink.finish();
  return 0;
}

}  // namespace thalweg::cli
