// The kernels of real steps and predictions, at real shapes: the launches are written down, not executed
// (nodes.py reads them). Their grids follow from the shapes and the GPU alone, so data and results may be
// anything.
//   record_nodes SM MULTIPROCESSORS
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <simt/calls.hpp>
#include <simt/recorded.hpp>

#include "thalweg/learner.hpp"
#include "thalweg/thalweg.hpp"

// Where the program lies in memory: addresses are printed as distances from here.
extern "C" void thalweg_nodes_anchor() {}

namespace thalweg {
namespace {

struct StepShape {
  const char* name;
  std::int64_t batch, features, entries;  ///< entries of a sparse row; 0: dense
  std::int64_t classes;                   ///< of softmax; 0: logistic
  std::vector<std::int64_t> hidden;
  Rule rule;
  bool predicts = false;
  bool in_bursts = false;  ///< the steps of a burst are recorded together
};

std::vector<StepShape> works() {
  std::vector<StepShape> all;
  for (const std::int64_t batch : {256, 4096}) {
    all.push_back({"dense", batch, 1000, 0, 0, {}, Rule::sgd, false, true});
    all.push_back({"sparse", batch, 1000000, 39, 0, {}, Rule::sgd});
  }
  all.push_back({"softmax", 256, 784, 0, 10, {}, Rule::sgd});
  for (const std::int64_t batch : {256, 1024, 4096})
    all.push_back({"mlp", batch, 784, 0, 10, {512, 512}, Rule::adam});
  // One block of the rows of a prediction; all blocks are alike.
  all.push_back({"predict", 1024, 1000, 0, 0, {}, Rule::sgd, true});
  return all;
}

/// Features spread over all of them, ascending in each row.
void add_sparse_rows(Dataset& data, const StepShape& work) {
  data.sparse = true;
  const std::int64_t apart = work.features / work.entries;
  for (std::int64_t row = 0; row < data.rows; ++row) {
    data.offsets.push_back(row * work.entries);
    for (std::int64_t j = 0; j < work.entries; ++j)
      data.columns.push_back(static_cast<std::int32_t>(j * apart + row * 7919 % apart));
  }
  data.offsets.push_back(data.rows * work.entries);
  data.values.assign(data.columns.size(), 0.5f);
}

Dataset rows_of(const StepShape& work) {
  Dataset data;
  data.rows = work.batch, data.features = work.features, data.source = "rows of a workload";
  data.target_kind = TargetKind::classes;
  const std::int64_t classes = work.classes > 0 ? work.classes : 2;
  for (std::int64_t c = 0; c < classes; ++c) data.classes.push_back(std::to_string(c));
  for (std::int64_t row = 0; row < data.rows; ++row) data.target.push_back(static_cast<float>(row % classes));
  if (work.entries > 0) {
    add_sparse_rows(data, work);
  } else {
    data.dense_f32.assign(static_cast<std::size_t>(data.rows * data.features), 0.5f);
  }
  return data;
}

void record(const StepShape& work) {
  const Context ctx({.device = "cuda"});
  const Dataset data = rows_of(work);
  ModelConfig config;
  config.hidden = work.hidden;
  config.loss = work.classes > 0 ? Loss::softmax_cross_entropy : Loss::logistic;
  Model model(ctx, resolve_model(config, schema_of(data), 1));
  OptimizerConfig optimizer;
  optimizer.name = work.rule;
  const EpochBatches batches(RowSet::all(data.rows), work.batch, 1, true, false);
  Learner learner(model, data, {.optimizer = optimizer, .max_batch = work.batch, .batches = &batches});
  simt::take_recorded_launches();
  const simt::Calls before = simt::calls();
  if (work.predicts) {
    model.predict(data);
  } else {
    for (std::int64_t step = 0; step < (work.in_bursts ? learner.burst_limit() : 1); ++step)
      learner.enqueue(batches.at_step(step), 0.01);
    if (work.in_bursts) learner.collect();
  }
  const simt::Calls after = simt::calls();
  std::printf("work %s-%lld %lld %lld\n", work.name, static_cast<long long>(work.batch),
              static_cast<long long>(work.predicts ? 0 : after.uploads - before.uploads),
              static_cast<long long>(after.downloads - before.downloads));
  for (const simt::RecordedLaunch& launch : simt::take_recorded_launches()) {
    const auto distance = reinterpret_cast<std::intptr_t>(launch.kernel) -
                          reinterpret_cast<std::intptr_t>(&thalweg_nodes_anchor);
    std::printf("node %s %lld %u,%u,%u %u,%u,%u %zu %d\n", launch.op.c_str(),
                static_cast<long long>(distance), launch.grid.x, launch.grid.y, launch.grid.z,
                launch.threads.x, launch.threads.y, launch.threads.z, launch.dynamic_shared,
                static_cast<int>(launch.cooperative));
  }
}

void record_all() {
  for (const StepShape& work : works()) record(work);
}

}  // namespace
}  // namespace thalweg

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  simt::play_gpu(std::atoi(argv[1]), std::atoi(argv[2]));
  simt::record_launches(true);
  thalweg::record_all();
  return 0;
}
