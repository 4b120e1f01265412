#pragma once
// Floats of 16 bits: float16 (IEEE 754 binary16) and bfloat16. C++20 has neither.
#include <bit>
#include <cstdint>

namespace thalweg {

/// The nearest float16, of two the even one; infinity from 65520 on.
inline std::uint16_t float16_of(float value) {
  const auto all = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(all >> 16 & 0x8000);
  const std::uint32_t size = all & 0x7FFFFFFF;
  if (size > 0x7F800000) return static_cast<std::uint16_t>(sign | 0x7E00);   // NaN
  if (size >= 0x47800000) return static_cast<std::uint16_t>(sign | 0x7C00);  // 65536 and more
  if (size < 0x38800000) {
    // Below 2^-14 the steps are those of floats from 0.5 to 1, so that an addition rounds.
    const float rounded = std::bit_cast<float>(size) + 0.5F;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(rounded) - 0x3F000000));
  }
  const std::uint32_t odd = size >> 13 & 1;
  return static_cast<std::uint16_t>(sign | (size - 0x38000000 + 0xFFF + odd) >> 13);
}

inline float float_of_float16(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits & 0x8000U} << 16, size = bits & 0x7FFFU;
  if (size >= 0x7C00) return std::bit_cast<float>(sign | 0x7F800000 | (size & 0x3FF) << 13);
  if (size >= 0x400) return std::bit_cast<float>(sign | ((size << 13) + 0x38000000));
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(static_cast<float>(size) * 0x1p-24F));
}

/// The nearest bfloat16 of a number, of two the even one.
inline std::uint16_t bfloat16_of(float value) {
  const auto all = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((all + 0x7FFF + (all >> 16 & 1)) >> 16);
}

inline float float_of_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

}  // namespace thalweg
