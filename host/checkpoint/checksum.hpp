#pragma once
// XXH3 with 128 bits, written as 32 hexadecimal digits (the canonical, big-endian form that xxhsum prints).
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

}  // namespace thalweg
