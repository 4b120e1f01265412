#include "host/cli/model_options.hpp"

#include "host/config/choice.hpp"
#include "thalweg/shards.hpp"

namespace thalweg::cli {
namespace {

CLI::Option* add_rows(CLI::App& command, std::string& rows) {
  return command
      .add_option("--rows", rows,
                  "Which rows: test (data.test), or those that the run trained on or held out")
      ->check(CLI::IsMember({"test", "validation", "train"}))
      ->capture_default_str();
}

void add_threshold(CLI::App& command, std::optional<double>& threshold) {
  command.add_option("--threshold", threshold,
                     "Two classes: the second is predicted from this probability on, and not above 0.5");
}

}  // namespace

void add_evaluate_options(CLI::App& command, EvaluateArguments& evaluate) {
  command.add_option("model", evaluate.model, kModelPath)->required();
  add_rows(command, evaluate.rows);
  add_threshold(command, evaluate.threshold);
}

void add_predict_options(CLI::App& command, PredictArguments& predict) {
  command.add_option("model", predict.model, kModelPath)->required();
  command.get_option("--json")->description("A JSON object a row, on lines of their own, instead of CSV");
  command.add_option("--output,-o", predict.output,
                     "File to write, .csv, .jsonl or .npy; on stdout without it");
  add_rows(command, predict.rows);
  add_threshold(command, predict.threshold);
  command.add_option("--top-k", predict.top_k, "Write the K likeliest classes of each row, in order")
      ->check(CLI::Range(1, 65536));
  command.add_flag("--with-target", predict.with_target, "Write the true value beside the prediction");
}

void add_convert_options(CLI::App& command, ConvertArguments& convert) {
  command
      .add_option("data", convert.data, "What data.train may name: files, a folder, or - for standard input")
      ->required();
  command.add_option("out", convert.out, "The folder of shards to write; it must not exist yet")->required();
  command.add_option("--shard_mb", convert.shard_mb, "MiB of features in one shard, about")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  command.add_flag("--no-target", convert.no_target,
                   "Rows to predict, without targets, in the form of --model.init=RUN");
  command.add_option("--dtype", convert.dtype, "How the shards hold dense numbers; 16 bits round them")
      ->check(CLI::IsMember(names_of<CellFloats>()))
      ->capture_default_str();
  command.add_option("--compress", convert.compress, "How the features are compressed, in blocks of rows")
      ->check(CLI::IsMember(names_of<ShardCompression>()))
      ->capture_default_str();
}

void add_report_options(CLI::App& command, ReportArguments& report) {
  command.add_option("runs", report.runs, "Folders of runs, or of folders of runs")->required();
  command.add_option(
      "--output,-o", report.output,
      "File to write, .html; without it report.html in the folder given, or in this one for several");
  command.add_option("--metric", report.metric, "Several runs: what sorts them; without it train.metric");
  command.add_flag("--standard-errors", report.standard_errors,
                   "One run, a linear model: intervals of its weights, from the rows trained on");
}

void add_watch_options(CLI::App& command, WatchArguments& watch) {
  command.add_option("runs", watch.runs, "Folders of runs, or of folders of runs; they may come later")
      ->required();
  command.add_option("--interval", watch.interval, "Seconds between two looks, 0.1 to 3600")
      ->capture_default_str();
  command.add_flag("--once", watch.once, "Show them as they are now, and end");
  command.get_option("--json")->description("One JSON object of the runs as they are now, instead of text");
}

void add_verify_options(CLI::App& command, VerifyArguments& verify) {
  command.add_option("config", verify.config_file, "TOML file of settings; flags override it");
  command.add_option("--first", verify.first, "One device")->capture_default_str();
  command.add_option("--second", verify.second, "The other; auto: cuda, else reference")
      ->capture_default_str();
  command.add_option("--steps", verify.steps, "Steps to take")->capture_default_str();
}

void add_inspect_options(CLI::App& command, InspectArguments& inspect) {
  command
      .add_option("path", inspect.path,
                  "A run's folder, a checkpoint, a model.safetensors or a set of shards")
      ->required();
  command.add_flag("--verify", inspect.verify,
                   "Check every checksum of the model and the checkpoints, in each fold or run of a folder");
  CLI::Option* const errors =
      command.add_flag("--standard-errors", inspect.standard_errors,
                       "Weights of a linear model and their standard errors, from the rows trained on");
  CLI::Option* const weights = command.add_flag(
      "--weights", inspect.weights, "Weights and intercept of a linear model, in the units of the data");
  CLI::Option* const importance =
      command.add_flag("--importance", inspect.importance,
                       "What a metric loses when a column is permuted, on --rows or --data.test=FILE");
  importance->excludes(errors)->excludes(weights);
  command.add_flag("--sort", inspect.sort, "The largest weights or importances first");
  command.add_option("--metric", inspect.metric, "Metric of the importance; accuracy or r2 without it")
      ->needs(importance);
  command.add_option("--repeats", inspect.repeats, "Permutations of each column")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str()
      ->needs(importance);
  add_rows(command, inspect.rows)->needs(importance);
}

}  // namespace thalweg::cli
