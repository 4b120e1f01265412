// The cost of per-sample norms, clipping and statistics on top of a step of the network.
#include <algorithm>

#include "host/bench/training_cases.hpp"
#include "host/step/memory_plan.hpp"

namespace thalweg::bench {
namespace {

struct Variant {
  const char* name;
  PerSampleOptions per_sample;
  bool sum_up_statistics = false;
};

const Variant kVariants[] = {{"plain", {}},
                             {"norms", {.statistics = true}},
                             {"clipped", {.clip_norm = 1.0}},
                             {"statistics", {.statistics = true}, /*sum_up_statistics=*/true}};

std::int64_t planned_bytes(const Dataset& data, const LoopOptions& loop) {
  return plan_memory(resolve_model(loop.model, schema_of(data), 1), data, loop.learner).total();
}

LoopOptions without_per_sample(LoopOptions loop) {
  loop.learner.per_sample = {};
  return loop;
}

}  // namespace

/// The variants are timed in turn: the first, plain, is what the others' ratios are taken to.
void per_sample(const Bench& bench) {
  const WorkloadOptions& o = bench.options.workload;
  const Data data = network_data(bench);
  for (const Rule optimizer : or_default<Rule>(o.optimizer, {Rule::sgd})) {
    for (const std::int64_t batch : or_default<std::int64_t>(o.batch, {256})) {
      std::vector<Case> cases;
      std::int64_t plain_bytes = 0;
      for (const Variant& variant : kVariants) {
        if (o.step != "all" && o.step != variant.name) continue;
        LoopOptions loop =
            loop_options(optimizer, std::min(batch, data->rows), o.order != "sequential", 1e-3);
        loop.model.hidden = or_default<std::int64_t>(o.hidden, {512, 512});
        loop.learner.per_sample = variant.per_sample;
        loop.sum_up_statistics = variant.sum_up_statistics;
        Case subject = network_case(bench, "per_sample", data, loop);
        subject.shape.emplace_back("step", variant.name);
        const std::int64_t bytes = planned_bytes(*data, loop);
        if (plain_bytes == 0) plain_bytes = planned_bytes(*data, without_per_sample(loop));
        subject.figures.emplace_back("extra_bytes", static_cast<double>(bytes - plain_bytes));
        cases.push_back(std::move(subject));
      }
      bench.measure(std::move(cases));
    }
  }
}

}  // namespace thalweg::bench
