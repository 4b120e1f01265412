#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <optional>
#include <ostream>

#include "host/checkpoint/files.hpp"
#include "host/cli/cli.hpp"
#include "host/cli/model_data.hpp"
#include "host/cli/model_rows.hpp"
#include "host/cli/printable.hpp"
#include "host/config/home_path.hpp"
#include "host/json/json.hpp"
#include "host/report/html.hpp"
#include "host/report/model_origin.hpp"
#include "host/report/run_files.hpp"
#include "host/run/run_page.hpp"
#include "thalweg/error.hpp"
#include "thalweg/report.hpp"

namespace thalweg::cli {
namespace {

/// Which rows the page of a run shows: those that it did not learn from, where it has some.
std::vector<std::string> rows_wanted(const Config& config) {
  const DataConfig& data = config.data;
  std::vector<std::string> wanted;
  if (!data.test.empty() || !data.test_rows.empty()) wanted.emplace_back("test");
  if (data.validation_fraction > 0 || !data.validation.empty() || data.folds > 0)
    wanted.emplace_back("validation");
  if (wanted.empty()) wanted.emplace_back("train");
  return wanted;
}

bool names_test(const std::string& setting) { return keys_of({setting}).front().starts_with("data.test"); }

/// What a page is made from besides the files of the run.
struct PageData {
  std::list<ModelRows> read;  ///< a list: the options point at its members
  ReportOptions options = {};
};

/// Standard input gave its rows once.
void require_there(const Config& config, const std::string& which) {
  if ((which == "test" ? config.data.test : config.data.train) == "-")
    throw NoInputError("they came by standard input");
}

/// Rows that cannot be read leave the page without them; but not those that this call names.
void add_rows(const std::string& which, const Config& config, const Model& model,
              const ReportArguments& arguments, Streams streams, PageData& page) {
  try {
    require_there(config, which);
    Common call = arguments;
    if (which != "test")
      std::erase_if(call.settings, names_test);  // they name no rows of the run's own split
    page.read.push_back(read_model_rows(config, {arguments.runs.front(), which}, model, true, call, streams));
    const ModelRows& read = page.read.back();
    page.options.rows.push_back({which, &read.data, &read.rows});
    const bool of_training = which != "test" && (which == "train" || config.data.validation.empty());
    if (of_training) page.options.training = &read.data;
  } catch (const Error& error) {
    const bool asked = std::any_of(arguments.settings.begin(), arguments.settings.end(), names_test);
    if (which == "test" && asked) throw;
    page.options.notes.push_back(fmt::format("The {} rows are left out: {}", which, error.what()));
  }
}

std::optional<Model> model_of_page(const Context& ctx, const std::string& run,
                                   std::vector<std::string>& notes) {
  try {
    return report::load_model(ctx, run, notes);
  } catch (const NoInputError&) {  // the page tells of it
  } catch (const CorruptCheckpoint&) {
  }
  return std::nullopt;
}

std::string page_of_run(const ReportArguments& arguments, Streams streams, std::vector<std::string>& notes) {
  const std::string& run = arguments.runs.front();
  if (!arguments.metric.empty()) throw UsageError("--metric sorts several runs; this is one: " + run);
  const Config config = config_for_model(run, arguments.settings);
  const Context ctx(context_options(config));
  PageData page;
  const std::optional<Model> model = model_of_page(ctx, run, page.options.notes);
  if (model) {
    page.options.model = &*model;
    for (const std::string& which : rows_wanted(config))
      add_rows(which, config, *model, arguments, streams, page);
    if (arguments.standard_errors) {
      const ReadOptions reading = read_options(config, tell_of_waiting(streams.err, arguments.quiet));
      page.options.weights = check_option(
          [&] { return raw_standard_errors(*model, read_trained_rows(config, *model, reading)); });
    }
  }
  notes = page.options.notes;
  return run_report(run, page.options);
}

std::string page_of_runs(const ReportArguments& arguments) {
  if (arguments.standard_errors) throw UsageError("--standard-errors needs one run; these are several");
  if (!arguments.settings.empty())
    throw UsageError("unexpected argument \"" + arguments.settings[0] +
                     "\": several runs are compared as they are");
  return runs_report(arguments.runs, arguments.metric);
}

bool is_page_file(const std::string& path) {
  return path.ends_with(".html") && path_exists(path) && report::is_page(read_file(path));
}

/// In the folder of the run or of the runs; in this one for several of them. A page that somebody else wrote
/// does not give way.
std::string page_file(const ReportArguments& given, const std::vector<std::string>& runs) {
  const std::string output = !given.output.empty()    ? given.output
                             : given.runs.size() == 1 ? join_path(given.runs.front(), kPageFile)
                                                      : std::string(kPageFile);
  if (!output.ends_with(".html"))
    throw UsageError("--output is \"" + output + "\"; expected a name that ends in .html");
  for (const std::string& run : runs) output_file(output, run, Config{});
  const std::string file = replaceable_file(with_home(output));
  if (path_exists(file) && !is_page_file(file))
    throw UsageError(file + " is there, and thalweg report did not write it; expected another --output");
  return file;
}

}  // namespace

int report_command(const ReportArguments& given, Streams streams) {
  ReportArguments arguments = given;
  arguments.runs.clear();
  for (const std::string& path : given.runs) {
    const std::string at = with_home(path);
    if (given.runs.size() > 1 && is_page_file(at)) continue;  // runs/* names it, too
    for (const std::string& run : report::runs_at(at)) arguments.runs.push_back(run);
  }
  const std::string file = page_file(given, arguments.runs);
  std::vector<std::string> notes;
  const std::string page =
      arguments.runs.size() == 1 ? page_of_run(arguments, streams, notes) : page_of_runs(arguments);
  write_file_atomically(file, page);
  if (!given.quiet)
    for (const std::string& note : notes) streams.err << printable(note) << std::endl;
  Json object;
  object["output"] = file;
  object["bytes"] = page.size();
  object["runs"] = arguments.runs;
  object["notes"] = notes;
  streams.out << (given.json ? object.dump(2) + "\n" : fmt::format("{}: {} bytes\n", file, page.size()))
              << std::flush;
  return 0;
}

}  // namespace thalweg::cli
