#include <istream>
#include <ostream>
#include <string>

#include "host/bench/bench.hpp"
#include "host/bench/report.hpp"
#include "host/cli/cli.hpp"
#include "host/cli/terminal.hpp"
#include "host/config/choice.hpp"
#include "thalweg/error.hpp"

namespace thalweg::cli {
namespace {

void require(bool good, const std::string& rule) {
  if (!good) throw UsageError(rule);
}

void require_all_positive(const std::vector<std::int64_t>& values, const std::string& flag) {
  for (const std::int64_t value : values)
    require(value > 0, flag + " is " + std::to_string(value) + "; want 1 or more");
}

void validate(const BenchArguments& arguments) {
  const bench::Options& o = arguments.options;
  const bench::WorkloadOptions& w = o.workload;
  require(o.protocol.repetitions > 0, "--repetitions wants 1 or more");
  require(o.protocol.seconds >= 0, "--time wants 0 seconds or more");
  require(o.threads >= 0, "--threads wants 0 (all) or more");
  require(w.lr >= 0, "--lr wants 0 (the workload's own) or more");
  require(o.memory_mib > 0, "--memory wants 1 MiB or more");
  require(w.rows >= 0 && w.features >= 0 && w.outputs > 0 && w.entries > 0,
          "--rows, --features, --outputs and --entries want 1 or more");
  require_all_positive(w.batch, "--batch");
  require_all_positive(w.hidden, "--hidden");
  require_all_positive(w.parameters, "--parameters");
  require(!o.on_request || arguments.workloads.size() == 1, "--on-request wants exactly one workload");
}

/// The options with the choices read.
bench::Options options_of(const BenchArguments& arguments) {
  bench::Options options = arguments.options;
  options.numerics = choice_named<Numerics>("numerics", arguments.numerics);
  for (const std::string& name : arguments.optimizers)
    options.workload.optimizer.push_back(choice_named<Rule>("optimizer.name", name));
  return options;
}

/// Writes a line at once, so that a reader at the other end of a pipe sees each result when it is there.
class Printer {
 public:
  Printer(const BenchArguments& arguments, Streams streams) : arguments_(arguments), streams_(streams) {}

  void machine(const bench::Machine& machine) {
    machine_ = &machine;
    if (arguments_.options.on_request) return;
    print(arguments_.json ? to_json(machine).dump() + "\n" : to_text(machine, columns()));
  }
  void result(const bench::Result& result) const {
    print(arguments_.json ? to_json(result, *machine_).dump() + "\n" : to_text(result, columns()));
  }
  void repetition(double seconds, const bench::Case& subject) const {
    Json line;
    line["seconds"] = seconds;
    line["samples_per_second"] = subject.samples / seconds;
    print(line.dump() + "\n");
  }
  void ready(const bench::Case& subject) const {
    Json line;
    line["ready"] = bench::shape_text(subject.shape);
    print(line.dump() + "\n");
  }

 private:
  void print(const std::string& text) const { streams_.out << text << std::flush; }
  int columns() const { return table_columns(streams_.out); }

  const BenchArguments& arguments_;
  Streams streams_;
  const bench::Machine* machine_ = nullptr;
};

}  // namespace

int bench_command(const BenchArguments& arguments, Streams streams) {
  validate(arguments);
  const bench::Options options = options_of(arguments);
  Printer printer(arguments, streams);
  bench::Listener listener{.machine = [&](const bench::Machine& machine) { printer.machine(machine); },
                           .result = [&](const bench::Result& result) { printer.result(result); }};
  if (arguments.options.on_request) {
    listener.ready = [&](const bench::Case& subject) { printer.ready(subject); };
    listener.next_repetition = [&] {
      std::string line;
      return streams.in != nullptr && std::getline(*streams.in, line) && line != "end";
    };
    listener.repetition = [&](double seconds, const bench::Case& subject) {
      printer.repetition(seconds, subject);
    };
  }
  run_bench(arguments.workloads, options, listener);
  return static_cast<int>(ExitCode::done);
}

}  // namespace thalweg::cli
