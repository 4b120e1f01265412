#pragma once
// What the fuzz targets share: input as a file without touching the disk, and the one kind of failure
// allowed.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "thalweg/dataset.hpp"
#include "thalweg/error.hpp"

namespace thalweg::fuzz {

/// The bytes as a file in memory; gives its path. One file at a time: the next call replaces it.
const std::string& as_file(std::string_view bytes);

/// Hostile bytes end in a typed error or are read; any other exception, and any crash, is a finding.
template <class Read>
void only_typed_errors(const Read& read) {
  try {
    read();
  } catch (const Error&) {
  }
}

/// Reads `bytes` as training data of this format, then (when that worked) once more as test data.
void read_as_data(const std::string& format, std::string_view bytes);

inline std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace thalweg::fuzz
