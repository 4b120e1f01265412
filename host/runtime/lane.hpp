#pragma once
// A call's hold on a lane of its context.
#include "host/runtime/lanes.hpp"
#include "thalweg/context.hpp"

namespace thalweg {

/// Until it ends, device_of(ctx) is on this thread the device of the lane. Calls inside the call share it.
/// Lanes of a thread end in the opposite order of their beginning.
class Lane {
 public:
  explicit Lane(const Context& ctx);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// The device that the calling thread has of these lanes: its lane's, else the first one's.
  static const LaneDevice& device_in(const Lanes& lanes) noexcept;

 private:
  explicit Lane(Lanes& lanes);
  static const Lane* find(const Lanes& lanes) noexcept;
  int selected_gpu() const noexcept;

  const Lane* const outer_;   ///< of the same thread
  const Lane* const shared_;  ///< the outer one that has the same lane and gives it back; null: none
  LaneDevice& device_;
};

}  // namespace thalweg
