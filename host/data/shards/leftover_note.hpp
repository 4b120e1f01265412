#pragma once
#include <cstdint>
#include <string>

namespace thalweg {

/// What became of `found` files that a conversion left when it was killed: `reused` of them are among the
/// `shards` of this one. Empty where nothing was left.
std::string note_of_leftovers(std::int64_t found, std::int64_t reused, std::int64_t shards);

}  // namespace thalweg
