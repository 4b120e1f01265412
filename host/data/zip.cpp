#include "host/data/zip.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::uint64_t kNewestVersion = 63;  // version of APPNOTE.TXT, times ten
constexpr std::uint64_t kUnreadableFlags = 1 << 0 | 1 << 5 | 1 << 6;

DataError damaged(const std::string& path) {
  return DataError(
      fmt::format("{} is a damaged or cut off npz (zip) archive: its directory does not fit", path));
}

std::string read_inside(const InputFile& file, std::int64_t offset, std::int64_t count) {
  if (offset < 0 || count < 0 || offset > file.size() - count) throw damaged(file.path());
  return file.read_at(offset, count);
}

/// Little-endian number of `count` bytes.
std::uint64_t little(const std::string& bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
  return value;
}
std::int64_t offset_of(const std::string& bytes, std::size_t at, std::size_t count) {
  return static_cast<std::int64_t>(little(bytes, at, count));
}

struct Directory {
  std::int64_t offset = 0, size = 0, members = 0;
};

Directory find_directory(const InputFile& file) {
  const std::string& path = file.path();
  const std::int64_t tail_size = std::min<std::int64_t>(file.size(), 22 + 65535);
  const std::string tail = read_inside(file, file.size() - tail_size, tail_size);
  const std::size_t end = tail.rfind("PK\x05\x06");
  if (end == std::string::npos || end + 22 > tail.size()) throw damaged(path);
  Directory d{offset_of(tail, end + 16, 4), offset_of(tail, end + 12, 4), offset_of(tail, end + 10, 2)};
  std::int64_t behind = file.size() - tail_size + static_cast<std::int64_t>(end);
  if (end >= 20 && tail.compare(end - 20, 4, "PK\x06\x07") == 0) {
    behind = offset_of(tail, end - 20 + 8, 8);
    const std::string end64 = read_inside(file, behind, 56);
    d = {offset_of(end64, 48, 8), offset_of(end64, 40, 8), offset_of(end64, 32, 8)};
  }
  // The directory lies right before its end record: whoever looks for it there has to find the same one.
  if (d.offset < 0 || d.offset > behind || d.size != behind - d.offset) throw damaged(path);
  return d;
}

/// Sizes and offset of 0xFFFFFFFF stand in the zip64 field (id 1) instead, in this order.
void read_zip64(const std::string& extra, ZipMember& member) {
  for (std::size_t at = 0; at + 4 <= extra.size();) {
    const auto id = little(extra, at, 2), length = little(extra, at + 2, 2);
    std::size_t field = at + 4;
    at = field + length;
    if (id != 1) continue;
    for (std::int64_t* value : {&member.size, &member.stored, &member.header_offset})
      if (*value == 0xFFFFFFFF && field + 8 <= std::min(at, extra.size())) {
        *value = offset_of(extra, field, 8);
        field += 8;
      }
  }
}

class ZipSource : public ByteSource {
 public:
  ZipSource(std::shared_ptr<const InputFile> file, const ZipMember& member)
      : name_(file->path() + ":" + member.name),
        file_(std::move(file)),
        member_(member),
        crc_(crc32(0, nullptr, 0)) {
    const std::string& path = file_->path();
    const std::string local = read_inside(*file_, member.header_offset, 30);
    if (!local.starts_with("PK\x03\x04")) throw damaged(path);
    if (read_inside(*file_, member.header_offset + 30, offset_of(local, 26, 2)) != member.name)
      throw damaged(path);
    begin_ = at_ = member.header_offset + 30 + offset_of(local, 26, 2) + offset_of(local, 28, 2);
    if (member.stored < 0 || begin_ > file_->size() - member.stored) throw damaged(path);
    const bool sizes_fit =
        member.method == 0 ? member.size == member.stored : member.size / kMaxInflation <= member.stored;
    if (member.size < 0 || !sizes_fit)
      throw DataError(fmt::format("{}: {} bytes cannot come from the {} in the archive", name_, member.size,
                                  member.stored));
    check_inflation(name_, member.size, member.stored);
    if (member.method == 8 && inflateInit2(&stream_, -MAX_WBITS) != Z_OK)
      throw InternalError("zlib could not start");
    inflating_ = member.method == 8;
  }
  ~ZipSource() override {
    if (inflating_) inflateEnd(&stream_);
  }
  ZipSource(const ZipSource&) = delete;
  ZipSource& operator=(const ZipSource&) = delete;

  std::int64_t read(void* to, std::int64_t size) override {
    size = std::min(size, member_.size - given_);
    const std::int64_t got = inflating_ ? inflate_to(static_cast<char*>(to), size) : copy_to(to, size);
    if (got > 0) crc_ = crc32_z(crc_, static_cast<const Bytef*>(to), static_cast<std::size_t>(got));
    given_ += got;
    if (got < size || given_ == member_.size) file_->require_unchanged();
    if (got < size)
      throw DataError(
          fmt::format("{} is damaged: it inflates to {} bytes; want {}", name_, given_, member_.size));
    if (given_ == member_.size && crc_ != member_.crc)
      throw DataError(fmt::format("{} is damaged: its checksum does not match", name_));
    return got;
  }
  std::int64_t most_bytes() const override { return member_.size; }
  std::int64_t stored_done() const override { return at_ - begin_; }
  std::int64_t stored_total() const override { return member_.stored; }

 private:
  std::int64_t copy_to(void* to, std::int64_t size) {
    const std::string bytes = read_inside(*file_, at_, size);
    std::memcpy(to, bytes.data(), bytes.size());
    at_ += size;
    return size;
  }

  std::int64_t inflate_to(char* to, std::int64_t size) {
    std::int64_t done = 0;
    while (done < size) {
      if (stream_.avail_in == 0) refill();
      stream_.next_out = reinterpret_cast<Bytef*>(to + done);
      const auto room = static_cast<uInt>(std::min<std::int64_t>(size - done, 1 << 30));
      stream_.avail_out = room;
      const bool starved = stream_.avail_in == 0;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      done += room - stream_.avail_out;
      if (code == Z_STREAM_END) break;
      if (code != Z_OK || (starved && stream_.avail_out == room))
        throw DataError(fmt::format("{}: damaged deflated data after {} bytes", name_, given_ + done));
    }
    return done;
  }

  void refill() {
    piece_ = read_inside(*file_, at_, std::min<std::int64_t>(begin_ + member_.stored - at_, 1 << 17));
    at_ += static_cast<std::int64_t>(piece_.size());
    stream_.next_in = reinterpret_cast<Bytef*>(piece_.data());
    stream_.avail_in = static_cast<uInt>(piece_.size());
  }

  std::string name_;
  std::shared_ptr<const InputFile> file_;
  ZipMember member_;
  z_stream stream_{};
  bool inflating_ = false;
  std::string piece_;
  std::int64_t begin_ = 0, at_ = 0, given_ = 0;
  uLong crc_;
};

}  // namespace

std::vector<ZipMember> list_zip(const InputFile& file) {
  const std::string& path = file.path();
  if (!file.regular())
    throw DataError(
        fmt::format("{} is a pipe or a device; an npz archive is read from its end, want it as a file (a npy "
                    "array may come through a pipe)",
                    path));
  const Directory directory = find_directory(file);
  const std::string bytes = read_inside(file, directory.offset, directory.size);
  std::vector<ZipMember> members;
  for (std::size_t at = 0; at < bytes.size();) {
    if (at + 46 > bytes.size() || bytes.compare(at, 4, "PK\x01\x02") != 0) throw damaged(path);
    ZipMember member;
    member.method = static_cast<int>(little(bytes, at + 10, 2));
    member.crc = static_cast<std::uint32_t>(little(bytes, at + 16, 4));
    member.stored = offset_of(bytes, at + 20, 4);
    member.size = offset_of(bytes, at + 24, 4);
    member.header_offset = offset_of(bytes, at + 42, 4);
    const auto name = little(bytes, at + 28, 2), extra = little(bytes, at + 30, 2),
               comment = little(bytes, at + 32, 2);
    if (at + 46 + name + extra > bytes.size()) throw damaged(path);
    member.name = bytes.substr(at + 46, name);
    read_zip64(bytes.substr(at + 46 + name, extra), member);  // mutant: zip64-sizes
    if (little(bytes, at + 6, 1) > kNewestVersion)
      throw DataError(fmt::format("{}: member {} wants a newer zip than version 6.3", path, member.name));
    if (little(bytes, at + 8, 2) & kUnreadableFlags)
      throw DataError(fmt::format("{}: member {} is encrypted or a patch", path, member.name));
    members.push_back(std::move(member));
    at += 46 + name + extra + comment;
  }
  if (static_cast<std::int64_t>(members.size()) != directory.members) throw damaged(path);
  return members;
}

std::unique_ptr<ByteSource> open_zip_member(std::shared_ptr<const InputFile> file, const ZipMember& member) {
  if (member.method != 0 && member.method != 8)
    throw DataError(fmt::format("{}: member {} uses zip method {}; want 0 (stored) or 8 (deflated)",
                                file->path(), member.name, member.method));
  return std::make_unique<ZipSource>(std::move(file), member);
}

}  // namespace thalweg
