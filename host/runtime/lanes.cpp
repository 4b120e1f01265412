#include "host/runtime/lanes.hpp"

#include <unistd.h>

#include <memory>

#include "thalweg/error.hpp"

namespace thalweg {

// The base refers to members that are made after it; nobody reads them before.
LaneDevice::LaneDevice(Lanes& owner, const MemoryOps& memory, int threads)
    : Device{.pool = own_pool_, .scratch = own_scratch_},
      lanes(owner),
      own_pool_(threads),
      own_scratch_(memory) {}

pid_t Lanes::this_process() { return ::getpid(); }

Lanes::~Lanes() {
  for (LaneDevice* lane = first_.next.load(); lane != nullptr;) {
    const std::unique_ptr<LaneDevice> done(lane);
    lane = lane->next.load();
  }
}

LaneDevice& Lanes::take() {
  if (first_.gpu >= 0) return take_turn();
  LaneDevice* lane = &first_;
  while (lane->taken.exchange(true, std::memory_order_acquire)) lane = &after(*lane);  // mutant: own-lane
  return *lane;
}

LaneDevice& Lanes::take_turn() {
  if (this_process() != process_)
    throw UsageError("a GPU belongs to the process that made the context, not to a child that it forked");
  while (first_.taken.exchange(true, std::memory_order_acquire))
    first_.taken.wait(true, std::memory_order_relaxed);
  return first_;
}

LaneDevice& Lanes::after(LaneDevice& lane) {
  LaneDevice* next = lane.next.load(std::memory_order_acquire);
  if (next != nullptr) return *next;
  auto made = std::make_unique<LaneDevice>(*this, memory_, 1);
  if (!lane.next.compare_exchange_strong(next, made.get(), std::memory_order_acq_rel)) return *next;
  return *made.release();
}

void Lanes::give_back(LaneDevice& lane) noexcept {
  lane.taken.store(false, std::memory_order_release);  // mutant: lane-given-back
  if (lane.gpu >= 0) lane.taken.notify_one();
}

}  // namespace thalweg
