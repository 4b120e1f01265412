#pragma once
// CUDA threads, warps, blocks, and the sets of blocks that are resident together.
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fiber.hpp"
#include "shared.hpp"
#include "simt/device.hpp"
#include "simt/vector_types.hpp"

namespace simt {

struct Block;

struct Launch {
  std::string kernel;
  dim3 grid, threads, cluster;
  bool cooperative = false;
  std::size_t dynamic_shared = 0;
  std::size_t shared_limit = 0;  ///< static and dynamic together
  std::function<void()> body;    ///< what each CUDA thread runs
  Site site{};
  char begin = 0, end = 0;  ///< addresses of the race check's order: host -> threads -> host
};

struct Thread {
  Block* block = nullptr;
  Fiber* fiber = nullptr;
  uint3 index{};
  unsigned linear = 0;
  bool finished = false;
  bool fenced = false;        ///< has executed a fence, so its atomics release
  bool synchronised = false;  ///< knows what other threads of the block did
  const char* waits_for = nullptr;
  Site waits_at{};
  std::uint64_t result = 0;  ///< of the barrier or exchange it waited for
  struct PendingCopy {
    Copy copy;
    unsigned group;
    Site site;
  };
  std::vector<PendingCopy> copies;  ///< not yet done, oldest first
  unsigned copy_group = 0;          ///< the group that is open
};

/// Threads of a block, a cluster or a grid that wait for each other.
struct BarrierState {
  unsigned expected = 0;
  Barrier kind = Barrier::sync;
  unsigned agreeing = 0;
  unsigned phase = 0;
  std::vector<Thread*> waiting;
  std::unique_ptr<char[]> order;  ///< two addresses in turn, so that a phase cannot leak into the one before

  void reset(unsigned threads);
  char* token() { return &order[phase % 2]; }
};

/// Lanes that have arrived at an exchange and wait for the rest of its mask.
struct PendingExchange {
  PendingExchange() {}  // its lanes' entries are written as they arrive
  Exchange kind;
  std::uint32_t mask;
  std::uint32_t arrived;
  Thread* lane[32];
  std::uint64_t value[32];
  int argument[32];
  int width[32];
};

struct Warp {
  std::vector<PendingExchange> pending;
  std::uint32_t lanes = 0;     ///< that the block has
  std::uint32_t finished = 0;  ///< that have returned
  unsigned phase = 0;
  char* order = nullptr;  ///< two addresses for __syncwarp
};

struct Block {
  const Launch* launch = nullptr;
  uint3 index{};
  unsigned rank = 0;  ///< in its cluster or cooperative grid
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  std::unique_ptr<char[]> warp_order;
  dim3 extent{0};
  unsigned full_warps = 0, first_warp = 0;  ///< the order in which warps start
  bool lanes_descend = false;
  BarrierState barrier;
  SharedMemory shared;

  void reset(const Launch& launch, uint3 index, unsigned rank, SharedLayout& layout, SharedRegion& region);
};

/// One OS thread's part of a launch: sets of blocks, one after the other.
class Worker {
 public:
  explicit Worker(unsigned number);

  void begin_launch(const Launch& launch);
  /// Runs these blocks together until each thread has returned.
  void run(const std::vector<uint3>& blocks);
  void end_launch();

  Thread* running() const { return running_; }
  Block& block_of_rank(unsigned rank) { return *blocks_[rank]; }
  BarrierState& set_barrier() { return set_barrier_; }
  unsigned set_size() const { return set_size_; }

  void make_ready(Thread* thread) { ready_.push_back(thread); }
  /// Parks the running thread until make_ready.
  void park(const char* waits_for, Site site);

  std::string describe_shared(const void* address) const;

 private:
  static void fiber_body(Fiber& fiber);
  void run_threads();
  void resume(Thread* thread);
  Thread* next_unstarted();
  void start(Thread* thread, Fiber* fiber);
  void finish(Thread* thread);
  void recycle_fibers();
  [[noreturn]] void report_stuck() const;

  const Launch* launch_ = nullptr;
  std::vector<std::unique_ptr<Block>> blocks_;
  unsigned set_size_ = 0;
  BarrierState set_barrier_;
  SharedRegion region_;
  SharedLayout layout_;
  std::deque<std::unique_ptr<Fiber>> idle_;
  std::vector<Thread*> with_fiber_;  ///< threads of this set that were given a fiber of their own
  std::vector<Thread*> ready_;
  std::size_t next_ready_ = 0;
  unsigned next_block_ = 0, next_in_block_ = 0;  ///< the thread to start next
  std::size_t total_ = 0, done_ = 0;
  Thread* running_ = nullptr;
};

Worker* current_worker();
void set_current_worker(Worker* worker);
Thread* running_thread();
/// "" when the address is not in the shared memory of the running block.
std::string describe_shared_address(const void* address);

/// Checks what a returning thread may have left open: exchanges and asynchronous copies; see exchange.cpp.
void leave_warp(Thread& thread);

/// Spreads the seed (THALWEG_SIMT_SEED) over the orders that must not matter.
std::uint64_t mixed_seed(std::uint64_t salt);

}  // namespace simt
