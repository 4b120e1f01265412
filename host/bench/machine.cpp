// The machine: what it is and the figures of it.
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "host/bench/limits.hpp"
#include "host/runtime/device_of.hpp"
#include "host/runtime/processor.hpp"
#include "kernels/base/parallel.hpp"
#include "thalweg/devices.hpp"

namespace thalweg::bench {
namespace {

constexpr std::int64_t kMegabyte = 1 << 20;
/// Launches that a latency is taken over.
constexpr int kLaunches = 1000;

std::int64_t system_value(int name) { return std::max<std::int64_t>(sysconf(name), 0); }

std::vector<std::int64_t> cache_sizes() {
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  return {system_value(_SC_LEVEL1_DCACHE_SIZE), system_value(_SC_LEVEL2_CACHE_SIZE),
          system_value(_SC_LEVEL3_CACHE_SIZE)};
#else
  return {};
#endif
}

std::string device_name(const Context& ctx) {
  for (const DeviceInfo& device : devices()) {
    if (device.device == ctx.device() && !device.name.empty()) return device.name;
  }
  const std::string name = processor_name();
  return name.empty() ? "unknown" : name;
}

}  // namespace

MachineDescription describe_machine(const Context& ctx) {
  return {.device = device_of(ctx).stream != nullptr ? ctx.device() : backend_of(ctx).name,
          .processor = device_name(ctx),
          .threads = ctx.threads(),
          .processors = static_cast<int>(std::thread::hardware_concurrency()),
          .memory_bytes = machine_memory_bytes(),
          .cache_bytes = cache_sizes()};
}

Machine::Machine(const Context& ctx, const Protocol& protocol, std::int64_t memory_bytes)
    : ctx_(ctx), memory_bytes_(memory_bytes), description_(describe_machine(ctx)) {
  if (device_of(ctx).stream != nullptr) {
    measure_device(protocol);
  } else {
    measure_cpu(protocol);
  }
}

void Machine::add(const std::string& name, const std::string& unit, Limit& limit, const Protocol& protocol,
                  std::int64_t bytes) {
  limit.rate();  // touches the memory
  for (int r = 0; r < protocol.repetitions; ++r) limit.rate();
  figures_.push_back({name, unit, limit.best(), bytes});
}

void Machine::measure_cpu(const Protocol& protocol) {
  add("read", "B/s", *read_limit(ctx_, memory_bytes_), protocol, memory_bytes_);
  add("copy", "B/s", *stream_limit(ctx_, Stream::copy, memory_bytes_), protocol, 2 * memory_bytes_);
  add("copy.streaming", "B/s", *stream_limit(ctx_, Stream::copy_streaming, memory_bytes_), protocol,
      2 * memory_bytes_);
  add("triad", "B/s", *stream_limit(ctx_, Stream::triad, memory_bytes_), protocol, 3 * memory_bytes_);
  add("update", "B/s", *update_limit(ctx_, 2, memory_bytes_ / 4), protocol, 4 * memory_bytes_);
  for (std::size_t level = 0; level < description_.cache_bytes.size(); ++level) {
    // Half of a cache of the core's own; of a shared one a part that a neighbour may leave.
    const std::int64_t cache = description_.cache_bytes[level];
    if (cache == 0) continue;
    const std::int64_t bytes =
        level < 2 ? cache / 2 * description_.threads : std::min(cache / 2, 12 * kMegabyte);
    add("cache.L" + std::to_string(level + 1), "B/s", *read_limit(ctx_, bytes), protocol, bytes);
  }
  add("fma", "flop/s", *fma_limit(ctx_), protocol);
}

/// Measures the bandwidth of copies and the time of a launch, a graph launch and a wait. The launched work
/// fills four bytes, the least work of a device.
void Machine::measure_device(const Protocol& protocol) {
  add("copy", "B/s", *device_copy_limit(ctx_, memory_bytes_), protocol, 2 * memory_bytes_);
  const MemoryOps& memory = backend_of(ctx_).memory;
  Buffer<float> word(ctx_, 1);
  const auto latency = [&](const std::string& name, const auto& once, bool wait) {
    const auto limit = timed_limit(name, kLaunches, [&] {
      for (int i = 0; i < kLaunches; ++i) {
        once();
        if (wait) memory.synchronize(device_of(ctx_));
      }
      memory.synchronize(device_of(ctx_));
    });
    add(name, "s", *limit, protocol);
    figures_.back().value = 1 / figures_.back().value;
  };
  const auto launch = [&] { memory.zero(device_of(ctx_), word.data(), sizeof(float)); };
  latency("launch", launch, false);
  latency("launch_and_wait", launch, true);
  const GraphOps& graphs = *backend_of(ctx_).graphs;
  graphs.begin_capture(device_of(ctx_));
  launch();
  void* const graph = graphs.end_capture(device_of(ctx_));
  latency(
      "graph", [&] { graphs.launch(device_of(ctx_), graph); }, false);
  graphs.destroy(graph);
}

double Machine::rate(const std::string& name) const {
  for (const MachineFigure& figure : figures_) {
    if (figure.name == name) return figure.value;
  }
  return 0;
}

/// Returns the read rate of the smallest cache that holds the working set, else of memory.
double Machine::read_rate(std::int64_t working_set) const {
  for (const MachineFigure& figure : figures_) {
    if (figure.name.starts_with("cache.") && working_set <= 2 * figure.bytes) return figure.value;
  }
  return rate("read");
}

void Machine::bind(Case& subject, std::int64_t working_set) const {
  const auto bytes = static_cast<double>(subject.cost.bytes_read + subject.cost.bytes_written);
  const auto operations = static_cast<double>(subject.cost.flops);
  if (device_of(ctx_).stream != nullptr) {
    subject.limit = device_copy_limit(ctx_, std::clamp(working_set / 2, kMegabyte, memory_bytes_));
    subject.limit_amount = bytes;
  } else if (operations / rate("fma") > bytes / read_rate(working_set)) {
    subject.limit = fma_limit(ctx_);
    subject.limit->expect(rate("fma"));
    subject.limit_amount = operations;
  } else {
    subject.limit = read_limit(ctx_, std::min(working_set, memory_bytes_));
    if (working_set >= memory_bytes_) subject.limit->expect(rate("read"));
    subject.limit_amount = bytes;
  }
}

}  // namespace thalweg::bench
