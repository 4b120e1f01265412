#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <ostream>

#include "host/checkpoint/files.hpp"
#include "host/cli/cli.hpp"
#include "host/cli/model_data.hpp"
#include "host/cli/unfinished_output.hpp"
#include "host/config/home_path.hpp"
#include "host/data/npy_writer.hpp"
#include "host/run/context_options.hpp"

namespace thalweg::cli {
namespace {

/// RFC 4180: quoted where the text holds a comma, a quote or a line break.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;  // mutant: line-break-quoted
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string class_name(const DataSchema& schema, std::int64_t index) {
  const auto i = static_cast<std::size_t>(index);
  return i < schema.classes.size() ? schema.classes[i] : std::to_string(index);
}

std::string header(const ModelSpec& spec, const Predictions& predictions) {
  if (predictions.predicted_class.empty()) return "prediction\n";
  std::string line = "class";
  const bool scores = traits_of(spec.config.loss).scores;
  for (std::int64_t k = 0; k < predictions.columns; ++k) {
    const std::int64_t shown = predictions.columns == 1 ? 1 : k;  // mutant: score-of-class-1
    line += "," + csv_field((scores ? "score " : "probability ") + class_name(spec.schema, shown));
  }
  return line + "\n";
}

std::string to_csv(const ModelSpec& spec, const Predictions& predictions) {
  fmt::memory_buffer text;
  fmt::format_to(std::back_inserter(text), "{}", header(spec, predictions));
  for (std::int64_t n = 0; n < predictions.rows; ++n) {
    const float* values = predictions.values.data() + n * predictions.columns;
    if (!predictions.predicted_class.empty()) {
      const std::int64_t predicted = predictions.predicted_class[static_cast<std::size_t>(n)];
      fmt::format_to(std::back_inserter(text), "{},", csv_field(class_name(spec.schema, predicted)));
    }
    for (std::int64_t k = 0; k < predictions.columns; ++k) {
      fmt::format_to(std::back_inserter(text), "{}{}", k > 0 ? "," : "", values[k]);
    }
    text.push_back('\n');
  }
  return fmt::to_string(text);
}

}  // namespace

int predict_command(const PredictArguments& arguments, Streams streams) {
  const bool npy = arguments.output.ends_with(".npy");
  if (!arguments.output.empty() && !npy && !arguments.output.ends_with(".csv")) {
    throw UsageError("--output is \"" + arguments.output + "\"; expected a name that ends in .csv or .npy");
  }
  const std::string output = arguments.output.empty() ? "" : replaceable_file(with_home(arguments.output));
  const Config config = config_for_model(arguments.model, arguments.settings);
  const Context ctx(context_options(config));
  const Model model = Model::load(ctx, arguments.model);
  const Dataset data = read_test_data(config.data, model.spec().schema, false,
                                      read_options(config, tell_of_waiting(streams.err, arguments.quiet)));
  const Predictions predictions = model.predict(data);
  if (output.empty()) {
    streams.out << to_csv(model.spec(), predictions) << std::flush;
    return 0;
  }
  const UnfinishedOutput unfinished(output);
  if (npy) {
    write_npy(output, matrix<const float>(predictions.values.data(), predictions.rows, predictions.columns));
  } else {
    write_file_atomically(output, to_csv(model.spec(), predictions));
  }
  return 0;
}

}  // namespace thalweg::cli
