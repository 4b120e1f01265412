// The sparse linear layer: the index of a batch, and its outputs.
#include "benchmarks/kernels/sparse_workload.hpp"

namespace thalweg::bench {
namespace {

void sparse_index(benchmark::State& state) {
  Workload work(state);
  for (auto _ : state) {
    work.index();
    work.next_batch();
  }
  backend_of(work.ctx).memory.synchronize(device_of(work.ctx));
  report(state, work, sparse_index_cost(work.batch, work.entries, work.count.download(work.ctx)[0]));
}

void sparse_forward(benchmark::State& state) {
  Workload work(state);
  for (auto _ : state) {
    work.forward();
    work.next_batch();
  }
  backend_of(work.ctx).memory.synchronize(device_of(work.ctx));
  report(state, work, sparse_linear_forward_cost(work.batch, work.entries, 1));
}

BENCHMARK(sparse_index)->Apply(shapes);
BENCHMARK(sparse_forward)->Apply(shapes);

}  // namespace
}  // namespace thalweg::bench
