#pragma once
// What a rank does between two looks for messages.
#include <chrono>
#include <cstdint>
#include <thread>

namespace thalweg {

/// Looks again and again for a moment, then sleeps between looks. A sleeper gets a busy core back at once;
/// who yields it waits for the time slices of others.
class Idle {
 public:
  void wait() {
    if (++looks_ > kBusyLooks) std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  /// Now and then, because it costs.
  bool looks_around() const { return looks_ % 64 == 63; }

 private:
  static constexpr int kBusyLooks = 100;
  std::int64_t looks_ = 0;
};

}  // namespace thalweg
