// Barriers, lane exchanges, fences and asynchronous copies: where threads of a block meet.
#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

#include "block.hpp"
#include "report.hpp"
#include "sanitizers.hpp"

namespace simt {
namespace {

bool same(Site a, Site b) { return a.line == b.line && std::strcmp(a.file, b.file) == 0; }

std::string hex(std::uint32_t mask) {
  char digits[16];
  std::snprintf(digits, sizeof digits, "0x%08x", mask);
  return digits;
}

int barrier_result(Barrier kind, unsigned agreeing, unsigned expected) {
  switch (kind) {
    case Barrier::sync:
      return 0;
    case Barrier::count:
      return static_cast<int>(agreeing);
    case Barrier::all:
      return agreeing == expected;
    case Barrier::any:
      return agreeing > 0;
  }
  return 0;
}

int arrive(BarrierState& state, const char* name, Barrier kind, bool predicate, Site site) {
  const Unobserved scope;
  Worker& worker = *current_worker();
  Thread& self = *worker.running();
  if (state.waiting.empty()) {
    state.kind = kind;
    state.agreeing = 0;
  } else if (const Thread& other = *state.waiting.front();
             state.kind != kind || !same(other.waits_at, site)) {
    finding("divergent barrier: this thread is at " + std::string(name) + ", but block " +
                text(other.block->index) + " thread " + text(other.index) + " waits at " + other.waits_for +
                " at " + text(other.waits_at),
            site);
  }
  state.agreeing += predicate ? 1 : 0;
  self.synchronised = true;
  char* order = state.order != nullptr ? state.token() : nullptr;
  release(order);
  if (state.waiting.size() + 1 < state.expected) {
    state.waiting.push_back(&self);
    worker.park(name, site);
  } else {
    self.result = static_cast<std::uint64_t>(barrier_result(kind, state.agreeing, state.expected));
    // The order in which threads go on must not matter: the seed turns it round.
    if (mixed_seed(3) >> 63 != 0) std::reverse(state.waiting.begin(), state.waiting.end());
    for (Thread* thread : state.waiting) {
      thread->result = self.result;
      worker.make_ready(thread);
    }
    state.waiting.clear();
    ++state.phase;
  }
  acquire(order);
  return static_cast<int>(self.result);
}

const char* name_of(Exchange kind) {
  switch (kind) {
    case Exchange::sync:
      return "__syncwarp";
    case Exchange::shuffle:
      return "__shfl_sync";
    case Exchange::shuffle_up:
      return "__shfl_up_sync";
    case Exchange::shuffle_down:
      return "__shfl_down_sync";
    case Exchange::shuffle_xor:
      return "__shfl_xor_sync";
    case Exchange::all:
      return "__all_sync";
    case Exchange::any:
      return "__any_sync";
    case Exchange::ballot:
      return "__ballot_sync";
    case Exchange::match_any:
      return "__match_any_sync";
    default:
      return "__reduce_sync";
  }
}

/// The lane that `lane` reads; its own where CUDA says the value stays.
int source_lane(Exchange kind, int lane, int argument, int width) {
  const int first = lane & ~(width - 1), end = first + width;
  switch (kind) {
    case Exchange::shuffle:
      return first + (argument & (width - 1));
    case Exchange::shuffle_up:
      return argument > lane - first ? lane : lane - argument;
    case Exchange::shuffle_down:
      return argument >= end - lane ? lane : lane + argument;
    default:  // xor: into a later segment the value stays, an earlier one can be read
      return (lane ^ argument) >= end ? lane : lane ^ argument;
  }
}

std::uint32_t fold(Exchange kind, std::uint32_t a, std::uint32_t b) {
  const auto sa = static_cast<std::int32_t>(a), sb = static_cast<std::int32_t>(b);
  switch (kind) {
    case Exchange::add:
      return a + b;
    case Exchange::min_signed:
      return sb < sa ? b : a;
    case Exchange::max_signed:
      return sa < sb ? b : a;
    case Exchange::min_unsigned:
      return b < a ? b : a;
    case Exchange::max_unsigned:
      return a < b ? b : a;
    case Exchange::bit_and:
      return a & b;
    case Exchange::bit_or:
      return a | b;
    default:
      return a ^ b;
  }
}

template <class Visit>
void for_each_lane(std::uint32_t mask, Visit visit) {
  for (; mask != 0; mask &= mask - 1) visit(std::countr_zero(mask));
}

/// What each lane of a complete exchange gets.
void compute(const PendingExchange& all) {
  std::uint32_t agreeing = 0;
  for_each_lane(all.mask, [&](int l) { agreeing |= (all.value[l] != 0 ? 1u : 0u) << l; });
  switch (all.kind) {
    case Exchange::sync:
      return;
    case Exchange::shuffle:
    case Exchange::shuffle_up:
    case Exchange::shuffle_down:
    case Exchange::shuffle_xor:
      for_each_lane(all.mask, [&](int l) {
        const int from = source_lane(all.kind, l, all.argument[l], all.width[l]);
        // A lane that takes no part has no value: NaN in every format.
        all.lane[l]->result = (all.mask >> from & 1) != 0 ? all.value[from] : ~std::uint64_t{0};
      });
      return;
    case Exchange::all:
      for_each_lane(all.mask, [&](int l) { all.lane[l]->result = agreeing == all.mask; });
      return;
    case Exchange::any:
      for_each_lane(all.mask, [&](int l) { all.lane[l]->result = agreeing != 0; });
      return;
    case Exchange::ballot:
      for_each_lane(all.mask, [&](int l) { all.lane[l]->result = agreeing; });
      return;
    case Exchange::match_any:
      for_each_lane(all.mask, [&](int l) {
        std::uint32_t equal = 0;
        for_each_lane(all.mask, [&](int m) { equal |= (all.value[m] == all.value[l] ? 1u : 0u) << m; });
        all.lane[l]->result = equal;
      });
      return;
    default: {
      auto folded = static_cast<std::uint32_t>(all.value[std::countr_zero(all.mask)]);
      for_each_lane(all.mask & (all.mask - 1), [&](int l) {
        folded = fold(all.kind, folded, static_cast<std::uint32_t>(all.value[l]));
      });
      for_each_lane(all.mask, [&](int l) { all.lane[l]->result = folded; });
    }
  }
}

/// The exchange this lane joins; a new one when none is open. Ends the program when the masks do not fit.
PendingExchange& join(Warp& warp, Exchange kind, std::uint32_t mask, int lane, Site site) {
  const std::string name = name_of(kind);
  if ((mask >> lane & 1) == 0)
    finding("wrong mask: " + name + " with mask " + hex(mask) + " by lane " + std::to_string(lane) +
                ", which is not in it",
            site);
  if ((mask & ~warp.lanes) != 0)
    finding("wrong mask: " + name + " with mask " + hex(mask) + " in a warp that has only lanes " +
                hex(warp.lanes),
            site);
  if ((mask & warp.finished) != 0)
    finding("wrong mask: " + name + " with mask " + hex(mask) + " waits for lanes " +
                hex(mask & warp.finished) + ", which have returned",
            site);
  for (PendingExchange& open : warp.pending) {
    if ((open.mask & mask) == 0) continue;
    if (open.mask == mask && open.kind == kind) return open;
    const Thread& other = *open.lane[std::countr_zero(open.arrived)];
    finding("wrong mask: " + name + " with mask " + hex(mask) + " meets lane " +
                std::to_string(other.linear % 32) + " waiting at " + other.waits_for + " with mask " +
                hex(open.mask) + " at " + text(other.waits_at),
            site);
  }
  PendingExchange& open = warp.pending.emplace_back();
  open.kind = kind;
  open.mask = mask;
  open.arrived = 0;
  return open;
}

}  // namespace

int block_barrier(Barrier kind, bool predicate, Site site) {
  static constexpr const char* kNames[] = {"__syncthreads", "__syncthreads_count", "__syncthreads_and",
                                           "__syncthreads_or"};
  return arrive(running_thread()->block->barrier, kNames[static_cast<int>(kind)], kind, predicate, site);
}

void cluster_barrier(Site site) {
  arrive(current_worker()->set_barrier(), "cluster.sync", Barrier::sync, false, site);
}

void grid_barrier(Site site) {
  if (!running_thread()->block->launch->cooperative)
    finding("grid.sync in a kernel that was not launched by launch_cooperative", site);
  arrive(current_worker()->set_barrier(), "grid.sync", Barrier::sync, false, site);
}

std::uint64_t exchange(Exchange kind, std::uint32_t mask, std::uint64_t value, int argument, int width,
                       Site site) {
  const Unobserved scope;
  Worker& worker = *current_worker();
  Thread& self = *worker.running();
  const int lane = static_cast<int>(self.linear % 32);
  Warp& warp = self.block->warps[self.linear / 32];
  if (width < 1 || width > 32 || !std::has_single_bit(static_cast<unsigned>(width)))
    finding(std::string(name_of(kind)) + " with width " + std::to_string(width) +
                "; it must be a power of two up to 32",
            site);
  PendingExchange& open = join(warp, kind, mask, lane, site);
  open.lane[lane] = &self;
  open.value[lane] = value;
  open.argument[lane] = argument;
  open.width[lane] = width;
  open.arrived |= 1u << lane;
  // Only __syncwarp orders memory.
  char* order = kind == Exchange::sync && warp.order != nullptr ? &warp.order[warp.phase % 2] : nullptr;
  if (order != nullptr) {
    self.synchronised = true;
    release(order);
  }
  if (open.arrived != mask) {
    worker.park(name_of(kind), site);
  } else {
    compute(open);
    for_each_lane(mask & ~(1u << lane), [&](int l) { worker.make_ready(open.lane[l]); });
    if (&open != &warp.pending.back()) open = warp.pending.back();
    warp.pending.pop_back();
    if (kind == Exchange::sync) ++warp.phase;
  }
  if (order != nullptr) acquire(order);
  return self.result;
}

void leave_warp(Thread& thread) {
  if (!thread.copies.empty())
    finding("missing wait: this thread returned and never waited for its asynchronous copy",
            thread.copies.front().site);
  Warp& warp = thread.block->warps[thread.linear / 32];
  const std::uint32_t bit = 1u << (thread.linear % 32);
  warp.finished |= bit;
  for (const PendingExchange& open : warp.pending) {
    if ((open.mask & bit) == 0) continue;
    const Thread& other = *open.lane[std::countr_zero(open.arrived)];
    finding("wrong mask: this thread returned, but thread " + text(other.index) + " waits for it at " +
                other.waits_for + " with mask " + hex(open.mask),
            other.waits_at);
  }
}

void fence() { running_thread()->fenced = true; }

void before_atomic(const void* address) {
  if (races_checked() && running_thread()->fenced) release(const_cast<void*>(address));
}

void after_atomic(const void* address) {
  if (!races_checked()) return;
  running_thread()->synchronised = true;
  acquire(const_cast<void*>(address));
}

void copy_later(void* to, const void* from, int bytes, int valid_bytes, Site site) {
  const Unobserved scope;
  Thread& self = *running_thread();
  if (!self.block->shared.contains(to)) finding("an asynchronous copy must go to shared memory", site);
  if (valid_bytes < 0 || valid_bytes > bytes) finding("an asynchronous copy of more than its size", site);
  self.copies.push_back({{to, from, bytes, valid_bytes}, self.copy_group, site});
}

void commit_copies() { ++running_thread()->copy_group; }

bool next_due_copy(int pending, Copy& copy) {
  const Unobserved scope;
  Thread& self = *running_thread();
  if (self.copies.empty() || self.copies.front().group + static_cast<unsigned>(pending) >= self.copy_group)
    return false;
  copy = self.copies.front().copy;
  self.copies.erase(self.copies.begin());
  return true;
}

}  // namespace simt
