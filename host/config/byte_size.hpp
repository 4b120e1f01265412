#pragma once
// Sizes in bytes, as settings write them.
#include <cstdint>
#include <optional>
#include <string_view>

namespace thalweg {

/// The bytes of "1000", "64kB", "512MB", "1.5 GB", "2GiB" or "1TB", whatever their case: kB, MB, GB and TB
/// are powers of 1000, KiB, MiB, GiB and TiB powers of 1024. Nothing for another text, or none or too many
/// bytes.
std::optional<std::int64_t> bytes_from(std::string_view text);

}  // namespace thalweg
