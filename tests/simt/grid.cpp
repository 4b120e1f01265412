#include "grid.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>

#include "memory.hpp"
#include "sanitizers.hpp"

namespace simt {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? std::strtoull(value, nullptr, 10) : otherwise;
}

/// OS threads that each run their share of a launch; the caller is one of them.
class Crew {
 public:
  Crew() {
    const auto cores = number_from("THALWEG_SIMT_THREADS", std::thread::hardware_concurrency());
    const unsigned size = cores > 0 ? static_cast<unsigned>(cores) : 1;
    for (unsigned i = 0; i < size; ++i) workers_.push_back(std::make_unique<Worker>(i));
    for (unsigned i = 1; i < size; ++i) threads_.emplace_back([this, i] { serve(*workers_[i]); });
  }
  ~Crew() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void run(const std::function<void(Worker&)>& job, bool alone) {
    if (!alone) {
      const std::lock_guard lock(mutex_);
      job_ = &job;
      busy_ = threads_.size();
      ++round_;
    }
    if (!alone) wake_.notify_all();
    set_current_worker(workers_[0].get());
    job(*workers_[0]);
    set_current_worker(nullptr);
    if (alone) return;
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  void serve(Worker& worker) {
    set_current_worker(&worker);
    std::unique_lock lock(mutex_);
    for (std::uint64_t seen = 0;;) {
      wake_.wait(lock, [&] { return stop_ || round_ != seen; });
      if (stop_) return;
      seen = round_;
      lock.unlock();
      (*job_)(worker);
      lock.lock();
      if (--busy_ == 0) done_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(Worker&)>* job_ = nullptr;
  std::uint64_t round_ = 0;
  std::size_t busy_ = 0;
  bool stop_ = false;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
};

/// i -> (first + i * step) mod n with step coprime to n: a permutation that the seed picks.
struct Permutation {
  std::uint64_t n, first, step;

  explicit Permutation(std::uint64_t count) : n(count), first(mixed_seed(1) % count), step(1) {
    for (step = mixed_seed(2) % count; std::gcd(step, count) != 1; ++step) continue;
  }
  std::uint64_t operator()(std::uint64_t i) const { return (first + i * (step % n)) % n; }
};

/// The blocks that are resident together as set number `set`.
std::vector<uint3> blocks_of_set(const Launch& launch, std::uint64_t set) {
  const dim3 span = launch.cooperative ? launch.grid : launch.cluster;
  const std::uint64_t sets_x = launch.grid.x / span.x, sets_y = launch.grid.y / span.y;
  const auto x = static_cast<unsigned>(set % sets_x * span.x);
  const auto y = static_cast<unsigned>(set / sets_x % sets_y * span.y);
  const auto z = static_cast<unsigned>(set / sets_x / sets_y * span.z);
  std::vector<uint3> blocks;
  for (unsigned k = 0; k < span.z; ++k)
    for (unsigned j = 0; j < span.y; ++j)
      for (unsigned i = 0; i < span.x; ++i) blocks.push_back({x + i, y + j, z + k});
  return blocks;
}

}  // namespace

std::uint64_t mixed_seed(std::uint64_t salt) {
  static const std::uint64_t seed = number_from("THALWEG_SIMT_SEED", 0);
  std::uint64_t x = (seed + 1) * 0x9E3779B97F4A7C15u + salt * 0xD1B54A32D192ED03u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;  // splitmix64's finaliser
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

void run_grid(Launch& launch) {
  static Crew crew;
  static std::mutex one_launch_at_a_time;
  const std::lock_guard lock(one_launch_at_a_time);
  const DeviceAccess access;
  const dim3 span = launch.cooperative ? launch.grid : launch.cluster;
  const std::uint64_t sets =
      std::uint64_t{launch.grid.x / span.x} * (launch.grid.y / span.y) * (launch.grid.z / span.z);
  const Permutation order(sets);
  std::atomic<std::uint64_t> next{0};
  release(&launch.begin);
  crew.run(
      [&](Worker& worker) {
        worker.begin_launch(launch);
        for (std::uint64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < sets;)
          worker.run(blocks_of_set(launch, order(i)));
        worker.end_launch();
      },
      sets == 1);
  acquire(&launch.end);
}

}  // namespace simt
