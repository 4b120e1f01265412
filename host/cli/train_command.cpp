#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <ostream>

#include "host/cli/cli.hpp"
#include "host/cli/model_data.hpp"
#include "host/cli/progress.hpp"
#include "host/cli/report_text.hpp"
#include "host/cli/signal_handler.hpp"
#include "host/cli/terminal.hpp"
#include "host/ranks/launch.hpp"
#include "host/run/train_as_rank.hpp"
#include "thalweg/error.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg::cli {
namespace {

std::atomic<int> stop_signal{0}, save_signal{0};
std::atomic<int> loading{0}, ended{0};
static_assert(std::atomic<int>::is_always_lock_free, "the handlers below may only touch lock-free atomics");

/// While data are read there is nothing to save, so a signal ends the run at once. Later the first SIGINT,
/// SIGTERM or SIGHUP makes the run finish its step and save. The second ends it at once; checkpoints still
/// appear whole or not at all. Ranks that have ended are not to be hurried: where one ends, a launcher sends
/// signals to the others.
extern "C" void on_stop(int signal) {
  if (ended.load() != 0) return;
  if (loading.load() != 0) std::_Exit(static_cast<int>(ExitCode::interrupted));
  if (stop_signal.exchange(signal) != 0) std::_Exit(128 + signal);
}

extern "C" void on_save(int) { save_signal.store(1); }

void print(const TrainReport& report, bool json, Streams streams) {
  streams.out << (json ? to_json(report).dump(2) + "\n" : to_text(report, table_columns(streams.out)));
  flush_output(streams);
}

/// The run is done whatever becomes of its summary: one that is lost must not let the model look lost too.
int end_done(const TrainReport& report, const Config& config, bool json, Streams streams) {
  try {
    print(report, json, streams);
  } catch (const IoError& error) {
    const std::string where = config.out.empty() ? "the run had no out, so its model is not saved"
                                                 : "the run is done, its model is saved in " + config.out;
    throw IoError(fmt::format("{}; {}", error.what(), where));
  }
  return static_cast<int>(ExitCode::done);
}

/// All that is to be said of an interruption, in one sentence.
std::string how_to_go_on(const TrainReport& report, const Config& config) {
  const std::string where = report.folds.empty() ? "" : fmt::format(" in fold {}", report.folds.size());
  if (config.out.empty()) return "interrupted" + where + "; nothing is saved, because the run has no out";
  const bool resumes = value_named<Resume>(config.checkpoint.resume) == Resume::automatic;
  return "interrupted" + where + " and saved; " +
         (resumes ? "the same command goes on from here" : "go on with --checkpoint.resume=auto");
}

/// The summary of an interrupted run may be lost, for instance when the terminal closed. The exit code tells
/// the user to run again, which prints another one.
int end_interrupted(const TrainReport& report, const Config& config, bool json, Streams streams,
                    ProgressPrinter& printer) {
  try {
    print(report, json, streams);
  } catch (const IoError& error) {
    streams.out.clear();  // else the flush at the end of every command would fail again and end with 74
    printer.message(error.what());
  }
  printer.message(how_to_go_on(report, config));
  return static_cast<int>(ExitCode::interrupted);
}

/// Exit codes are those of rank 0, which speaks for all.
int end_following(const TrainReport& report) {
  return static_cast<int>(report.stopped_by == "signal" ? ExitCode::interrupted : ExitCode::done);
}

/// Where a signal stopped the run, a launcher ends all ranks as soon as one has: none ends before rank 0 has
/// saved and spoken.
void part(ProcessRanks* ranks) {
  if (ranks == nullptr) return;
  ended = 1;
  ranks->calls().finish();
}

}  // namespace

int train_command(const TrainArguments& arguments, Streams streams) {
  stop_signal = save_signal = ended = 0;
  loading = 1;
  const SignalHandler handlers[] = {
      {SIGINT, on_stop}, {SIGHUP, on_stop}, {SIGTERM, on_stop}, {SIGUSR1, on_save}, {SIGUSR2, on_stop}};
  const Config config = config_for_training(arguments.config_file, arguments.settings,
                                            tell_of_waiting(streams.err, arguments.quiet));
  validate_config(config);
  const std::unique_ptr<ProcessRanks> ranks = join_ranks(config.ranks, process_environment);
  ProgressPrinter printer(streams.err, arguments.quiet);  // mutant: quiet-obeyed
  TrainObserver observer;
  observer.phase = [](TrainPhase phase) { loading = phase == TrainPhase::load ? 1 : 0; };
  observer.progress = std::bind_front(&ProgressPrinter::update, &printer);
  observer.epoch = [&](const EpochReport& epoch) { printer.epoch(epoch, config.train.metric); };
  observer.reading = std::bind_front(&ProgressPrinter::reading, &printer);
  observer.message = std::bind_front(&ProgressPrinter::message, &printer);
  observer.stop_signal = &stop_signal;
  observer.save_signal = &save_signal;
  const TrainReport report =
      ranks != nullptr ? train_as_rank(config, observer, *ranks) : train(config, observer);
  printer.finish();
  int code = end_following(report);
  if (ranks == nullptr || ranks->rank() == 0)
    code = report.stopped_by != "signal" ? end_done(report, config, arguments.json, streams)
                                         : end_interrupted(report, config, arguments.json, streams, printer);
  part(ranks.get());
  return code;
}

}  // namespace thalweg::cli
