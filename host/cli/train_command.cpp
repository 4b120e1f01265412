#include <csignal>
#include <cstdlib>
#include <ostream>

#include "host/cli/cli.hpp"
#include "host/cli/model_data.hpp"
#include "host/cli/progress.hpp"
#include "host/cli/report_text.hpp"
#include "host/data/input_file.hpp"
#include "thalweg/error.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg::cli {
namespace {

std::atomic<int> stop_signal{0}, save_signal{0};
std::atomic<int> loading{0};
static_assert(std::atomic<int>::is_always_lock_free, "the handlers below may only touch lock-free atomics");

/// While data are read there is nothing to save, and the run ends at once. After that the first SIGINT or
/// SIGTERM asks the run to finish its step and save; the second ends it at once, which harms nothing:
/// checkpoints appear whole or not at all.
extern "C" void on_stop(int signal) {
  if (loading.load() != 0) std::_Exit(static_cast<int>(ExitCode::interrupted));
  if (stop_signal.exchange(signal) != 0) std::_Exit(128 + signal);
}

extern "C" void on_save(int) { save_signal.store(1); }

class SignalHandlers {
 public:
  SignalHandlers() {
    stop_signal = save_signal = 0;
    loading = 1;
    using Handler = void (*)(int);
    const std::pair<int, Handler> handlers[] = {{SIGINT, on_stop}, {SIGTERM, on_stop}, {SIGUSR1, on_save}};
    for (const auto& [signal, handler] : handlers) {
      struct sigaction action {};
      action.sa_handler = handler;
      action.sa_flags = SA_RESTART;
      sigaction(signal, &action, nullptr);
    }
  }
  ~SignalHandlers() {
    for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) std::signal(signal, SIG_DFL);
  }
};

}  // namespace

int train_command(const TrainArguments& arguments, Streams streams) {
  const SignalHandlers handlers;
  Config config;
  if (!arguments.config_file.empty())
    read_config_file(arguments.config_file, config, tell_of_waiting(streams.err, arguments.quiet));
  apply_settings(arguments.settings, config);
  if (config.data.train.empty()) {
    throw UsageError("no training data; give --data.train=FILE or a config file with [data] train");
  }
  require_pipes_once({arguments.config_file, config.data.train, config.data.test});
  ProgressPrinter printer(streams.err, arguments.quiet);
  TrainObserver observer;
  observer.phase = [](TrainPhase phase) { loading = phase == TrainPhase::load ? 1 : 0; };
  observer.progress = [&](const Progress& progress) { printer.update(progress); };
  observer.reading = [&](const std::string& file, std::int64_t done, std::int64_t total) {
    printer.reading(file, done, total);
  };
  observer.message = [&](const std::string& text) { printer.message(text); };
  observer.stop_signal = &stop_signal;
  observer.save_signal = &save_signal;
  const TrainReport report = train(config, observer);
  printer.finish();
  streams.out << (arguments.json ? to_json(report).dump(2) + "\n" : to_text(report)) << std::flush;
  if (report.stopped_by != "signal") return static_cast<int>(ExitCode::done);
  printer.message("interrupted and saved; the same command goes on from here");
  return static_cast<int>(ExitCode::interrupted);
}

}  // namespace thalweg::cli
