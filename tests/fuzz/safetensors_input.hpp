#pragma once
#include "tests/fuzz/reader.hpp"

namespace thalweg::fuzz {

/// The safetensors file of this header.
inline std::string safetensors_of(std::string_view header, std::string_view data) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8)
    bytes += static_cast<char>(std::uint64_t{header.size()} >> shift);
  return bytes.append(header).append(data);
}

}  // namespace thalweg::fuzz
