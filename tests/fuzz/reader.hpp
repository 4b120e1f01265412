#pragma once
// What the fuzz targets share: input as files without touching the disk, and the one kind of failure allowed.
//
// A target is a function of bytes and nothing else, so that what is found, and the corpus, can be replayed in
// any build (replay.cpp). Checksums and lengths would keep a fuzzer from what lies behind them: the first
// byte of an input, its choice, says whether they are made to fit.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/dataset.hpp"
#include "thalweg/error.hpp"

namespace thalweg::fuzz {

/// Separates the pieces of an input that stands for several files.
constexpr std::string_view kCut = "\xFF\xFE\xFF";

/// The bytes as a file in memory; gives its path. One file per slot: the next call replaces it.
const std::string& as_file(std::string_view bytes, std::size_t slot = 0);

/// `bytes` cut at kCut into exactly `count` pieces; the last keeps what is left.
std::vector<std::string_view> pieces_of(std::string_view bytes, std::size_t count);

/// Hostile bytes end in a typed error or are read; any other exception, and any crash, is a finding.
template <class Read>
void only_typed_errors(const Read& read) {
  try {
    read();
  } catch (const Error&) {
  }
}

/// Reads `bytes` as training data of config.format, then (when that worked) once more as test data. `choice`
/// picks further settings, so that the fuzzer finds those too.
void read_as_data(DataConfig config, unsigned char choice, std::string_view bytes);

/// The same for a format whose labels are a file of their own: features, labels and weights are pieces of
/// `bytes`. `rows` says how many rows of labels to make up where there is one piece only.
void read_as_data_and_labels(DataConfig config, unsigned char choice, std::string_view bytes,
                             std::int64_t rows);

inline std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace thalweg::fuzz
