#pragma once
// A stable sort of pairs by their keys.
#include <cstdint>

#include "kernels/base/device.hpp"

namespace thalweg::cuda {

struct Pairs {
  std::uint32_t* keys;
  std::int32_t* values;
};

inline Pairs take_pairs(const Scratch::Frame& frame, std::int64_t count) {
  return {frame.take<std::uint32_t>(count), frame.take<std::int32_t>(count)};
}

constexpr std::uint32_t kLargestKey = 0xffffffffu;

/// Pairs of equal keys keep their order. Fewer than 2^31 pairs. Where the device alone knows how many there
/// are, the rest has kLargestKey.
void sort_pairs(const Device& device, Pairs pairs, std::int64_t count);

}  // namespace thalweg::cuda
