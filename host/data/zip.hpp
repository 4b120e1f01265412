#pragma once
// Members of a zip archive, stored or deflated: what npz files are made of (APPNOTE.TXT 6.3, zip64 included).
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/data/byte_source.hpp"
#include "host/data/input_file.hpp"

namespace thalweg {

struct ZipMember {
  std::string name;
  int method = 0;  ///< 0 stored, 8 deflated
  std::uint32_t crc = 0;
  std::int64_t stored = 0;  ///< bytes in the archive
  std::int64_t size = 0;    ///< bytes when inflated
  std::int64_t header_offset = 0;
};

/// The archive's directory; throws DataError where it is damaged, and for a pipe: it lies at the end.
std::vector<ZipMember> list_zip(const InputFile& file);

/// The bytes of a member; its checksum is compared at the end.
std::unique_ptr<ByteSource> open_zip_member(std::shared_ptr<const InputFile> file, const ZipMember& member);

}  // namespace thalweg
