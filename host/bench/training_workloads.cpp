// Whole training steps: linear models on dense and sparse rows, and the network 784-512-512-10.
#include <algorithm>

#include "host/bench/made_data.hpp"
#include "host/bench/training_cases.hpp"
#include "host/data/order.hpp"
#include "host/runtime/device_of.hpp"

namespace thalweg::bench {
namespace {

std::vector<bool> shuffles(const WorkloadOptions& options) {
  if (options.order == "sequential") return {false};
  if (options.order == "shuffled") return {true};
  return {false, true};
}

ConstMatrix rows_of(const Dataset& data) {
  return matrix<const float>(data.dense_f32.data(), data.rows, data.features);
}

std::vector<std::int64_t> shuffled_ids(std::int64_t rows) {
  std::vector<std::int64_t> ids(static_cast<std::size_t>(rows));
  EpochOrder(rows, /*seed=*/2, /*epoch=*/0, /*shuffle=*/true).fill(0, rows, ids.data());
  return ids;
}

/// Dense rows that no cache holds are bound by reading them, so they themselves are the limit's memory.
void bind_to_rows(const Bench& bench, const Data& data, bool shuffle, Case& subject) {
  if (device_of(bench.ctx).stream != nullptr) {
    bench.machine.bind(subject, data->rows * data->features * 4);
    return;
  }
  subject.limit_amount = static_cast<double>(subject.cost.bytes_read + subject.cost.bytes_written);
  subject.limit = shuffle ? read_rows_limit(bench.ctx, rows_of(*data), shuffled_ids(data->rows))
                          : read_matrix_limit(bench.ctx, rows_of(*data));
}

void dense_linear(const Bench& bench, const std::string& workload, std::int64_t classes) {
  const WorkloadOptions& o = bench.options.workload;
  const std::int64_t features = or_default(o.features, 1000), rows = or_default(o.rows, 100'000);
  const auto data = std::make_shared<const Dataset>(made_dense(bench.ctx, rows, features, classes));
  if (!o.write_data.empty()) write_arrays(*data, o.write_data);
  for (const Rule optimizer : or_default<Rule>(o.optimizer, {Rule::sgd})) {
    for (const std::int64_t batch : or_default<std::int64_t>(o.batch, {256, 4096})) {
      for (const bool shuffle : shuffles(o)) {
        const LoopOptions loop =
            loop_options(optimizer, std::min(batch, rows), shuffle, o.lr > 0 ? o.lr : 0.1);
        Case subject = training_case(bench, workload, data, loop);
        subject.shape.insert(subject.shape.begin(), {"features", features});
        subject.cost =
            step_cost(resolve_model(loop.model, schema_of(*data), 1), loop.learner.max_batch, optimizer);
        bind_to_rows(bench, data, shuffle, subject);
        bench.measure({std::move(subject)});
      }
    }
  }
}

std::int64_t touched_by(const Dataset& data, const std::vector<std::int64_t>& rows) {
  std::vector<std::int32_t> columns;
  for (const std::int64_t row : rows) {
    const auto begin = data.columns.begin() + data.offsets[static_cast<std::size_t>(row)];
    const auto end = data.columns.begin() + data.offsets[static_cast<std::size_t>(row) + 1];
    columns.insert(columns.end(), begin, end);
  }
  std::sort(columns.begin(), columns.end());
  return std::unique(columns.begin(), columns.end()) - columns.begin();
}

}  // namespace

void logistic(const Bench& bench) { dense_linear(bench, "logistic", 2); }

void softmax(const Bench& bench) {
  dense_linear(bench, "softmax", std::max<std::int64_t>(bench.options.workload.outputs, 3));
}

void sparse(const Bench& bench) {
  const WorkloadOptions& o = bench.options.workload;
  const std::int64_t rows = or_default(o.rows, 500'000), features = or_default(o.features, 1'000'000);
  const std::int64_t entries = std::min(o.entries, features);
  const auto data = std::make_shared<const Dataset>(made_sparse(bench.ctx, rows, features, entries));
  if (!o.write_data.empty()) write_arrays(*data, o.write_data);
  for (const Rule optimizer : or_default<Rule>(o.optimizer, {Rule::sgd})) {
    for (const std::int64_t wanted : or_default<std::int64_t>(o.batch, {256, 4096})) {
      for (const bool shuffle : shuffles(o)) {
        const std::int64_t batch = std::min(wanted, rows);
        const LoopOptions loop = loop_options(optimizer, batch, shuffle, o.lr > 0 ? o.lr : 0.5);
        Case subject = training_case(bench, "sparse", data, loop);
        subject.shape.insert(subject.shape.begin(), {{"features", features}, {"entries", entries}});
        const std::int64_t touched = touched_by(*data, TrainingLoop(bench.ctx, *data, loop).next().rows());
        subject.cost = sparse_step_cost(batch, batch * entries, touched, optimizer);
        bench.machine.bind(subject, rows * entries * 8);
        if (shuffle && !bench.options.on_request)
          subject.figures.emplace_back("progressive_loss", progressive_loss(bench.ctx, *data, loop));
        bench.measure({std::move(subject)});
      }
    }
  }
}

void mlp(const Bench& bench) {
  const WorkloadOptions& o = bench.options.workload;
  const Data data = network_data(bench);
  for (const Rule optimizer : or_default<Rule>(o.optimizer, {Rule::adam})) {
    for (const std::int64_t batch : or_default<std::int64_t>(o.batch, {128, 1024})) {
      LoopOptions loop = loop_options(optimizer, std::min(batch, data->rows), o.order != "sequential",
                                      o.lr > 0 ? o.lr : 1e-3);
      loop.model.hidden = or_default<std::int64_t>(o.hidden, {512, 512});
      bench.measure({network_case(bench, "mlp", data, loop)});
    }
  }
}

}  // namespace thalweg::bench
