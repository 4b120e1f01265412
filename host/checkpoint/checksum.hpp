#pragma once
// XXH3 with 128 bits, written as 32 hexadecimal digits (the canonical, big-endian form that xxhsum prints).
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace thalweg {

/// A checksum of bytes that come in pieces.
class Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(const Checksum&) = delete;
  Checksum& operator=(const Checksum&) = delete;

  void add(std::string_view bytes);
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string checksum(std::string_view bytes);

/// XXH3 with 64 bits, for one of many pieces.
std::uint64_t checksum64(std::string_view bytes);

}  // namespace thalweg
