// A set of one shard whose manifest fits, so that what the file holds is all that can be wrong. The choice
// says what the rows are, three more bytes how many there are; the rest are the targets, weights and
// features. Of compressed rows, the features are what the frame is made of. An odd fourth byte lets the input
// write over the header too. Few inputs have the manifest as a file: its text takes most of the time, and
// manifest_fuzz reads such texts.
#include <algorithm>
#include <cstdlib>

#include "host/checkpoint/checksum.hpp"
#include "host/data/shards/packed_rows.hpp"
#include "host/data/shards/shard_layout.hpp"
#include "host/data/shards/shard_store.hpp"
#include "tests/fuzz/folder.hpp"
#include "tests/fuzz/reader.hpp"
#include "thalweg/shards.hpp"

namespace {

using namespace thalweg;

/// In the second byte: frames, and frames that the rest of the input damages.
constexpr int kPacked = 64, kDamaged = 128;

ShardManifest manifest_from(const std::uint8_t* choice) {
  ShardManifest m;
  m.form = {.features = 1 + choice[1] % 16,
            .sparse = choice[0] % 4 == 0,
            .dtype = choice[0] % 4 == 1 ? DType::u8 : DType::f32,
            .targets = (choice[0] & 4) != 0};
  constexpr CellFloats kFloats[] = {CellFloats::f32, CellFloats::f16, CellFloats::bf16, CellFloats::f32};
  if (choice[0] % 4 >= 2) m.form.floats = kFloats[choice[0] / 8 % 4];
  if ((choice[1] & kPacked) != 0) m.form.compress = ShardCompression::zstd;
  m.rows = 1 + choice[2] % 16;
  m.facts.schema = {.sparse = m.form.sparse, .features = m.form.features};
  if (m.form.sparse) {
    m.entries = choice[3] / 2 % 32;
    m.longest_row = std::min(m.entries, m.form.features);
    m.entries = std::min(m.entries, m.rows * m.longest_row);
  } else if (choice[0] % 4 == 2) {
    m.facts.cells = (choice[0] & 32) != 0 ? ShardCells::unfilled : ShardCells::unscaled;
    m.facts.schema.transform.impute.assign(static_cast<std::size_t>(m.form.features), 2.0f);
    m.facts.schema.transform.scale.assign(static_cast<std::size_t>(m.form.features), 3.0f);
    m.facts.schema.transform.shift.assign(static_cast<std::size_t>(m.form.features), 0.5f);
  }
  return m;
}

/// The only frame of so few rows: of the first bytes of the input.
std::string frame_of(const ShardManifest& m, bool damaged, std::string_view input) {
  const auto size = static_cast<std::size_t>(packed_bytes(m.form, m.rows, m.entries));
  std::string bytes(input.substr(0, size));
  bytes.resize(size);
  PackedBlocks packed;
  packed.add(bytes);
  const std::string_view rest = input.substr(std::min(size, input.size()));
  for (std::size_t i = 0; damaged && i < std::min(rest.size(), packed.frames.size()); ++i)
    packed.frames[i] = static_cast<char>(packed.frames[i] ^ rest[i]);
  return packed.frames;
}

std::string little(std::int64_t number) { return {reinterpret_cast<const char*>(&number), sizeof number}; }

/// The file, and its entry in the manifest.
std::string shard_of(ShardManifest& m, const std::uint8_t* choice, std::string_view input) {
  ShardEntry entry{.name = shard_name(0), .rows = m.rows, .entries = m.entries};
  std::string frame;
  if (m.form.compress != ShardCompression::none) {
    frame = frame_of(m, (choice[1] & kDamaged) != 0, input);
    entry.packed = std::ssize(frame);
  }
  const ShardLayout layout = shard_layout(m.form, entry);
  std::string bytes = choice[3] % 2 == 0 ? layout.header : "";
  bytes.append(input.substr(0, static_cast<std::size_t>(layout.bytes) - bytes.size()));
  bytes.resize(static_cast<std::size_t>(layout.bytes));
  if (!frame.empty()) {
    bytes.replace(static_cast<std::size_t>(layout.frames), frame.size(), frame);
    if ((choice[1] & kDamaged) == 0)
      bytes.replace(static_cast<std::size_t>(layout.blocks), 16, little(0) + little(entry.packed));
  }
  entry.bytes = bytes.size();
  entry.pieces = {checksum64(bytes)};
  m.shards = {entry};
  return bytes;
}

void check(const FeatureRows& rows, std::int64_t features) {
  if (std::ssize(rows.offsets) != rows.rows + 1 && rows.f32.empty() && rows.u8.empty()) std::abort();
  for (const std::int32_t column : rows.columns)
    if (column < 0 || column >= features) std::abort();
}

void read_rows(const RowStore& store) {
  const StoredForm& form = store.form();
  FeatureRows rows;
  for (std::int64_t r = 0; r < form.rows; ++r) store.read(r, 1, rows);
  rows.clear();
  store.read(0, form.rows, rows);
  check(rows, form.features);
}

void read_all(const ShardStore& store) {
  store.read_targets();
  read_rows(store);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  static const fuzz::Folder folder;
  ShardManifest manifest = manifest_from(data);
  const std::string shard = shard_of(manifest, data, fuzz::view(data + 4, size - 4));
  folder.write(shard_name(0), shard);
  fuzz::only_typed_errors([&] {
    if (data[0] < 0xF0) return read_all(ShardStore(folder.path(), std::move(manifest)));
    folder.write(kShardManifest, shard_manifest_text(manifest));
    read_rows(*open_shards(folder.path()).store);
  });
  return 0;
}
