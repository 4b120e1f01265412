#include "host/cli/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <new>
#include <ostream>

#include "host/bench/bench.hpp"
#include "host/config/keys.hpp"
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
  thalweg bench logistic mlp --threads=2
Any setting of the config file is a flag: --section.key=value; `thalweg train --help-all` lists them.
Exit codes: 0 done, 2 usage, 65 bad data, 66 no input, 69 device not available, 70 internal, 74 I/O,
75 interrupted and saved (run again), 76 diverged, 78 config.
Output that cannot be written is an I/O error: a full device, a closed descriptor, a pipe that nobody reads.)";

std::string settings_help() {
  std::string text = "Settings, each as --section.key=value or in the TOML file:";
  for (const std::string& name : setting_keys()) text += "\n  --" + name;
  return text;
}

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
  VerifyArguments verify;
  InspectArguments inspect;
  BenchArguments bench;
  Common info;
  std::string shell;
  std::vector<std::pair<CLI::App*, std::function<int(Streams)>>> commands;

  CommandLine() {
    app.require_subcommand(1);
    app.footer(kExamples);
    app.set_version_flag("--version", std::string("thalweg ") + kVersion);
    add_model_commands();
    add_tool_commands();
  }

  void add_model_commands() {
    CLI::App* command = add_command(app, "train", "Train a model", train);
    command->add_option("config", train.config_file, "TOML file of settings; flags override it");
    command->footer(settings_help());
    on(command, train, [this](Streams s) { return train_command(train, s); });

    command = add_command(app, "evaluate", "Metrics of a model on data", evaluate);
    command->add_option("model", evaluate.model, "A run's folder, a checkpoint or a model.safetensors")
        ->required();
    on(command, evaluate, [this](Streams s) { return evaluate_command(evaluate, s); });

    command = add_command(app, "predict", "Predictions of a model on data", predict);
    command->add_option("model", predict.model, "A run's folder, a checkpoint or a model.safetensors")
        ->required();
    command->add_option("--output,-o", predict.output,
                        "File to write, .csv or .npy; CSV on stdout without it");
    on(command, predict, [this](Streams s) { return predict_command(predict, s); });

    command = add_command(app, "gradients", "The gradient of every sample, as a matrix", gradients);
    command->add_option("model", gradients.model, "A run's folder, a checkpoint or a model.safetensors")
        ->required();
    command->add_option("--output,-o", gradients.output, "File to write, .npy [rows, parameters]")
        ->required();
    on(command, gradients, [this](Streams s) { return gradients_command(gradients, s); });
  }

  void add_tool_commands() {
    CLI::App* command = add_command(app, "inspect", "What a run, a checkpoint or a model holds", inspect);
    command->add_option("path", inspect.path, "A run's folder, a checkpoint or a model.safetensors")
        ->required();
    command->add_flag("--verify", inspect.verify, "Check every checksum of every checkpoint");
    command->add_flag("--standard-errors", inspect.standard_errors,
                      "Coefficients of a linear model and their standard errors, from --data.train");
    on(command, inspect, [this](Streams s) { return inspect_command(inspect, s); });

    command = add_command(app, "verify", "The same steps on two devices, compared", verify);
    command->add_option("config", verify.config_file, "TOML file of settings; flags override it");
    command->add_option("--first", verify.first, "One device")->capture_default_str();
    command->add_option("--second", verify.second, "The other; auto: cuda, else reference")
        ->capture_default_str();
    command->add_option("--steps", verify.steps, "Steps to take")->capture_default_str();
    on(command, verify, [this](Streams s) { return verify_command(verify, s); });

    add_bench_command();

    command = add_command(app, "info", "Version, devices, and why a device cannot be used", info);
    on(command, info, [this](Streams s) { return info_command(info, s); });

    command = app.add_subcommand("completion", "A completion script for bash, zsh or fish");
    command->add_option("shell", shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    commands.emplace_back(command, [this](Streams s) { return completion_command(shell, s); });
  }

  void add_bench_command() {
    CLI::App* command =
        add_command(app, "bench", "How fast this machine is, and how near to that the workloads come", bench);
    command->allow_extras(false);  // it takes no settings
    std::string names;
    for (const auto& [name, about] : bench::workload_list()) names += "\n  " + name + ": " + about;
    command->footer("Workloads:" + names);
    command->add_option("workloads", bench.workloads, "What to measure; all without it");
    bench::Options& o = bench.options;
    command->add_option("--device", o.device, "auto, cpu, cuda, cuda:N or reference")->capture_default_str();
    command->add_option("--numerics", o.numerics, "exact or fast")
        ->check(CLI::IsMember({"exact", "fast"}))
        ->capture_default_str();
    command->add_option("--threads", o.threads, "Of the cpu; 0: all")->capture_default_str();
    command->add_option("--repetitions", o.protocol.repetitions, "Of each measurement")
        ->capture_default_str();
    command->add_option("--time", o.protocol.seconds, "Seconds of a repetition, at least")
        ->capture_default_str();
    command->add_option("--memory", o.memory_mib, "MiB of an array that no cache holds")
        ->capture_default_str();
    command->add_flag("!--no-check", o.check, "Do not compare results with the reference first");
    command->add_option("--rows", o.rows, "Rows of the data");
    command->add_option("--features", o.features, "Features of a row");
    command->add_option("--outputs", o.outputs, "Classes of softmax and of the network")
        ->capture_default_str();
    command->add_option("--entries", o.entries, "Entries of a sparse row")->capture_default_str();
    command->add_option("--batch", o.batch, "Batch sizes, by commas")->delimiter(',');
    command->add_option("--hidden", o.hidden, "Widths of the network's hidden layers, by commas")
        ->delimiter(',');
    command->add_option("--parameters", o.parameters, "Numbers of parameters to update, by commas")
        ->delimiter(',');
    command->add_option("--optimizer", o.optimizer, "Optimizers, by commas")->delimiter(',');
    command->add_option("--lr", o.lr, "Learning rate of the workloads that train; 0: their own");
    command->add_option("--order", o.order, "Of the rows: both, sequential or shuffled")
        ->check(CLI::IsMember({"both", "sequential", "shuffled"}))
        ->capture_default_str();
    command->add_option("--step", o.step, "Of per_sample: all, plain, norms, clipped or statistics")
        ->check(CLI::IsMember({"all", "plain", "norms", "clipped", "statistics"}))
        ->capture_default_str();
    command->add_option("--write-data", o.write_data, "Folder for the data that were made, as npy files");
    command->add_flag(
        "--on-request", o.on_request,
        "One repetition for each line of stdin, until its end or \"end\": to measure beside other programs");
    commands.emplace_back(command, [this](Streams s) { return bench_command(bench, s); });
  }

  void on(CLI::App* command, Common& common, std::function<int(Streams)> call) {
    commands.emplace_back(command, [command, &common, call = std::move(call)](Streams s) {
      common.settings = command->remaining();
      return call(s);
    });
  }

  int dispatch(Streams streams) const {
    for (const auto& [command, call] : commands) {
      if (command->parsed()) return call(streams);
    }
    throw UsageError("no command was given");
  }
};

/// Allocates nothing: memory may be what there is none of.
int fail(Streams streams, ExitCode code, const char* message) {
  streams.err << "thalweg: error: " << message << std::endl;
  return static_cast<int>(code);
}

}  // namespace

void flush_output(Streams streams) {
  if (!streams.out.flush()) throw IoError("cannot write standard output");
}

void apply_settings(const std::vector<std::string>& settings, Config& config) {
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const std::string& text = settings[i];
    if (!text.starts_with("--") || text.size() < 3) {
      throw UsageError("unexpected argument \"" + text + "\"; settings are written --section.key=value");
    }
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) {
      set_config_value(config, text.substr(2, equals - 2), text.substr(equals + 1));
    } else if (i + 1 < settings.size() && !settings[i + 1].starts_with("--")) {
      set_config_value(config, text.substr(2), settings[++i]);
    } else {
      throw UsageError("setting \"" + text + "\" has no value; write " + text + "=value");
    }
  }
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
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    line.app.parse(reversed);
  } catch (const CLI::Success& help) {
    return line.app.exit(help, streams.out, streams.err);
  } catch (const CLI::ParseError& error) {
    throw UsageError(std::string(error.what()) + "\nRun thalweg --help for the commands.");
  }
  return line.dispatch(streams);
}

int run(const std::vector<std::string>& arguments, Streams streams) {
  try {
    const int code = run_command(arguments, streams);
    flush_output(streams);
    return code;
  } catch (const Error& error) {
    return fail(streams, error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return fail(streams, ExitCode::internal, "out of memory");
  } catch (const std::exception& error) {
    streams.err << "thalweg: internal error: " << error.what() << std::endl;
    return static_cast<int>(ExitCode::internal);
  }
}

}  // namespace thalweg::cli
