#pragma once
#include <string>

#include "host/data/byte_source.hpp"

namespace thalweg::test {

/// All bytes of a source, `piece` at a time.
inline std::string read_all(ByteSource& source, std::int64_t piece = 1 << 20) {
  std::string all, part(static_cast<std::size_t>(piece), '\0');
  for (std::int64_t got = piece; got == piece;) {
    got = source.read(part.data(), piece);
    all.append(part, 0, static_cast<std::size_t>(got));
  }
  return all;
}

}  // namespace thalweg::test
