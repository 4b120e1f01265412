#include "host/bench/device_limits.hpp"

#include <algorithm>
#include <bit>
#include <chrono>

#include "host/bench/probes.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/linear/linear.hpp"

namespace thalweg::bench {
namespace {

constexpr std::int64_t kFloat = sizeof(float), kMegabyte = 1 << 20;
/// A run this long hides its launch and the wait for it.
constexpr double kSeconds = 3e-3;
constexpr int kMostRounds = 1 << 20;
/// Blocks of a probe on each multiprocessor: 64 warps, as many as any has.
constexpr int kBlocksEach = 8;
constexpr int kNodes = 100;
/// Elements between two reads of a chain: a line of the cache, times a prime that no hardware foresees.
constexpr std::int32_t kHop = 32 * 619;

void wait_for(const Context& ctx) { backend_of(ctx).memory.synchronize(device_of(ctx)); }

/// How often run(rounds) has to do its work to take kSeconds.
template <class Run>
int enough_rounds(const Context& ctx, const Run& run) {
  using Clock = std::chrono::steady_clock;
  for (int rounds = 1;; rounds *= 4) {
    const auto start = Clock::now();
    run(rounds);
    wait_for(ctx);
    const std::chrono::duration<double> taken = Clock::now() - start;
    if (taken.count() >= kSeconds || rounds >= kMostRounds) return rounds;
  }
}

/// run(rounds) does `amount` times rounds.
template <class Run>
std::shared_ptr<Limit> rounds_limit(const Context& ctx, const std::string& name, double amount,
                                    const Run& run) {
  run(1);  // the first launch loads the code
  const int rounds = enough_rounds(ctx, run);
  return timed_limit(name, amount * rounds, [&ctx, run, rounds] {
    run(rounds);
    wait_for(ctx);
  });
}

int blocks_of(const Context& ctx) {
  return kBlocksEach * std::max(device_of(ctx).properties.multiprocessors, 1);
}

/// The launches of `body`, recorded.
class Graph {
 public:
  template <class Body>
  Graph(const Context& ctx, const Body& body) : ctx_(ctx), graphs_(*backend_of(ctx).graphs) {
    graphs_.begin_capture(device_of(ctx));
    body();
    graph_ = graphs_.end_capture(device_of(ctx));
  }
  ~Graph() { graphs_.destroy(graph_); }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  void launch() const { graphs_.launch(device_of(ctx_), graph_); }

 private:
  const Context& ctx_;
  const GraphOps& graphs_;
  void* graph_ = nullptr;
};

template <class Once>
DeviceLatency latency(const Context& ctx, const std::string& name, const Once& once) {
  return {name, 0, rounds_limit(ctx, name, 1, [once](int rounds) {
            for (int i = 0; i < rounds; ++i) once();
          })};
}

/// Of a node in a graph of kNodes of what `once` launches, each of which waits for the one before. The memory
/// that `once` holds stays as long as the graph.
template <class Once>
DeviceLatency node_latency(const Context& ctx, const std::string& name, const Once& once) {
  const auto graph = std::make_shared<Graph>(ctx, [&] {
    for (int i = 0; i < kNodes; ++i) once();
  });
  return {name, 0, rounds_limit(ctx, name, kNodes, [graph, once](int rounds) {
            for (int i = 0; i < rounds; ++i) graph->launch();
          })};
}

DeviceLatency copy_latency(const Context& ctx) {
  constexpr std::int64_t kBytes = 512;
  const auto from = std::make_shared<StagingBuffer>(ctx, kBytes);
  const auto to = std::make_shared<Buffer<unsigned char>>(ctx, kBytes);
  DeviceLatency found =
      node_latency(ctx, "small_copy", [&ctx, from, to] { to->upload(ctx, from->data(), kBytes); });
  found.bytes = kBytes;
  return found;
}

DeviceLatency barrier_latency(const Context& ctx) {
  const int blocks = std::max(device_of(ctx).properties.multiprocessors, 2);
  const auto counts = std::make_shared<Buffer<std::int32_t>>(ctx, 2 * blocks);
  counts->zero(ctx);
  return {"grid_barrier", 0, rounds_limit(ctx, "grid_barrier", 1, [&ctx, blocks, counts](int rounds) {
            gpu_probes()->barriers(device_of(ctx), blocks, rounds, counts->data());
          })};
}

/// The chain goes on where it ended, so that no cache holds what a smaller part of it read.
DeviceLatency read_latency(const Context& ctx, const std::string& name, std::int64_t bytes) {
  constexpr std::int64_t kMost = std::int64_t{1}
                                 << 30;  // places are int32, and a hop goes beyond the last one
  const std::int64_t asked = std::min(bytes / kFloat, kMost);
  const auto elements = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(asked)));
  const auto zeros = std::make_shared<Buffer<std::int32_t>>(ctx, elements);
  const auto at = std::make_shared<Buffer<std::int32_t>>(ctx, 1);
  zeros->zero(ctx), at->zero(ctx);
  return {name, elements * kFloat, rounds_limit(ctx, name, 1, [&ctx, zeros, at, elements](int rounds) {
            gpu_probes()->chase(device_of(ctx), rounds, kHop, static_cast<std::int32_t>(elements - 1),
                                zeros->data(), at->data());
          })};
}

}  // namespace

std::shared_ptr<Limit> device_copy_limit(const Context& ctx, std::int64_t bytes) {
  const auto from = std::make_shared<Buffer<char>>(ctx, bytes),
             to = std::make_shared<Buffer<char>>(ctx, bytes);
  from->zero(ctx);
  return rounds_limit(ctx, "copy", 2.0 * static_cast<double>(bytes), [&ctx, from, to, bytes](int rounds) {
    for (int i = 0; i < rounds; ++i)
      backend_of(ctx).memory.copy(device_of(ctx), to->data(), from->data(), bytes);
  });
}

std::shared_ptr<Limit> device_read_limit(const Context& ctx, std::int64_t bytes) {
  const std::int64_t count = std::max<std::int64_t>(bytes / kFloat / 4, 1) * 4;
  const int blocks = blocks_of(ctx);
  const auto from = std::make_shared<Buffer<float>>(ctx, count);
  const auto sums = std::make_shared<Buffer<float>>(ctx, std::int64_t{blocks} * kProbeThreads);
  from->zero(ctx);
  return rounds_limit(ctx, "read from cache", static_cast<double>(count * kFloat),
                      [&ctx, from, sums, count, blocks](int rounds) {
                        gpu_probes()->read(device_of(ctx), blocks, rounds, from->data(), count, sums->data());
                      });
}

std::shared_ptr<Limit> device_fma_limit(const Context& ctx) {
  const int blocks = blocks_of(ctx);
  const std::int64_t threads = std::int64_t{blocks} * kProbeThreads;
  const auto sums = std::make_shared<Buffer<float>>(ctx, threads);
  return rounds_limit(ctx, "fma", 2.0 * kProbeChains * static_cast<double>(threads),
                      [&ctx, sums, blocks](int rounds) {
                        gpu_probes()->fma(device_of(ctx), blocks, rounds, 0.5f, 1.0f, sums->data());
                      });
}

std::shared_ptr<Limit> device_tensor_limit(const Context& ctx, std::int64_t size) {
  struct Matrices {
    Buffer<float> input, weight, output;
  };
  const std::int64_t count = size * size;
  const auto m = std::make_shared<Matrices>(
      Matrices{Buffer<float>(ctx, count), Buffer<float>(ctx, count), Buffer<float>(ctx, count)});
  m->input.zero(ctx), m->weight.zero(ctx);
  return rounds_limit(ctx, "tensor", 2.0 * static_cast<double>(count) * static_cast<double>(size),
                      [&ctx, m, size](int rounds) {
                        const auto input = dense_rows(matrix<const float>(m->input.data(), size, size));
                        for (int i = 0; i < rounds; ++i)
                          backend_of(ctx).linear.forward(device_of(ctx),
                                                         {.input = input,
                                                          .weight = m->weight.data(),
                                                          .bias = nullptr,
                                                          .output = matrix(m->output.data(), size, size)});
                      });
}

std::int64_t device_l2_bytes() { return gpu_probes()->l2_bytes(); }

std::vector<DeviceLatency> device_latencies(const Context& ctx, std::int64_t memory_bytes) {
  const auto empty = [&ctx] { gpu_probes()->empty(device_of(ctx)); };
  const auto graph = std::make_shared<Graph>(ctx, empty);
  const std::int64_t cached = std::min(std::max(device_l2_bytes() / 4, kMegabyte), memory_bytes);
  return {latency(ctx, "launch", empty),
          latency(ctx, "launch_and_wait",
                  [&ctx, empty] {
                    empty();
                    wait_for(ctx);
                  }),
          latency(ctx, "graph", [graph] { graph->launch(); }),
          node_latency(ctx, "graph_node", empty),
          copy_latency(ctx),
          barrier_latency(ctx),
          read_latency(ctx, "latency.L2", cached),
          read_latency(ctx, "latency.memory", 4 * memory_bytes)};
}

}  // namespace thalweg::bench
