#include "host/data/shards/packed_rows.hpp"

#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr int kLevel = 3;  // zstd's own

std::int64_t blocks_of(const PackedShard& shard) {
  return (shard.entry.rows + shard.block_rows - 1) / shard.block_rows;
}

RowSpan rows_of(const PackedShard& shard, std::int64_t block) {
  const std::int64_t first = block * shard.block_rows;
  return {shard.entry.first_row + first, std::min(shard.block_rows, shard.entry.rows - first)};
}

[[noreturn]] void refuse(const PackedShard& shard, RowSpan rows, const std::string& what) {
  throw DataError(
      fmt::format("{}: rows {} to {}: {}", shard.file.path(), rows.first, rows.first + rows.count - 1, what));
}

std::string read_frame(const PackedShard& shard, std::int64_t block, RowSpan rows) {
  std::int64_t ends[2];
  shard.file.read(shard.layout.blocks + 8 * block, sizeof ends, ends, rows);
  const bool first = block == 0, last = block + 1 == blocks_of(shard);
  if (ends[0] < 0 || ends[1] < ends[0] || ends[1] > shard.entry.packed || (first && ends[0] != 0) ||
      (last && ends[1] != shard.entry.packed))
    refuse(shard, rows,
           fmt::format("their frame is bytes {} to {} of {}", ends[0], ends[1], shard.entry.packed));
  std::string frame(static_cast<std::size_t>(ends[1] - ends[0]), '\0');
  shard.file.read(shard.layout.frames + ends[0], std::ssize(frame), frame.data(), rows);
  return frame;
}

}  // namespace

void PackedBlocks::add(std::string_view bytes) {
  const std::size_t before = frames.size(), most = ZSTD_compressBound(bytes.size());
  frames.resize(before + most);
  const std::size_t size = ZSTD_compress(frames.data() + before, most, bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size) != 0) throw std::bad_alloc();  // nothing else can fail here
  frames.resize(before + size);
  begins.push_back(std::ssize(frames));
}

void unpack_block(const PackedShard& shard, std::int64_t block, std::span<std::byte> bytes) {
  const RowSpan rows = rows_of(shard, block);
  const std::string frame = read_frame(shard, block, rows);
  const std::size_t size = ZSTD_decompress(bytes.data(), bytes.size(), frame.data(), frame.size());
  if (ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation) throw std::bad_alloc();
  if (ZSTD_isError(size) != 0)
    refuse(shard, rows, fmt::format("their zstd frame is damaged ({})", ZSTD_getErrorName(size)));
  if (size != bytes.size())
    refuse(shard, rows, fmt::format("their zstd frame has {} bytes; want {}", size, bytes.size()));
}

void unpack_rows(const PackedShard& shard, std::int64_t row, std::int64_t count, std::int64_t row_bytes,
                 std::byte* to) {
  std::vector<std::byte> part;
  for (const std::int64_t end = row + count; row < end;) {
    const std::int64_t block = row / shard.block_rows, first = block * shard.block_rows;
    const std::int64_t rows = std::min(shard.block_rows, shard.entry.rows - first);
    const std::int64_t taken = std::min(end, first + rows) - row;
    const auto bytes = static_cast<std::size_t>(taken * row_bytes);
    if (taken == rows) {
      unpack_block(shard, block, {to, bytes});
    } else {
      part.resize(static_cast<std::size_t>(rows * row_bytes));
      unpack_block(shard, block, part);
      std::memcpy(to, part.data() + (row - first) * row_bytes, bytes);
    }
    to += bytes;
    row += taken;
  }
}

}  // namespace thalweg
