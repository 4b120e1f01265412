#include "host/ranks/packed_gradient.hpp"

#include <algorithm>

#include "host/ranks/fold.hpp"

namespace thalweg {

PackedGradient::PackedGradient(std::int64_t floats, const TouchedElements& touched)
    : touched_(touched), end_(segment_end(touched)), behind_(floats - end_) {}

/// visit(place among the packed ones, place in the arena)
template <class Visit>
void PackedGradient::for_each_touched(const Visit& visit) const {
  if (!packs()) return;
  std::int64_t packed = rest();
  for (std::int64_t output = 0; output < touched_.outputs; ++output) {
    for (std::int64_t t = 0; t < *touched_.count; ++t)
      visit(packed++, touched_.offset + output * touched_.in_features + touched_.features[t]);
  }
}

void PackedGradient::pack(const float* arena, float* packed) const {
  std::copy_n(arena, touched_.offset, packed);
  std::copy_n(arena + end_, behind_, packed + touched_.offset);
  for_each_touched([&](std::int64_t to, std::int64_t from) { packed[to] = arena[from]; });
}

void PackedGradient::unpack(const float* packed, float* arena) const {
  std::copy_n(packed, touched_.offset, arena);
  std::copy_n(packed + touched_.offset, behind_, arena + end_);
  for_each_touched([&](std::int64_t from, std::int64_t to) { arena[to] = packed[from]; });
}

}  // namespace thalweg
