#pragma once
// A gradient without the elements that no row of its batch touches, for ranks to exchange.
#include "kernels/base/touched.hpp"

namespace thalweg {

class PackedGradient {
 public:
  /// An arena of `floats`, in one segment of which the touched elements alone count. Without features
  /// everything counts.
  PackedGradient(std::int64_t floats, const TouchedElements& touched);

  bool packs() const { return touched_.features != nullptr; }
  /// Floats: of any batch, and of the one whose features were listed last.
  std::int64_t most() const { return rest() + touched_.capacity * touched_.outputs; }
  std::int64_t size() const { return rest() + (packs() ? *touched_.count * touched_.outputs : 0); }
  void pack(const float* arena, float* packed) const;
  /// Leaves what does not count as it is.
  void unpack(const float* packed, float* arena) const;

 private:
  std::int64_t rest() const { return touched_.offset + behind_; }
  template <class Visit>
  void for_each_touched(const Visit& visit) const;

  TouchedElements touched_;
  std::int64_t end_, behind_;  ///< of the segment, and floats of the arena behind it
};

}  // namespace thalweg
