#include "host/data/inflater.hpp"

namespace thalweg {

extern const Compression gzip_compression, zstd_compression, bzip2_compression, xz_compression;

namespace {

constexpr const Compression* kCompressions[] = {&gzip_compression, &zstd_compression, &bzip2_compression,
                                                &xz_compression};

}  // namespace

const Compression* compression_of(std::string_view head) {
  for (const Compression* compression : kCompressions)
    if (compression->begins(head)) return compression;
  return nullptr;
}

std::string_view without_compression(std::string_view name) {
  for (const Compression* compression : kCompressions)
    if (name.ends_with(compression->ending)) return name.substr(0, name.size() - compression->ending.size());
  return name;
}

}  // namespace thalweg
