#pragma once
// Zip archives, of which npz files are made.
#include <string>
#include <utility>
#include <vector>

#include "tests/support/data_files.hpp"
#include "tests/support/deflate.hpp"

namespace thalweg::test {

/// A zip archive (APPNOTE.TXT) of these members; zip64 fields as numpy writes them in local headers, and in
/// the directory where `big` is set, as in archives of more than 4 GiB.
inline std::string zip(const std::vector<std::pair<std::string, std::string>>& members, bool deflate_them,
                       std::uint32_t crc_error = 0, bool big = false) {
  std::string archive, directory;
  for (const auto& [name, bytes] : members) {
    const std::string stored = deflate_them ? deflated(bytes, kRawDeflate) : bytes;
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()) ^ crc_error;
    std::string common;
    append_little(common, 0, 2);
    append_little(common, deflate_them ? 8 : 0, 2);
    append_little(common, 0, 4);
    append_little(common, crc, 4);
    const std::size_t offset = archive.size();
    archive += "PK\x03\x04";
    append_little(archive, 45, 2);
    archive += common;
    append_little(archive, 0xFFFFFFFF, 4);
    append_little(archive, 0xFFFFFFFF, 4);
    append_little(archive, name.size(), 2);
    append_little(archive, 20, 2);
    archive += name;
    append_little(archive, 1, 2);
    append_little(archive, 16, 2);
    append_little(archive, bytes.size(), 8);
    append_little(archive, stored.size(), 8);
    archive += stored;
    directory += "PK\x01\x02";
    append_little(directory, 45 | 45 << 16, 4);
    directory += common;
    append_little(directory, big ? 0xFFFFFFFF : stored.size(), 4);
    append_little(directory, big ? 0xFFFFFFFF : bytes.size(), 4);
    append_little(directory, name.size(), 2);
    append_little(directory, big ? 32 : 0, 2);
    append_little(directory, 0, 10);
    append_little(directory, big ? 0xFFFFFFFF : offset, 4);
    directory += name;
    if (!big) continue;
    append_little(directory, 0x7777, 2);  // a field of no bytes that nobody knows
    append_little(directory, 0, 2);
    append_little(directory, 1, 2);
    append_little(directory, 24, 2);
    append_little(directory, bytes.size(), 8);
    append_little(directory, stored.size(), 8);
    append_little(directory, offset, 8);
  }
  const std::size_t begin = archive.size();
  archive += directory;
  if (big) {  // the zip64 end record and its locator
    const std::size_t record = archive.size();
    archive += "PK\x06\x06";
    append_little(archive, 44, 8);
    append_little(archive, 45 | 45 << 16, 4);
    append_little(archive, 0, 8);
    append_little(archive, members.size(), 8);
    append_little(archive, members.size(), 8);
    append_little(archive, directory.size(), 8);
    append_little(archive, begin, 8);
    archive += "PK\x06\x07";
    append_little(archive, 0, 4);
    append_little(archive, record, 8);
    append_little(archive, 1, 4);
  }
  archive += "PK\x05\x06";
  append_little(archive, 0, 4);
  append_little(archive, big ? 0xFFFF : members.size(), 2);
  append_little(archive, big ? 0xFFFF : members.size(), 2);
  append_little(archive, big ? 0xFFFFFFFF : directory.size(), 4);
  append_little(archive, big ? 0xFFFFFFFF : begin, 4);
  append_little(archive, 0, 2);
  return archive;
}

}  // namespace thalweg::test
