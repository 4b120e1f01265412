#pragma once
// The limits of this machine with a given number of threads, measured.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/bench/protocol.hpp"
#include "host/bench/streams.hpp"
#include "host/runtime/memory.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg::bench {

/// A measured rate or time by name.
struct MachineFigure {
  std::string name;  ///< "read", "copy", "fma", "cache.L2"
  std::string unit;  ///< "B/s", "flop/s", "s"
  double value = 0;
  std::int64_t bytes = 0;  ///< size of the working set; 0: it does not matter
};

struct MachineDescription {
  std::string device, processor;
  int threads = 0;  ///< number of threads in use
  int processors = 0;
  std::int64_t memory_bytes = 0;
  std::vector<std::int64_t> cache_bytes;  ///< L1 data, L2, L3; of one core where the core has its own
};
MachineDescription describe_machine(const Context& ctx);

/// The loops of the best instruction set of this machine.
const StreamOps& stream_ops();

// Limits over memory that they allocate, unless it is given. Bytes count what a program reads and writes.

/// Multiplications and additions, with the widest registers that reach most.
std::shared_ptr<Limit> fma_limit(const Context& ctx);
/// Reading `bytes`, once over where that takes some milliseconds, else again and again: each thread its own
/// part.
std::shared_ptr<Limit> read_limit(const Context& ctx, std::int64_t bytes);
/// Reading a matrix that is there in memory already, its rows as they lie or in the order of `ids`.
std::shared_ptr<Limit> read_matrix_limit(const Context& ctx, ConstMatrix rows);
std::shared_ptr<Limit> read_rows_limit(const Context& ctx, ConstMatrix rows, std::vector<std::int64_t> ids);
/// The traffic of an optimizer with so many states on `count` parameters.
std::shared_ptr<Limit> update_limit(const Context& ctx, int states, std::int64_t count);
/// A copy or triad over arrays of so many bytes each.
enum class Stream { copy, copy_streaming, triad };
std::shared_ptr<Limit> stream_limit(const Context& ctx, Stream stream, std::int64_t bytes);

/// The figures of the machine, and which of them binds a workload.
class Machine {
 public:
  /// `memory_bytes`: of an array that no cache holds.
  Machine(const Context& ctx, const Protocol& protocol, std::int64_t memory_bytes);

  const MachineDescription& description() const { return description_; }
  const std::vector<MachineFigure>& figures() const { return figures_; }
  double rate(const std::string& name) const;  ///< 0: not measured

  /// Sets limit and limit_amount of a case that goes over `working_set` bytes: operations or the memory that
  /// holds them, whichever takes longer.
  void bind(Case& subject, std::int64_t working_set) const;

 private:
  void measure_cpu(const Protocol& protocol);
  void measure_device(const Protocol& protocol);
  void add(const std::string& name, const std::string& unit, Limit& limit, const Protocol& protocol,
           std::int64_t bytes = 0);
  double read_rate(std::int64_t working_set) const;
  void bind_device(Case& subject, std::int64_t working_set) const;

  const Context& ctx_;
  std::int64_t memory_bytes_;
  MachineDescription description_;
  std::vector<MachineFigure> figures_;
};

}  // namespace thalweg::bench
