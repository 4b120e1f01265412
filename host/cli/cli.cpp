#include "host/cli/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <new>
#include <ostream>

#include "host/cli/arguments.hpp"
#include "host/cli/bench_options.hpp"
#include "host/cli/failure.hpp"
#include "host/cli/model_options.hpp"
#include "host/config/keys.hpp"
#include "host/config/settings_text.hpp"
#include "thalweg/error.hpp"
#include "thalweg/version.hpp"

namespace thalweg::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  thalweg train --data.train=data/a9a --data.test=data/a9a.t --model.loss=logistic --out=runs/a9a
  thalweg train config.toml --optimizer.lr=0.01 --train.epochs=20
  thalweg evaluate runs/a9a --data.test=data/a9a.t --json
  thalweg predict runs/a9a --data.test=data/a9a.t --output=predictions.csv
  thalweg gradients runs/a9a --data.test=data/a9a.t --output=gradients.npy
  thalweg inspect runs/a9a --json
  thalweg report runs/a9a
  thalweg watch runs/a9a
  thalweg convert data/a9a shards/a9a --data.features=123
  thalweg export runs/a9a --to=a9a.onnx
  thalweg bench logistic mlp --threads=2
Any setting of the config file is a flag: --section.key=value. `thalweg train --help` lists them, and
`thalweg help KEY` says all of one.
Exit codes: 0 done, 2 usage, 65 bad data, 66 no input, 68 a rank was lost, 69 device not available,
70 internal, 74 I/O, 75 interrupted and saved (run again), 76 diverged, 78 config, 130 (128 + the signal) interrupted.
Output that cannot be written is an I/O error: a full device, a closed descriptor, a pipe that nobody reads.)";

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& about, Common& common) {
  CLI::App* command = app.add_subcommand(name, about);
  command->add_flag("--json", common.json, "One JSON object on stdout instead of text");
  command->add_flag("--quiet", common.quiet, "No progress and no messages on stderr");
  command->allow_extras();
  return command;
}

/// Subcommands, their arguments, and which one was chosen.
struct CommandLine {
  CLI::App app{"Thalweg: mini-batch SGD for linear models and MLPs, the same bits on every device",
               "thalweg"};
  TrainArguments train;
  EvaluateArguments evaluate;
  PredictArguments predict;
  GradientsArguments gradients;
  ConvertArguments convert;
  ExportArguments export_;
  ReportArguments report;
  WatchArguments watch;
  VerifyArguments verify;
  InspectArguments inspect;
  BenchArguments bench;
  Common info;
  SchemaArguments schema;
  std::string shell, topic;
  std::vector<std::pair<CLI::App*, std::function<int(Streams)>>> commands;

  CommandLine() {
    app.require_subcommand(1);
    app.footer(kExamples);
    app.set_version_flag("--version", std::string("thalweg ") + kVersion);
    add_model_commands();
    add_tool_commands();
    add_commands_about_the_program();
  }

  void add_model_commands() {
    CLI::App* command = add_command(app, "train", "Train a model", train);
    command->add_option("config", train.config_file, "TOML file of settings; flags override it");
    command->footer([] { return settings_help(); });
    on(command, train, [this](Streams s) { return train_command(train, s); });

    command = add_command(app, "evaluate", "Metrics of a model on data; - is standard input", evaluate);
    add_evaluate_options(*command, evaluate);
    on(command, evaluate, [this](Streams s) { return evaluate_command(evaluate, s); });

    command = add_command(app, "predict", "Predictions of a model on data; - is standard input", predict);
    add_predict_options(*command, predict);
    on(command, predict, [this](Streams s) { return predict_command(predict, s); });

    command = add_command(app, "gradients", "The gradient of every sample, as a matrix", gradients);
    command->add_option("model", gradients.model, kModelPath)->required();
    command->add_option("--output,-o", gradients.output, "File to write, .npy [rows, parameters]")
        ->required();
    on(command, gradients, [this](Streams s) { return gradients_command(gradients, s); });
  }

  void add_tool_commands() {
    CLI::App* command =
        add_command(app, "convert", "Data as shards, for more rows than memory holds", convert);
    add_convert_options(*command, convert);
    on(command, convert, [this](Streams s) { return convert_command(convert, s); });

    command = add_command(app, "export", "A model as a file for other programs", export_);
    command->add_option("model", export_.model, kModelPath)->required();
    command->add_option("--to", export_.to, "File to write: .onnx, or .md for a model card")->required();
    on(command, export_, [this](Streams s) { return export_command(export_, s); });

    command =
        add_command(app, "inspect", "What a run, a checkpoint, a model or a set of shards holds", inspect);
    add_inspect_options(*command, inspect);
    on(command, inspect, [this](Streams s) { return inspect_command(inspect, s); });

    command = add_command(app, "report", "A page about a run, or one that compares runs", report);
    add_report_options(*command, report);
    on(command, report, [this](Streams s) { return report_command(report, s); });

    command = add_command(app, "watch", "How runs stand and go, drawn anew until they end", watch);
    add_watch_options(*command, watch);
    on(command, watch, [this](Streams s) { return watch_command(watch, s); });

    command = add_command(app, "verify", "The same steps on two devices, compared", verify);
    add_verify_options(*command, verify);
    on(command, verify, [this](Streams s) { return verify_command(verify, s); });

    command =
        add_command(app, "bench", "How fast this machine is, and how near to that the workloads come", bench);
    add_bench_options(*command, bench);
    commands.emplace_back(command, [this](Streams s) { return bench_command(bench, s); });
  }

  void add_commands_about_the_program() {
    CLI::App* command = add_command(app, "info", "Version, devices, and why a device cannot be used", info);
    on(command, info, [this](Streams s) { return info_command(info, s); });

    command = app.add_subcommand("schema", "The table of all settings");
    command->add_flag("--json", schema.json, "As one JSON object");
    command->add_flag("--markdown", schema.markdown, "As docs/settings.md");
    commands.emplace_back(command, [this](Streams s) { return schema_command(schema, s); });

    command = app.add_subcommand("help", "What a command, a section or a setting means");
    command->add_option("topic", topic, "A command, a section, or a setting by any of its names")->required();
    commands.emplace_back(command, [this](Streams s) { return help_command(topic, s); });

    command = app.add_subcommand("completion", "A completion script for bash, zsh or fish");
    command->add_option("shell", shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    commands.emplace_back(command, [this](Streams s) { return completion_command(shell, s); });
  }

  void on(CLI::App* command, Common& common, std::function<int(Streams)> call) {
    commands.emplace_back(command, [command, &common, call = std::move(call)](Streams s) {
      common.settings = command->remaining();
      // A bare "-" behind a model is what programs call their standard input.
      if (command->get_option_no_throw("model") != nullptr)
        std::replace(common.settings.begin(), common.settings.end(), std::string("-"),
                     std::string("--data.test=-"));
      return call(s);
    });
  }

  /// Null when there is none.
  const CLI::App* command_named(const std::string& name) const {
    for (const auto& [command, call] : commands)
      if (command->get_name() == name) return command;
    return nullptr;
  }

  /// "help", "help train" and "train --help KEY" in the form of the parser.
  std::vector<std::string> with_plain_help(std::vector<std::string> arguments) const {
    const bool of_one = arguments.size() == 3 && (arguments[1] == "--help" || arguments[1] == "-h");
    if (of_one) arguments = {"help", arguments[2]};
    if (arguments.empty() || arguments[0] != "help") return arguments;
    if (arguments.size() == 1) return {"--help"};
    if (command_named(arguments[1]) != nullptr) return {arguments[1], "--help"};
    if (arguments[1].starts_with("--") && arguments[1] != "--help") arguments[1].erase(0, 2);
    return arguments;
  }

  std::vector<std::string> joined(std::vector<std::string> arguments) const {
    const CLI::App* command = command_named(arguments.empty() ? "" : arguments[0]);
    if (command == nullptr) return arguments;
    return join_settings(std::move(arguments), [&](const std::string& name) {
      return command->get_option_no_throw(name) != nullptr;
    });
  }

  int dispatch(Streams streams) const {
    for (const auto& [command, call] : commands)
      if (command->parsed()) return call(streams);
    throw UsageError("no command was given");
  }
};

}  // namespace

void flush_output(Streams streams) {
  if (!streams.out.flush()) throw IoError("cannot write standard output");
}

/// CLI11 says only that a command is missing.
void require_known_command(const CommandLine& line, const std::vector<std::string>& arguments) {
  if (arguments.empty()) return;
  if (arguments[0].starts_with("-") && line.app.get_option_no_throw(arguments[0]) != nullptr) return;
  std::vector<std::string> known;
  for (const auto& [command, call] : line.commands) known.push_back(command->get_name());
  if (std::find(known.begin(), known.end(), arguments[0]) != known.end()) return;
  throw UsageError("unknown command \"" + arguments[0] + "\"" + did_you_mean(arguments[0], known) +
                   "\nRun thalweg --help for the commands.");
}

int run_command(const std::vector<std::string>& arguments, Streams streams) {
  CommandLine line;
  require_known_command(line, arguments);
  try {
    std::vector<std::string> words = line.joined(line.with_plain_help(arguments));
    std::reverse(words.begin(), words.end());
    line.app.parse(words);
  } catch (const CLI::Success& help) {
    return line.app.exit(help, streams.out, streams.err);
  } catch (const CLI::ParseError& error) {
    throw UsageError(std::string(error.what()) + "\nRun thalweg --help for the commands.");
  }
  return line.dispatch(streams);
}

int run(const std::vector<std::string>& arguments, Streams streams) {
  Speaker speaker;
  try {
    speaker.find(process_environment);
    const int code = run_command(arguments, streams);
    flush_output(streams);
    return code;
  } catch (const Error& error) {
    return fail(streams, speaker, error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return fail(streams, speaker, ExitCode::internal, "out of memory");
  } catch (const std::exception& error) {
    streams.err << "thalweg: internal error: " << error.what() << std::endl;
    return static_cast<int>(ExitCode::internal);
  }
}

}  // namespace thalweg::cli
