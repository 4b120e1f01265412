#include "host/bench/limits.hpp"

#include <algorithm>
#include <array>

#include "host/bench/chunks.hpp"
#include "host/runtime/backends.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/base/parallel.hpp"

namespace thalweg::bench {
namespace {

constexpr std::int64_t kFloat = sizeof(float);
/// Floats of one task of prefetched rows. The first rows of a task are not prefetched, so a task must be
/// long.
constexpr std::int64_t kRowsRun = 1 << 20;
/// Bytes or operations that a measurement is made of at least: some milliseconds of any machine.
constexpr double kAmount = 1e8, kOperations = 1e9;
/// Prefetching helps on some machines and memories and hurts on others: the better one is the limit.
constexpr std::array<std::int64_t, 2> kUpdateAhead{0, 1024};
constexpr std::array<std::int64_t, 3> kRowsAhead{0, 4, 16};

/// The result of a thread's loops, so that they are not optimised away.
thread_local volatile float sink = 0;

std::int64_t whole_steps(std::int64_t count) {
  return std::max<std::int64_t>(count / kStreamStep, 1) * kStreamStep;
}

int passes_for(double amount, double wanted) {
  return static_cast<int>(std::clamp(wanted / amount, 1.0, 1e6));
}

/// Memory of the host, whatever the context's device.
class HostFloats {
 public:
  explicit HostFloats(std::int64_t count) : data_(static_cast<float*>(host_memory.allocate(count * kFloat))) {
    std::fill(data_, data_ + count, 0.0f);
  }
  ~HostFloats() { host_memory.release(data_); }
  HostFloats(const HostFloats&) = delete;
  HostFloats& operator=(const HostFloats&) = delete;
  float* data() const { return data_; }

 private:
  float* data_;
};

/// Of a variant of the cpu backend, which this build has.
const StreamOps* ops_of(const std::string& variant) {
  const StreamOps* ops = nullptr;
#if defined(THALWEG_HAS_avx512)
  if (variant == "cpu:avx512") ops = &avx512::streams_cpu;
#endif
#if defined(THALWEG_HAS_avx2)
  if (variant == "cpu:avx2") ops = &avx2::streams_cpu;
#endif
#if defined(THALWEG_HAS_generic)
  if (variant == "cpu:generic") ops = &generic::streams_cpu;
#endif
  return ops;
}

/// The faster of several ways to do the same: tried once, then kept.
template <std::size_t N, class Run>
std::int64_t best_of(const std::array<std::int64_t, N>& ways, const Run& run) {
  std::int64_t best = ways[0];
  double most = 0;
  for (const std::int64_t way : ways) {
    const auto trial = timed_limit("", 1, [&] { run(way); });
    trial->rate(), trial->rate();
    if (trial->best() > most) most = trial->best(), best = way;
  }
  return best;
}

std::shared_ptr<Limit> fma_limit_of(const Context& ctx, const StreamOps& ops) {
  const std::int64_t tasks = 4 * ctx.threads();
  const double of_a_round = 2.0 * ops.lanes * kFmaChains;
  const auto rounds = static_cast<std::int64_t>(kOperations / (of_a_round * 4));
  const auto zeros = std::make_shared<HostFloats>(kFmaZeros);
  return timed_limit(
      "fma", of_a_round * static_cast<double>(rounds * tasks), [&ctx, &ops, tasks, rounds, zeros] {
        device_of(ctx).pool.run(tasks, [&](std::int64_t, int) { sink = ops.fma(rounds, zeros->data()); });
      });
}

}  // namespace

const StreamOps& stream_ops() { return *ops_of(cpu_variants().front()); }

std::shared_ptr<Limit> fma_limit(const Context& ctx) {
  std::shared_ptr<Limit> best;
  for (const std::string& variant : cpu_variants()) {
    const auto limit = fma_limit_of(ctx, *ops_of(variant));
    limit->rate(), limit->rate();
    if (!best || limit->best() > best->best()) best = limit;
  }
  return best;
}

/// Small memory is read by each thread in its own part, which stays in that core's cache.
std::shared_ptr<Limit> read_limit(const Context& ctx, std::int64_t bytes) {
  const int threads = ctx.threads();
  const std::int64_t part = whole_steps(bytes / kFloat / threads);
  const auto memory = std::make_shared<HostFloats>(part * threads);
  const int passes = passes_for(static_cast<double>(part * threads * kFloat), kAmount * threads);
  if (passes == 1) {
    const std::int64_t count = part * threads;
    return timed_limit("read", static_cast<double>(count * kFloat), [&ctx, memory, count] {
      over_chunks(ctx, count, [&](std::int64_t begin, std::int64_t n) {
        sink = stream_ops().read(memory->data() + begin, n);
      });
    });
  }
  const std::int64_t tasks = 4 * threads, passes_of_a_task = (passes + 3) / 4;
  const double amount = static_cast<double>(part * kFloat * tasks * passes_of_a_task);
  return timed_limit("read from cache", amount, [&ctx, memory, part, tasks, passes_of_a_task] {
    device_of(ctx).pool.run(tasks, [&](std::int64_t, int thread) {
      for (std::int64_t pass = 0; pass < passes_of_a_task; ++pass)
        sink = stream_ops().read(memory->data() + thread * part, part);
    });
  });
}

std::shared_ptr<Limit> read_matrix_limit(const Context& ctx, ConstMatrix rows) {
  const std::int64_t count = whole_steps(rows.rows * rows.cols);
  return timed_limit("read", static_cast<double>(count * kFloat), [&ctx, rows, count] {
    over_chunks(ctx, count,
                [&](std::int64_t begin, std::int64_t n) { sink = stream_ops().read(rows.data + begin, n); });
  });
}

std::shared_ptr<Limit> read_rows_limit(const Context& ctx, ConstMatrix rows, std::vector<std::int64_t> ids) {
  const auto count = static_cast<std::int64_t>(ids.size());
  const std::int64_t run = std::max<std::int64_t>(kRowsRun / std::max<std::int64_t>(rows.cols, 1), 1);
  const auto read = [&ctx, rows, ids = std::move(ids), count, run](std::int64_t ahead) {
    device_of(ctx).pool.run((count + run - 1) / run, [&](std::int64_t task, int) {
      const std::int64_t n = std::min(run, count - task * run);
      sink = stream_ops().read_rows(rows.data, ids.data() + task * run, n, rows.cols, ahead);
    });
  };
  const std::int64_t ahead = best_of(kRowsAhead, read);
  return timed_limit("read of rows", static_cast<double>(count * rows.cols * kFloat),
                     [read, ahead] { read(ahead); });
}

std::shared_ptr<Limit> update_limit(const Context& ctx, int states, std::int64_t count) {
  count = whole_steps(count);
  const std::int64_t stride = count + kChunk;  // arrays that lie a power of two apart share cache sets
  const auto memory = std::make_shared<HostFloats>((2 + states) * stride);
  const double bytes = static_cast<double>(kFloat * count * (3 + 2 * states));
  const int passes = passes_for(bytes, kAmount);
  const auto update = [&ctx, memory, states, count, stride, passes](std::int64_t ahead) {
    for (int pass = 0; pass < passes; ++pass) {
      over_chunks(ctx, count, [&](std::int64_t begin, std::int64_t n) {
        float* const at = memory->data() + begin;
        float* const state[kMostStates] = {at + 2 * stride, at + 3 * stride, at + 4 * stride};
        stream_ops().update(states, at, at + stride, state, n, ahead);
      });
    }
  };
  const std::int64_t ahead = best_of(kUpdateAhead, update);
  return timed_limit("update", bytes * passes, [update, ahead] { update(ahead); });
}

std::shared_ptr<Limit> stream_limit(const Context& ctx, Stream stream, std::int64_t bytes) {
  const std::int64_t count = whole_steps(bytes / kFloat), stride = count + kChunk;
  const auto memory = std::make_shared<HostFloats>(3 * stride);
  const double amount = static_cast<double>(count * kFloat * (stream == Stream::triad ? 3 : 2));
  return timed_limit("stream", amount, [&ctx, memory, stream, count, stride] {
    over_chunks(ctx, count, [&](std::int64_t begin, std::int64_t n) {
      float *const to = memory->data() + begin, *const a = to + stride, *const b = a + stride;
      if (stream == Stream::copy) stream_ops().copy(to, a, n);
      if (stream == Stream::copy_streaming) stream_ops().copy_streaming(to, a, n);
      if (stream == Stream::triad) stream_ops().triad(to, a, b, n);
    });
  });
}

}  // namespace thalweg::bench
