#include "host/bench/training_cases.hpp"

#include <algorithm>

#include "host/bench/made_data.hpp"
#include "host/run/learner_options.hpp"

namespace thalweg::bench {
namespace {

constexpr std::int64_t kNetworkInputs = 784, kNetworkRows = 16'384;

/// "784-512-512-10"
std::string layers_text(const ModelSpec& spec) {
  std::string text = std::to_string(spec.schema.features);
  for (const std::int64_t width : spec.config.hidden) text += "-" + std::to_string(width);
  return text + "-" + std::to_string(spec.outputs);
}

}  // namespace

LoopOptions loop_options(Rule optimizer, std::int64_t batch, bool shuffle, double lr) {
  Config config;
  config.optimizer.name = optimizer;
  config.train.batch_size = batch;
  return {.learner = learner_options(config, batch), .shuffle = shuffle, .lr = lr};
}

Case training_case(const Bench& bench, const std::string& workload, const Data& data,
                   const LoopOptions& loop) {
  const auto steps = std::make_shared<TrainingLoop>(bench.ctx, *data, loop);
  return {.workload = workload,
          .shape = {{"batch", loop.learner.max_batch}, {"order", loop.shuffle ? "shuffled" : "sequential"}},
          .samples = static_cast<double>(loop.learner.max_batch),
          .run = [steps, data] { steps->step(); },
          .finish = [steps] { steps->finish(); },
          .check = [&bench, data, loop] { return check_gradient(bench.ctx, *data, loop); }};
}

Data network_data(const Bench& bench) {
  const WorkloadOptions& o = bench.options.workload;
  auto data = std::make_shared<const Dataset>(made_dense(bench.ctx, or_default(o.rows, kNetworkRows),
                                                         or_default(o.features, kNetworkInputs),
                                                         std::max<std::int64_t>(o.outputs, 3)));
  if (!o.write_data.empty()) write_arrays(*data, o.write_data);
  return data;
}

Case network_case(const Bench& bench, const std::string& workload, const Data& data,
                  const LoopOptions& loop) {
  const ModelSpec spec = resolve_model(loop.model, schema_of(*data), 1);
  Case subject = training_case(bench, workload, data, loop);
  subject.shape.insert(subject.shape.begin(), {"layers", layers_text(spec)});
  subject.shape.emplace_back("optimizer", std::string(name_of(loop.learner.optimizer.name)));
  subject.cost = step_cost(spec, loop.learner.max_batch, loop.learner.optimizer.name);
  bench.machine.bind(subject, subject.cost.bytes_written);  // what a step writes is read again soon
  return subject;
}

}  // namespace thalweg::bench
