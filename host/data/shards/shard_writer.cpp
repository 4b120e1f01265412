#include "host/data/shards/shard_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <utility>
#include <vector>

#include "host/checkpoint/atomic_folder.hpp"
#include "host/checkpoint/files.hpp"
#include "host/data/shards/class_rows.hpp"
#include "host/data/shards/form_rules.hpp"
#include "host/data/shards/half_cells.hpp"
#include "host/data/shards/leftover_note.hpp"
#include "host/data/shards/shard_buffer.hpp"
#include "host/data/shards/shard_layout.hpp"
#include "host/data/shards/shard_store.hpp"
#include "host/data/shards/shard_targets.hpp"
#include "host/json/json.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// "out" for "out/".
std::string new_folder(std::string folder) {
  require_new_folder(folder);
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return folder;
}

void require_count(const char* what, std::int64_t found, std::int64_t expected) {
  if (found != expected)
    throw ShapeError(fmt::format("rows for a shard: {} {}, expected {}", found, what, expected));
}

}  // namespace

void require_new_folder(const std::string& folder) {
  if (folder.empty()) throw UsageError("the folder of the shards has no name");
  if (path_exists(folder))
    throw UsageError(fmt::format("{} exists; shards are written into a new folder", folder));
}

struct ShardWriter::State {
  State(const std::string& folder, const ShardForm& form, std::int64_t asked, std::int64_t memory)
      : asked_bytes(asked),
        shard_bytes(std::min(asked, std::max<std::int64_t>(1, memory / 8))),
        folder(new_folder(folder), Leftovers::reused),
        shard(form, shard_bytes),
        written(form, shard_bytes),
        halves(form.floats) {
    manifest.form = form;
  }

  std::int64_t rows() const { return manifest.rows + shard.rows(); }

  /// Writes the shard while the next rows come. Without `launch::async` the lack of a thread does no harm:
  /// the wait for it then writes.
  void close_shard() {
    wait();
    std::swap(shard, written);
    const std::int64_t index = std::ssize(manifest.shards), first_row = manifest.rows;
    manifest.rows += written.rows();
    writing = std::async([this, index, first_row] { return written.write(folder, index, first_row); });
  }

  void wait() {
    if (!writing.valid()) return;
    manifest.shards.push_back(writing.get());
    manifest.entries += manifest.shards.back().entries;
  }

  void finish_shards() {
    if (shard.rows() > 0) close_shard();
    wait();
    shard.release();
    written.release();
  }

  /// Targets and weights of rows that were checked for their number.
  void count(std::span<const float> targets, std::span<const float> weights) {
    class_rows.add(targets);
    for (const float weight : weights) manifest.weight_sum += weight;
  }

  void require_columns(std::int64_t rows, std::span<const float> targets,
                       std::span<const float> weights) const {
    require_count("targets", std::ssize(targets), manifest.form.targets ? rows : 0);
    require_count("weights", std::ssize(weights), manifest.form.weights ? rows : 0);
  }

  template <class T>
  void append_dense(std::span<const T> cells, std::span<const float> targets, std::span<const float> weights);
  std::span<const std::byte> bytes_of(std::span<const float> cells);
  std::span<const std::byte> bytes_of(std::span<const std::uint8_t> cells) { return std::as_bytes(cells); }
  void append_sparse(const FeatureRows& rows, std::span<const float> targets, std::span<const float> weights);

  const std::int64_t asked_bytes, shard_bytes;
  AtomicFolder folder;
  ShardBuffer shard, written;
  HalfCells halves;
  ShardManifest manifest;
  ClassRows class_rows;
  std::future<ShardEntry> writing;  ///< waits for the thread, which uses the others, before they go
};

std::span<const float> part_of(std::span<const float> values, std::int64_t first, std::int64_t count) {
  if (values.empty()) return values;
  return values.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
}

template <class T>
void ShardWriter::State::append_dense(std::span<const T> cells, std::span<const float> targets,
                                      std::span<const float> weights) {
  const ShardForm& form = manifest.form;
  const std::int64_t rows = std::ssize(cells) / form.features;
  require_count("cells", std::ssize(cells), rows * form.features);
  require_columns(rows, targets, weights);
  count(targets, weights);
  for (std::int64_t first = 0; first < rows;) {
    const std::int64_t taken = shard.room(rows - first);
    if (taken == 0) {
      close_shard();
      continue;
    }
    const auto part = cells.subspan(static_cast<std::size_t>(first * form.features),
                                    static_cast<std::size_t>(taken * form.features));
    shard.add_dense(bytes_of(part), taken);
    shard.add_targets(part_of(targets, first, taken), part_of(weights, first, taken));
    first += taken;
  }
}

std::span<const std::byte> ShardWriter::State::bytes_of(std::span<const float> cells) {
  if (manifest.form.floats == CellFloats::f32) return std::as_bytes(cells);
  return std::as_bytes(halves.round(cells, manifest.form.features, rows()));
}

void ShardWriter::State::append_sparse(const FeatureRows& rows, std::span<const float> targets,
                                       std::span<const float> weights) {
  require_count("offsets", std::ssize(rows.offsets), rows.rows + 1);
  require_count("columns", std::ssize(rows.columns), rows.offsets.back());
  require_count("values", std::ssize(rows.values), rows.offsets.back());
  require_columns(rows.rows, targets, weights);
  count(targets, weights);
  for (std::int64_t r = 0; r < rows.rows; ++r) {
    const auto begin = static_cast<std::size_t>(rows.offsets[static_cast<std::size_t>(r)]);
    const auto end = static_cast<std::size_t>(rows.offsets[static_cast<std::size_t>(r) + 1]);
    const auto entries = static_cast<std::int64_t>(end - begin);
    if (!shard.has_room_for(entries)) close_shard();
    shard.add_sparse(std::span(rows.columns).subspan(begin, end - begin),
                     std::span(rows.values).subspan(begin, end - begin));
    shard.add_targets(part_of(targets, r, 1), part_of(weights, r, 1));
    manifest.longest_row = std::max(manifest.longest_row, entries);
  }
}

ShardWriter::ShardWriter(const std::string& folder, const ShardForm& form, std::int64_t shard_bytes,
                         std::int64_t memory) {
  require_form(form, shard_bytes);
  state_ = std::make_unique<State>(folder, form, shard_bytes, memory);
}

ShardWriter::~ShardWriter() = default;

std::int64_t ShardWriter::rows() const { return state_->rows(); }

void ShardWriter::append_dense(std::span<const float> rows, std::span<const float> targets,
                               std::span<const float> weights) {
  require_count("uint8 cells", state_->manifest.form.dtype == DType::u8 ? std::ssize(rows) : 0, 0);
  state_->append_dense(rows, targets, weights);
}

void ShardWriter::append_dense(std::span<const std::uint8_t> rows, std::span<const float> targets,
                               std::span<const float> weights) {
  require_count("float32 cells", state_->manifest.form.dtype == DType::f32 ? std::ssize(rows) : 0, 0);
  state_->append_dense(rows, targets, weights);
}

void ShardWriter::append(const FeatureRows& rows, std::span<const float> targets,
                         std::span<const float> weights) {
  const ShardForm& form = state_->manifest.form;
  if (form.sparse) return state_->append_sparse(rows, targets, weights);
  const bool bytes = form.dtype == DType::u8;
  require_count("float32 cells", std::ssize(rows.f32), bytes ? 0 : rows.rows * form.features);
  require_count("uint8 cells", std::ssize(rows.u8), bytes ? rows.rows * form.features : 0);
  if (bytes) return append_dense(std::span(rows.u8), targets, weights);
  append_dense(std::span(rows.f32), targets, weights);
}

void ShardWriter::close() { state_->finish_shards(); }

void ShardWriter::set_targets(std::span<const float> targets) {
  State& s = *state_;
  s.finish_shards();
  require_count("targets", std::ssize(targets), s.manifest.form.targets ? s.rows() : 0);
  for (ShardEntry& shard : s.manifest.shards)
    write_targets(s.folder, s.manifest.form, part_of(targets, shard.first_row, shard.rows), shard);
  s.class_rows = ClassRows();
  s.class_rows.add(targets);
}

std::unique_ptr<const RowStore> ShardWriter::written(const ShardFacts& facts) {
  State& s = *state_;
  s.finish_shards();
  s.manifest.facts = facts;
  return std::make_unique<ShardStore>(s.folder.temporary(), s.manifest);
}

ConvertReport ShardWriter::finish(const ShardFacts& facts) {
  State& s = *state_;
  if (s.rows() == 0) throw UsageError("a set of shards needs a row");
  s.finish_shards();
  ShardManifest& m = s.manifest;
  m.facts = facts;
  if (m.form.sparse && m.form.features == 0) m.form.features = facts.schema.features;
  require_count("features", facts.schema.features, m.form.features);
  if (m.form.targets && facts.schema.target_kind == TargetKind::classes)
    m.class_rows = s.class_rows.of(facts.schema.classes.size());
  std::string text;
  try {
    text = shard_manifest_text(m);
  } catch (const JsonError& error) {
    throw DataError(fmt::format("{}: a name or class is not UTF-8: {}", facts.source, error.what()));
  }
  if (std::ssize(text) > kMostManifestBytes)
    throw DataError(fmt::format("{}: a manifest of {} bytes; allowed are {}", facts.source, text.size(),
                                kMostManifestBytes));
  const std::int64_t reused = s.folder.reused();
  const std::string_view parts[] = {text};
  s.folder.write(kShardManifest, parts);
  s.folder.commit();
  ConvertReport report{m.rows, m.form.features, std::ssize(m.shards), std::ssize(text)};
  for (const ShardEntry& shard : m.shards) report.bytes += static_cast<std::int64_t>(shard.bytes);
  if (report.shards > 1 && s.shard_bytes < s.asked_bytes)
    report.notes.push_back(
        fmt::format("a shard has about {} bytes, an eighth of this process's memory, instead of {}",
                    s.shard_bytes, s.asked_bytes));
  if (const std::string loss = s.halves.loss(); !loss.empty()) report.notes.push_back(loss);
  if (const std::string left = note_of_leftovers(s.folder.found(), reused, report.shards); !left.empty())
    report.notes.push_back(left);
  return report;
}

}  // namespace thalweg
