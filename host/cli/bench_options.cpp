#include "host/cli/bench_options.hpp"

#include "host/bench/bench.hpp"

namespace thalweg::cli {

void add_bench_options(CLI::App& command, BenchArguments& bench) {
  command.allow_extras(false);  // it takes no settings
  std::string names;
  for (const auto& [name, about] : bench::workload_list()) names += "\n  " + name + ": " + about;
  command.footer("Workloads:" + names);
  command.add_option("workloads", bench.workloads, "What to measure; all without it");
  bench::Options& o = bench.options;
  bench::WorkloadOptions& w = o.workload;
  command.add_option("--device", o.device, "auto, cpu, cuda, cuda:N or reference")->capture_default_str();
  command.add_option("--numerics", bench.numerics, "exact or fast")->capture_default_str();
  command.add_option("--threads", o.threads, "Of the cpu; 0: all")->capture_default_str();
  command.add_option("--repetitions", o.protocol.repetitions, "Of each measurement")->capture_default_str();
  command.add_option("--time", o.protocol.seconds, "Seconds of a repetition, at least")
      ->capture_default_str();
  command.add_option("--memory", o.memory_mib, "MiB of an array that no cache holds")->capture_default_str();
  command.add_flag("!--no-check", o.check, "Do not compare results with the reference first");
  command.add_option("--rows", w.rows, "Rows of the data");
  command.add_option("--features", w.features, "Features of a row");
  command.add_option("--outputs", w.outputs, "Classes of softmax and of the network")->capture_default_str();
  command.add_option("--entries", w.entries, "Entries of a sparse row")->capture_default_str();
  command.add_option("--batch", w.batch, "Batch sizes, by commas")->delimiter(',');
  command.add_option("--hidden", w.hidden, "Widths of the network's hidden layers, by commas")
      ->delimiter(',');
  command.add_option("--parameters", w.parameters, "Numbers of parameters to update, by commas")
      ->delimiter(',');
  command.add_option("--optimizer", bench.optimizers, "Optimizers, by commas")->delimiter(',');
  command.add_option("--lr", w.lr, "Learning rate of the workloads that train; 0: their own");
  command.add_option("--order", w.order, "Of the rows: both, sequential or shuffled")
      ->check(CLI::IsMember({"both", "sequential", "shuffled"}))
      ->capture_default_str();
  command.add_option("--step", w.step, "Of per_sample: all, plain, norms, clipped or statistics")
      ->check(CLI::IsMember({"all", "plain", "norms", "clipped", "statistics"}))
      ->capture_default_str();
  command.add_option("--reader", w.reader, "Of data: what reads, by commas (csv,loader,disk,...)")
      ->delimiter(',');
  command.add_option("--scratch", w.scratch, "Of data: folder for its files, which are removed; else TMPDIR");
  command.add_option("--write-data", w.write_data, "Folder for the data that were made, as npy files");
  command.add_flag(
      "--on-request", o.on_request,
      "One repetition for each line of stdin, until its end or \"end\": to measure beside other programs");
}

}  // namespace thalweg::cli
