#include "host/cli/inspect_shards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <vector>

#include "host/checkpoint/files.hpp"
#include "host/cli/object_text.hpp"
#include "host/config/home_path.hpp"
#include "host/data/shards/shard_file.hpp"
#include "host/data/shards/shard_store.hpp"
#include "thalweg/error.hpp"
#include "thalweg/shards.hpp"

namespace thalweg::cli {
namespace {

std::int64_t bytes_of(const ShardManifest& manifest) {
  std::int64_t bytes = 0;
  for (const ShardEntry& shard : manifest.shards) bytes += static_cast<std::int64_t>(shard.bytes);
  return bytes;
}

void add_rows(const ShardManifest& manifest, const StoredForm& form, Json& object) {
  object["rows"] = form.rows;
  object["features"] = form.features;
  object["kind"] = std::string(form.sparse ? "sparse" : "dense");
  object["dtype"] = std::string(dtype_of(manifest.form));
  const ShardCompression compress = manifest.form.compress;
  if (compress != ShardCompression::none) object["compress"] = std::string(name_of(compress));
  object["cells"] = std::string(name_of(manifest.facts.cells));
  if (form.sparse) object["entries"] = form.entries;
  if (form.sparse) object["longest_row"] = form.longest_row;
  object["row_bytes"] = form.row_bytes();
}

void add_targets(const Dataset& data, const ShardManifest& manifest, Json& object) {
  const bool classes = data.target_kind == TargetKind::classes;
  object["targets"] = std::string(data.target.empty() ? "none" : classes ? "classes" : "numbers");
  if (!manifest.class_rows.empty()) {
    object["classes"] = data.classes;
    object["class_rows"] = manifest.class_rows;
  }
  if (!data.weight.empty()) object["weight_sum"] = manifest.weight_sum;
}

Json describe(const Dataset& data) {
  const ShardStore& store = shard_store_of(data);
  const ShardManifest& manifest = store.manifest();
  Json object;
  add_rows(manifest, store.form(), object);
  add_targets(data, manifest, object);
  object["shards"] = std::ssize(manifest.shards);
  object["bytes"] = bytes_of(manifest);
  object["source"] = manifest.facts.source;
  return object;
}

/// The first error of a shard's file, all of whose bytes are read; empty: they are as they were written.
std::string damage_of(const std::string& folder, const ShardEntry& shard) {
  constexpr std::int64_t kAtOnce = std::int64_t{4} << 20;
  std::vector<char> bytes(static_cast<std::size_t>(kAtOnce));
  try {
    const ShardFile file(join_path(folder, shard.name), shard);
    const auto end = static_cast<std::int64_t>(shard.bytes);
    for (std::int64_t at = 0; at < end; at += kAtOnce)
      file.read(at, std::min(kAtOnce, end - at), bytes.data(), {shard.first_row, shard.rows});
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

/// Files that are whole make a set: each of them is the part that the manifest says.
int verify(const std::string& folder, Streams streams) {
  const ShardManifest manifest = read_shard_manifest(folder);
  std::int64_t damaged = 0;
  for (const ShardEntry& shard : manifest.shards) {
    const std::string report = damage_of(folder, shard);
    if (report.empty()) continue;
    streams.err << report << "\n";
    ++damaged;
  }
  if (damaged == 0) open_shards(folder);
  streams.out << fmt::format("{} valid, {} damaged\n", std::ssize(manifest.shards) - damaged, damaged);
  return static_cast<int>(damaged == 0 ? ExitCode::done : ExitCode::bad_data);
}

}  // namespace

int inspect_shards(const InspectArguments& arguments, Streams streams) {
  const std::string folder = with_home(arguments.path);
  if (arguments.verify) return verify(folder, streams);
  const Json object = describe(open_shards(folder));
  streams.out << (arguments.json ? object.dump(2) + "\n" : as_text(object)) << std::flush;
  return static_cast<int>(ExitCode::done);
}

}  // namespace thalweg::cli
