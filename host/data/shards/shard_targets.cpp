#include "host/data/shards/shard_targets.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "host/checkpoint/checksum.hpp"
#include "host/checkpoint/files.hpp"
#include "host/data/shards/shard_file.hpp"
#include "host/data/shards/shard_layout.hpp"

namespace thalweg {
namespace {

/// The pieces of the file that hold a target.
std::string first_pieces(const std::string& path, const ShardLayout& layout, const ShardEntry& shard) {
  const std::int64_t pieces = (layout.w + kShardPiece - 1) / kShardPiece;
  std::string bytes(static_cast<std::size_t>(std::min(pieces * kShardPiece, layout.bytes)), '\0');
  const ShardFile file(path, shard);
  file.read(0, std::ssize(bytes), bytes.data(), {shard.first_row, shard.rows});
  return bytes;
}

}  // namespace

void write_targets(AtomicFolder& folder, const ShardForm& form, std::span<const float> targets,
                   ShardEntry& shard) {
  const ShardLayout layout = shard_layout(form, shard);
  std::string pieces = first_pieces(join_path(folder.temporary(), shard.name), layout, shard);
  const std::string_view bytes(reinterpret_cast<const char*>(targets.data()), targets.size_bytes());
  std::memcpy(pieces.data() + layout.y, bytes.data(), bytes.size());
  folder.overwrite(shard.name, layout.y, bytes);
  const std::string_view all(pieces);
  constexpr auto kPiece = static_cast<std::size_t>(kShardPiece);
  for (std::size_t p = 0; p * kPiece < all.size(); ++p)
    shard.pieces[p] = checksum64(all.substr(p * kPiece, kPiece));
}

}  // namespace thalweg
