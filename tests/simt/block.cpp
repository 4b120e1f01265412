#include "block.hpp"

#include <map>

#include "report.hpp"
#include "sanitizers.hpp"

constinit thread_local uint3 threadIdx{};
constinit thread_local uint3 blockIdx{};
constinit thread_local dim3 blockDim{};
constinit thread_local dim3 gridDim{};

namespace simt {
namespace {

thread_local Worker* this_worker = nullptr;

constexpr std::size_t kSpareFibers = 7;

uint3 unravel(unsigned linear, dim3 extent) {
  return {linear % extent.x, linear / extent.x % extent.y, linear / extent.x / extent.y};
}

bool same_extent(dim3 a, dim3 b) { return a.x == b.x && a.y == b.y && a.z == b.z; }

}  // namespace

Worker* current_worker() { return this_worker; }
void set_current_worker(Worker* worker) { this_worker = worker; }
Thread* running_thread() { return this_worker != nullptr ? this_worker->running() : nullptr; }
unsigned lane() { return running_thread()->linear % 32; }
unsigned cluster_rank() { return running_thread()->block->rank; }
unsigned cluster_size() { return this_worker->set_size(); }

void BarrierState::reset(unsigned threads) {
  expected = threads;
  phase = 0;
  waiting.clear();
  order.reset(races_checked() ? new char[2] : nullptr);  // new addresses: no order with the blocks before
}

void Block::reset(const Launch& from, uint3 at, unsigned number, SharedLayout& layout, SharedRegion& region) {
  launch = &from;
  index = at;
  rank = number;
  const unsigned count = from.threads.x * from.threads.y * from.threads.z;
  if (threads.size() != count || !same_extent(extent, from.threads)) {
    extent = from.threads;
    threads.resize(count);
    for (unsigned i = 0; i < count; ++i) {
      threads[i].block = this;
      threads[i].index = unravel(i, extent);
      threads[i].linear = i;
    }
  }
  for (Thread& thread : threads) {
    thread.fiber = nullptr;
    thread.finished = thread.fenced = thread.synchronised = false;
    thread.copies.clear();
    thread.copy_group = 0;
  }
  warps.resize((count + 31) / 32);
  warp_order.reset(races_checked() ? new char[2 * warps.size()] : nullptr);
  for (unsigned w = 0; w < warps.size(); ++w) {
    const unsigned lanes = std::min(32u, count - 32 * w);
    warps[w].pending.clear();
    warps[w].lanes = lanes == 32 ? ~0u : (1u << lanes) - 1;
    warps[w].finished = warps[w].phase = 0;
    warps[w].order = warp_order.get() + (races_checked() ? 2 * w : 0);
  }
  const std::uint64_t seed = mixed_seed(at.x + 131u * at.y + 17389u * at.z);
  full_warps = count / 32;
  first_warp = full_warps > 0 ? static_cast<unsigned>(seed % full_warps) : 0;
  lanes_descend = (seed >> 60 & 1) != 0;
  barrier.reset(count);
  shared.reset(region, layout, from.dynamic_shared, from.shared_limit);
}

Worker::Worker(unsigned) {}

void Worker::begin_launch(const Launch& launch) {
  launch_ = &launch;
  blockDim = launch.threads;
  gridDim = launch.grid;
  region_.begin();
}

void Worker::end_launch() {
  region_.end();
  launch_ = nullptr;
}

void Worker::run(const std::vector<uint3>& indices) {
  set_size_ = static_cast<unsigned>(indices.size());
  layout_.reset(launch_->dynamic_shared);
  region_.next_set();
  while (blocks_.size() < set_size_) blocks_.push_back(std::make_unique<Block>());
  for (unsigned i = 0; i < set_size_; ++i) blocks_[i]->reset(*launch_, indices[i], i, layout_, region_);
  total_ = set_size_ * blocks_[0]->threads.size();
  set_barrier_.reset(static_cast<unsigned>(total_));
  ready_.clear();
  next_ready_ = next_block_ = next_in_block_ = 0;
  done_ = 0;
  run_threads();
  recycle_fibers();
}

void Worker::run_threads() {
  while (done_ < total_) {
    if (next_ready_ < ready_.size()) {
      Thread* thread = ready_[next_ready_++];
      if (next_ready_ == ready_.size()) {
        ready_.clear();
        next_ready_ = 0;
      }
      resume(thread);
    } else if (Thread* thread = next_unstarted()) {
      // Spare ones, so that equal threads of two blocks do not share a history.
      const std::size_t needed = races_checked() ? total_ - with_fiber_.size() + kSpareFibers : 1;
      while (idle_.size() < needed) idle_.push_back(std::make_unique<Fiber>(&Worker::fiber_body));
      Fiber* fiber = idle_.front().release();
      idle_.pop_front();
      start(thread, fiber);
      resume(thread);
    } else {
      report_stuck();
    }
  }
  running_ = nullptr;
}

void Worker::resume(Thread* thread) {
  running_ = thread;
  threadIdx = thread->index;
  blockIdx = thread->block->index;
  thread->fiber->enter();
}

/// Warps in an order that the seed decides, lanes up or down.
Thread* Worker::next_unstarted() {
  if (next_in_block_ == blocks_[next_block_]->threads.size()) {
    if (next_block_ + 1 == set_size_) return nullptr;
    ++next_block_;
    next_in_block_ = 0;
  }
  Block& block = *blocks_[next_block_];
  const unsigned k = next_in_block_++;
  if (k >= 32 * block.full_warps) return &block.threads[k];
  unsigned warp = k / 32 + block.first_warp;
  if (warp >= block.full_warps) warp -= block.full_warps;
  return &block.threads[32 * warp + (block.lanes_descend ? 31 - k % 32 : k % 32)];
}

void Worker::start(Thread* thread, Fiber* fiber) {
  thread->fiber = fiber;
  running_ = thread;
  threadIdx = thread->index;
  blockIdx = thread->block->index;
  if (races_checked()) {
    with_fiber_.push_back(thread);
    fiber->name(("kernel " + launch_->kernel + " b" + text(thread->block->index) + " t" + text(thread->index))
                    .c_str());
  }
}

/// Runs threads one after the other, without a switch as long as none of them has to wait.
void Worker::fiber_body(Fiber& fiber) {
  Worker& worker = *this_worker;
  for (;;) {
    acquire(const_cast<char*>(&worker.launch_->begin));
    worker.launch_->body();
    worker.finish(worker.running_);
    release(const_cast<char*>(&worker.launch_->end));
    Thread* next =
        races_checked() || worker.next_ready_ < worker.ready_.size() ? nullptr : worker.next_unstarted();
    if (next == nullptr) break;
    worker.start(next, &fiber);
  }
  if (!races_checked()) worker.idle_.emplace_front(&fiber);
  fiber.leave();
}

void Worker::finish(Thread* thread) {
  thread->finished = true;
  ++done_;
  leave_warp(*thread);
}

/// Under the race check a fiber that learnt of other threads is replaced, or the order within this block
/// would pass for an order between blocks.
void Worker::recycle_fibers() {
  for (Thread* thread : with_fiber_) {
    std::unique_ptr<Fiber> fiber(thread->fiber);
    if (!thread->synchronised) idle_.push_back(std::move(fiber));
  }
  with_fiber_.clear();
}

void Worker::park(const char* waits_for, Site site) {
  Thread* self = running_;
  self->waits_for = waits_for;
  self->waits_at = site;
  self->fiber->leave();
  self->waits_for = nullptr;
}

std::string Worker::describe_shared(const void* address) const {
  for (unsigned i = 0; i < set_size_; ++i) {
    const std::string found = blocks_[i]->shared.describe(address);
    if (!found.empty()) return found + " of block " + text(blocks_[i]->index);
  }
  return "";
}

std::string describe_shared_address(const void* address) {
  return this_worker != nullptr && running_thread() != nullptr ? this_worker->describe_shared(address) : "";
}

void Worker::report_stuck() const {
  struct Group {
    const Thread* first;
    std::size_t count;
  };
  std::map<std::string, Group> groups;
  std::size_t returned = 0;
  for (unsigned b = 0; b < set_size_; ++b) {
    for (const Thread& thread : blocks_[b]->threads) {
      if (thread.finished) {
        ++returned;
      } else {
        ++groups
              .try_emplace(std::string(thread.waits_for) + " at " + text(thread.waits_at), Group{&thread, 0})
              .first->second.count;
      }
    }
  }
  std::string message = "kernel \"" + launch_->kernel + "\" cannot go on:";
  for (const auto& [place, group] : groups) {
    message += " block " + text(group.first->block->index) + " thread " + text(group.first->index) +
               " waits at " + place + " (" + std::to_string(group.count) + " of " + std::to_string(total_) +
               " threads wait there);";
  }
  fatal(message + " " + std::to_string(returned) + " of " + std::to_string(total_) + " threads returned");
}

}  // namespace simt
