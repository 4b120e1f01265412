#include <fmt/format.h>

#include <ostream>

#include "host/checkpoint/files.hpp"
#include "host/cli/cli.hpp"
#include "host/cli/model_data.hpp"
#include "host/cli/unfinished_output.hpp"
#include "host/export/model_card.hpp"
#include "host/json/json.hpp"
#include "thalweg/error.hpp"
#include "thalweg/export.hpp"

namespace thalweg::cli {
namespace {

constexpr const char *kModelEnding = ".onnx", *kCardEnding = ".md";

/// A page that somebody wrote is not to give way to a card.
void write_card(const Model& model, const std::string& run, const std::string& file) {
  const std::string card = model_card(model, run);
  if (path_exists(file) && !read_file(file).starts_with(kCardMark))
    throw UsageError(file + " is there, and thalweg export did not write it; expected another name for --to");
  write_file_atomically(file, card);
}

}  // namespace

int export_command(const ExportArguments& arguments, Streams streams) {
  const bool card = arguments.to.ends_with(kCardEnding);
  if (!card && !arguments.to.ends_with(kModelEnding))
    throw UsageError("--to is \"" + arguments.to +
                     "\"; expected a name that ends in .onnx, or in .md for a model card");
  if (!arguments.settings.empty())
    throw UsageError("unexpected argument \"" + arguments.settings[0] +
                     "\"; an export reads no settings, the model has them all");
  const std::string file =
      output_file(arguments.to, arguments.model, config_for_model(arguments.model, {}), "--to");
  const Model model = load_model(Context({.device = "cpu"}), arguments.model, arguments, streams);
  const UnfinishedOutput unfinished(file);
  if (card) {
    write_card(model, arguments.model, file);
  } else {
    export_onnx(model, file);
  }
  const auto bytes = static_cast<std::int64_t>(file_size(file).value_or(0));
  if (arguments.json) {
    Json object;
    object["to"] = arguments.to;
    object["bytes"] = bytes;
    streams.out << object.dump() << std::endl;
  } else {
    streams.out << fmt::format("{}: {} bytes\n", arguments.to, bytes) << std::flush;
  }
  return 0;
}

}  // namespace thalweg::cli
