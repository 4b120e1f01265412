// The step of a linear model with one output, on dense and on sparse rows.
#include "kernels/linear_step/linear_step.hpp"

#include "benchmarks/kernels/sparse_workload.hpp"

namespace thalweg::bench {
namespace {

std::vector<float> ramp(std::int64_t size) {
  std::vector<float> values(static_cast<std::size_t>(size));
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = static_cast<float>(k % 251) * 0.008f - 1.0f;
  return values;
}

/// A logistic model over a data set larger than the cache, batch after batch, in order or permuted.
void dense_step(benchmark::State& state) {
  const std::int64_t batch = state.range(0), features = state.range(1);
  const Context ctx({.threads = static_cast<int>(state.range(3))});
  const std::int64_t rows = (std::int64_t{256} << 20) / (4 * features) / batch * batch;
  const Buffer<float> x(ctx, ramp(rows * features)),
      target(ctx, std::vector<float>(static_cast<std::size_t>(rows)));
  const Buffer<float> weight(ctx, ramp(features)), losses(ctx, batch), grad_output(ctx, batch),
      sum(ctx, features);
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows));
  for (std::int64_t n = 0; n < rows; ++n)
    order[static_cast<std::size_t>(n)] = state.range(2) != 0 ? n * 7919 % rows : n;
  const Buffer<std::int64_t> ids(ctx, order);
  std::int64_t first = 0;
  for (auto _ : state) {
    backend_of(ctx).linear_step.dense(
        device_of(ctx), {.input = {.data = x.data(),
                                   .rows = batch,
                                   .cols = features,
                                   .stride = features,
                                   .ids = ids.data() + first},
                         .weight = weight.data(),
                         .rows = {.loss = {.kind = LossKind::logistic},
                                  .targets = {.target = target.data(), .ids = ids.data() + first},
                                  .losses = losses.data(),
                                  .grad_output = grad_output.data()},
                         .slices = whole_batch(batch),
                         .grad_weight = {.sum = sum.data()}});
    first = (first + batch) % rows;
  }
  const Cost cost = dense_linear_step_cost(batch, features);
  state.SetBytesProcessed(state.iterations() * (cost.bytes_read + cost.bytes_written));
  state.SetItemsProcessed(state.iterations() * batch);
}

void run_sparse(const Workload& work) {
  const std::int64_t* const ids = work.ids.data() + work.at;
  backend_of(work.ctx).linear_step.sparse(
      device_of(work.ctx),
      {.input = work.input(),
       .touched = work.touched(),
       .weight = work.weight.data(),
       .bias = work.bias.data(),
       .rows = {.loss = {.kind = LossKind::logistic},
                .targets = {.target = work.target.data(), .ids = ids, .scale = work.scale.data()},
                .losses = work.losses.data(),
                .grad_output = work.grad_output.data()},
       .slices = whole_batch(work.batch),
       .grad_weight = {.sum = work.grad_weight.data()},
       .grad_bias = {.sum = work.grad_bias.data()}});
}

/// The step alone, on one batch whose index is there (rows in cache as the index leaves them).
void sparse_step(benchmark::State& state) {
  const Workload work(state);
  work.index();
  for (auto _ : state) run_sparse(work);
  backend_of(work.ctx).memory.synchronize(device_of(work.ctx));
  report(state, work, sparse_linear_step_cost(work.batch, work.entries, work.count.download(work.ctx)[0]));
}

/// What training pays per step in a new order each epoch: index and step of a batch not seen lately.
void sparse_index_and_step(benchmark::State& state) {
  Workload work(state);
  for (auto _ : state) {
    work.index();
    run_sparse(work);
    work.next_batch();
  }
  backend_of(work.ctx).memory.synchronize(device_of(work.ctx));
  const std::int64_t touched = work.count.download(work.ctx)[0];
  const Cost index = sparse_index_cost(work.batch, work.entries, touched);
  const Cost step = sparse_linear_step_cost(work.batch, work.entries, touched);
  report(state, work,
         {.bytes_read = index.bytes_read + step.bytes_read,
          .bytes_written = index.bytes_written + step.bytes_written});
}

BENCHMARK(dense_step)
    ->ArgNames({"batch", "features", "permuted", "threads"})
    ->ArgsProduct({{256, 4096}, {1000}, {0, 1}, {1, 0}})
    ->UseRealTime();
BENCHMARK(sparse_step)->Apply(shapes);
BENCHMARK(sparse_index_and_step)->Apply(shapes);

}  // namespace
}  // namespace thalweg::bench
