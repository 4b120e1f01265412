#include "host/data/shards/shard_buffer.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "host/checkpoint/checksum.hpp"
#include "host/data/shards/shard_layout.hpp"

namespace thalweg {
namespace {

template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// Makes room for a whole shard, of so many bytes, at once where it is large: memory that grows twofold would
/// take half as much again.
template <class T>
void append(std::vector<T>& to, std::span<const T> from, std::int64_t most_bytes) {
  constexpr std::size_t kSmall = std::size_t{16} << 20, kLarge = std::size_t{1} << 30;
  const std::size_t size = to.size() + from.size();
  if (size > to.capacity() && size * sizeof(T) > kSmall)
    to.reserve(std::max(size, std::min(static_cast<std::size_t>(most_bytes), kLarge) / sizeof(T)));
  to.insert(to.end(), from.begin(), from.end());
}

/// The checksum of each piece of the parts laid end to end.
std::vector<std::uint64_t> piece_sums(std::span<const std::string_view> parts) {
  constexpr auto kPiece = static_cast<std::size_t>(kShardPiece);
  std::vector<std::uint64_t> sums;
  std::string piece;
  piece.reserve(kPiece);
  for (std::string_view part : parts) {
    while (!part.empty()) {
      const std::string_view taken = part.substr(0, kPiece - piece.size());
      piece += taken;
      part.remove_prefix(taken.size());
      if (piece.size() < kPiece) continue;
      sums.push_back(checksum64(piece));
      piece.clear();
    }
  }
  if (!piece.empty()) sums.push_back(checksum64(piece));
  return sums;
}

}  // namespace

ShardBuffer::ShardBuffer(const ShardForm& form, std::int64_t shard_bytes)
    : form_(form), most_bytes_(shard_bytes) {}

std::int64_t ShardBuffer::room(std::int64_t count) const {
  const std::int64_t most = std::max<std::int64_t>(1, most_bytes_ / feature_bytes(form_, 1, 0));
  return std::min(count, most - rows_);
}

bool ShardBuffer::has_room_for(std::int64_t entries) const {
  return rows_ == 0 || feature_bytes(form_, rows_ + 1, offsets_.back() + entries) <= most_bytes_;
}

void ShardBuffer::add_dense(std::span<const std::byte> rows, std::int64_t count) {
  append(x_, rows, most_bytes_);
  rows_ += count;
}

void ShardBuffer::add_sparse(std::span<const std::int32_t> columns, std::span<const float> values) {
  append(columns_, columns, most_bytes_ / 2);
  append(values_, values, most_bytes_ / 2);
  offsets_.push_back(std::ssize(columns_));
  ++rows_;
}

void ShardBuffer::add_targets(std::span<const float> targets, std::span<const float> weights) {
  y_.insert(y_.end(), targets.begin(), targets.end());
  w_.insert(w_.end(), weights.begin(), weights.end());
}

/// Dense cells of each block; or the columns of its entries, then the values.
PackedBlocks ShardBuffer::pack() const {
  PackedBlocks packed;
  const std::int64_t block_rows = packed_rows(form_),
                     row_bytes = form_.sparse ? 0 : feature_bytes(form_, 1, 0);
  std::string entries;
  for (std::int64_t first = 0; first < rows_; first += block_rows) {
    const std::int64_t end = std::min(rows_, first + block_rows);
    if (!form_.sparse) {
      packed.add(bytes_of(x_).substr(static_cast<std::size_t>(first * row_bytes),
                                     static_cast<std::size_t>((end - first) * row_bytes)));
      continue;
    }
    const auto begin = static_cast<std::size_t>(4 * offsets_[static_cast<std::size_t>(first)]);
    const std::size_t bytes = static_cast<std::size_t>(4 * offsets_[static_cast<std::size_t>(end)]) - begin;
    entries = bytes_of(columns_).substr(begin, bytes);
    entries += bytes_of(values_).substr(begin, bytes);
    packed.add(entries);
  }
  return packed;
}

ShardEntry ShardBuffer::write(AtomicFolder& folder, std::int64_t index, std::int64_t first_row) {
  ShardEntry shard{
      .name = shard_name(index), .first_row = first_row, .rows = rows_, .entries = offsets_.back()};
  const bool compressed = form_.compress != ShardCompression::none;
  const PackedBlocks packed = compressed ? pack() : PackedBlocks{};
  shard.packed = std::ssize(packed.frames);
  const ShardLayout layout = shard_layout(form_, shard);
  std::vector<std::string_view> parts{layout.header, bytes_of(y_), bytes_of(w_)};
  if (form_.sparse) parts.push_back(bytes_of(offsets_));
  if (compressed) {
    parts.insert(parts.end(), {bytes_of(packed.begins), std::string_view(packed.frames)});
  } else if (form_.sparse) {
    parts.insert(parts.end(), {bytes_of(columns_), bytes_of(values_)});
  } else {
    parts.push_back(bytes_of(x_));
  }
  folder.write(shard.name, parts);
  shard.bytes = static_cast<std::uint64_t>(layout.bytes);
  shard.pieces = piece_sums(parts);
  clear();
  return shard;
}

void ShardBuffer::clear() {
  rows_ = 0;
  y_.clear(), w_.clear(), values_.clear(), x_.clear(), columns_.clear();
  offsets_.assign(1, 0);
}

}  // namespace thalweg
