// The machine: what it is and the figures of it.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "host/bench/device_limits.hpp"
#include "host/bench/limits.hpp"
#include "host/runtime/device_of.hpp"
#include "host/runtime/processor.hpp"
#include "kernels/base/parallel.hpp"
#include "thalweg/devices.hpp"

namespace thalweg::bench {
namespace {

constexpr std::int64_t kMegabyte = 1 << 20;

/// Of matrices whose product keeps all of a GPU busy: together they take three quarters of the memory.
std::int64_t tensor_size(std::int64_t memory_bytes) {
  return static_cast<std::int64_t>(std::sqrt(static_cast<double>(memory_bytes) / 16));
}

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
  const std::string named = ctx.device() == "cuda" ? "cuda:0" : ctx.device();
  for (const DeviceInfo& device : devices()) {
    if (device.device == named && !device.name.empty()) return device.name;
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

/// A product of fast numerics has a rate of its own.
void Machine::measure_device(const Protocol& protocol) {
  add("copy", "B/s", *device_copy_limit(ctx_, memory_bytes_), protocol, 2 * memory_bytes_);
  const std::int64_t cached = std::min(device_l2_bytes() / 2, memory_bytes_);
  if (cached > 0) add("cache.L2", "B/s", *device_read_limit(ctx_, cached), protocol, cached);
  add("fma", "flop/s", *device_fma_limit(ctx_), protocol);
  if (device_of(ctx_).matrix_library != nullptr) {
    const std::int64_t size = tensor_size(memory_bytes_);
    add("tensor", "flop/s", *device_tensor_limit(ctx_, size), protocol, 12 * size * size);
  }
  for (const DeviceLatency& latency : device_latencies(ctx_, memory_bytes_)) {
    add(latency.name, "s", *latency.limit, protocol, latency.bytes);
    figures_.back().value = 1 / figures_.back().value;
  }
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
  if (device_of(ctx_).stream != nullptr) return bind_device(subject, working_set);
  const auto bytes = static_cast<double>(subject.cost.bytes_read + subject.cost.bytes_written);
  const auto operations = static_cast<double>(subject.cost.flops);
  if (operations / rate("fma") > bytes / read_rate(working_set)) {
    subject.limit = fma_limit(ctx_);
    subject.limit->expect(rate("fma"));
    subject.limit_amount = operations;
  } else {
    subject.limit = read_limit(ctx_, std::min(working_set, memory_bytes_));
    if (working_set >= memory_bytes_) subject.limit->expect(rate("read"));
    subject.limit_amount = bytes;
  }
}

void Machine::bind_device(Case& subject, std::int64_t working_set) const {
  const auto bytes = static_cast<double>(subject.cost.bytes_read + subject.cost.bytes_written);
  const auto operations = static_cast<double>(subject.cost.flops);
  const bool tensor = rate("tensor") > rate("fma"), cached = working_set <= device_l2_bytes() / 2;
  const double peak = rate(tensor ? "tensor" : "fma");
  subject.limit_amount = operations;
  if (operations / peak > bytes / rate(cached ? "cache.L2" : "copy")) {
    subject.limit = tensor ? device_tensor_limit(ctx_, tensor_size(memory_bytes_)) : device_fma_limit(ctx_);
    return subject.limit->expect(peak);
  }
  subject.limit = cached ? device_read_limit(ctx_, std::max(working_set, kMegabyte))
                         : device_copy_limit(ctx_, std::clamp(working_set / 2, kMegabyte, memory_bytes_));
  subject.limit_amount = bytes;
}

}  // namespace thalweg::bench
