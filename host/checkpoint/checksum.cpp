#include "host/checkpoint/checksum.hpp"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

namespace thalweg {

struct Checksum::State {
  XXH3_state_t value;
};

Checksum::Checksum() : state_(std::make_unique<State>()) { XXH3_128bits_reset(&state_->value); }
Checksum::~Checksum() = default;

void Checksum::add(std::string_view bytes) {
  // mutant: all-bytes-summed
  if (!bytes.empty()) XXH3_128bits_update(&state_->value, bytes.data(), bytes.size());
}

std::string Checksum::hex() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state_->value);  // mutant: digest-taken
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string checksum(std::string_view bytes) {
  Checksum sum;
  sum.add(bytes);
  return sum.hex();
}

std::uint64_t checksum64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace thalweg
