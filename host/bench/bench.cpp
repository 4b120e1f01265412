#include "host/bench/bench.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/bench/workloads.hpp"
#include "host/config/keys.hpp"
#include "host/run/context_options.hpp"
#include "thalweg/error.hpp"

namespace thalweg::bench {
namespace {

std::vector<Check> checked(const Case& subject) {
  std::vector<Check> checks = subject.check();
  for (const Check& check : checks) {
    if (check.passed()) continue;
    throw InternalError(
        fmt::format("{} {}: the {} differs from the reference's by {:.3g}; at most {:.3g} is rounding",
                    subject.workload, shape_text(subject.shape), check.what, check.error, check.bound));
  }
  return checks;
}

/// Measures one case, a repetition at a time, as long as the listener requests more.
void serve(const Case& subject, const Options& options, const Listener& listener) {
  Stopwatch watch(subject, options.protocol, /*beside_limit=*/false);
  listener.ready(subject);
  while (listener.next_repetition()) listener.repetition(watch.repetition(), subject);
}

void take(std::vector<Case> cases, const Options& options, const Listener& listener) {
  std::vector<std::vector<Check>> checks;
  for (const Case& subject : cases) checks.push_back(options.check ? checked(subject) : std::vector<Check>{});
  if (listener.next_repetition) {
    for (const Case& subject : cases) serve(subject, options, listener);
    return;
  }
  const std::vector<Timing> timings = measure(cases, options.protocol);
  for (std::size_t i = 0; i < cases.size(); ++i)
    listener.result({std::move(cases[i]), std::move(checks[i]), timings[i]});
}

std::vector<const Workload*> chosen(const std::vector<std::string>& names) {
  std::vector<const Workload*> found;
  for (const Workload& workload : workloads()) {
    if (names.empty() || std::find(names.begin(), names.end(), workload.name) != names.end())
      found.push_back(&workload);
  }
  std::vector<std::string> known;
  for (const Workload& workload : workloads()) known.push_back(workload.name);
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw UsageError(fmt::format("unknown workload \"{}\"{}", name, did_you_mean(name, known)));
  }
  return found;
}

}  // namespace

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all{
      {"machine", "the machine's own figures alone", [](const Bench&) {}},
      {"logistic", "training steps of logistic regression on dense rows", &logistic},
      {"softmax", "training steps of softmax regression on dense rows", &softmax},
      {"sparse", "training steps of logistic regression on CSR rows", &sparse},
      {"mlp", "training steps of a network", &mlp},
      {"per_sample", "the same with norms, clipping and statistics of single samples", &per_sample},
      {"update", "one step of each optimizer on parameters alone", &update},
      {"gemm", "the products of the network's layers", &gemm},
      {"data", "the readers, the disk with the readers of shards, convert, and the order of an epoch",
       &data}};
  return all;
}

std::vector<std::pair<std::string, std::string>> workload_list() {
  std::vector<std::pair<std::string, std::string>> list;
  for (const Workload& workload : workloads()) list.emplace_back(workload.name, workload.about);
  return list;
}

void run_bench(const std::vector<std::string>& names, const Options& options, const Listener& listener) {
  const std::vector<const Workload*> wanted = chosen(names);
  const Context ctx({.device = options.device, .numerics = options.numerics, .threads = options.threads});
  Protocol figures = options.protocol;
  if (listener.next_repetition) figures.repetitions = 1;  // nobody reads them
  const Machine machine(ctx, figures, options.memory_mib << 20);
  listener.machine(machine);
  const Bench bench{ctx, options, machine,
                    [&](std::vector<Case> cases) { take(std::move(cases), options, listener); }};
  for (const Workload* workload : wanted) workload->run(bench);
}

}  // namespace thalweg::bench
