#include "host/data/shards/shard_manifest.hpp"

#include <fmt/format.h>

#include "host/checkpoint/checksum.hpp"
#include "host/data/shards/manifest_rules.hpp"
#include "host/json/json.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr const char* kFormat = "thalweg shards";
/// The second version has notes, numbers of 16 bits and cells that are not filled, the third has frames, the
/// fourth the column of ids. Sets without any of them stay of the first.
constexpr std::int64_t kFirstVersion = 1, kSecondVersion = 2, kThirdVersion = 3, kVersion = 4;
constexpr std::string_view kTail = ",\n  \"manifest_xxh3\": \"";
constexpr std::size_t kSumDigits = 32;

std::string hex_of(const std::vector<std::uint64_t>& pieces) {
  std::string text;
  for (const std::uint64_t piece : pieces) text += fmt::format("{:016x}", piece);
  return text;
}

std::uint64_t digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint64_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint64_t>(c - 'a' + 10);
  throw JsonError(fmt::format("wanted digits 0 to f, got {}", Json(std::string(1, c)).dump()));
}

std::vector<std::uint64_t> pieces_from(const std::string& hex) {
  if (hex.size() % 16 != 0) throw JsonError(fmt::format("{} digits, wanted 16 for each MiB", hex.size()));
  std::vector<std::uint64_t> pieces(hex.size() / 16);
  for (std::size_t i = 0; i < hex.size(); ++i) pieces[i / 16] = pieces[i / 16] << 4 | digit(hex[i]);
  return pieces;
}

Json shard_json(const ShardEntry& shard, ShardCompression compress) {
  Json json;
  json["name"] = shard.name;
  json["first_row"] = shard.first_row;
  json["rows"] = shard.rows;
  json["entries"] = shard.entries;
  if (compress != ShardCompression::none) json["packed"] = shard.packed;
  json["bytes"] = shard.bytes;
  json["xxh3"] = hex_of(shard.pieces);
  return json;
}

std::int64_t version_of(const ShardManifest& m) {
  if (!m.facts.notes.id.empty()) return kVersion;
  if (m.form.compress != ShardCompression::none) return kThirdVersion;
  const bool first = m.facts.notes == ConversionNotes{} && m.form.floats == CellFloats::f32 &&
                     m.facts.cells != ShardCells::unfilled;
  return first ? kFirstVersion : kSecondVersion;
}

/// All keys but shards and the checksum.
Json facts_json(const ShardManifest& m) {
  Json json;
  json["format"] = kFormat;
  json["version"] = version_of(m);
  json["rows"] = m.rows;
  json["features"] = m.form.features;
  json["sparse"] = m.form.sparse;
  json["dtype"] = std::string(dtype_of(m.form));
  if (m.form.compress != ShardCompression::none) json["compress"] = name_of(m.form.compress);
  json["cells"] = name_of(m.facts.cells);
  json["targets"] = m.form.targets;
  json["weights"] = m.form.weights;
  json["entries"] = m.entries;
  json["longest_row"] = m.longest_row;
  json["weight_sum"] = m.weight_sum;
  json["class_rows"] = m.class_rows;
  json["target_reason"] = m.facts.target_reason;
  json["source"] = m.facts.source;
  json["source_fingerprint"] = m.facts.source_fingerprint;
  const ConversionNotes& notes = m.facts.notes;
  if (notes.filled > 0) json["filled"] = notes.filled;
  if (notes.impute != Imputation::error) json["impute"] = name_of(notes.impute);
  if (!notes.weight.empty()) json["weight"] = notes.weight;
  if (!notes.id.empty()) json["id"] = notes.id;
  json["schema"] = parse_json(schema_to_json(m.facts.schema));
  return json;
}

/// The manifest up to its own checksum: a line for each key and each shard.
std::string body_text(const ShardManifest& manifest) {
  const Json facts = facts_json(manifest);
  std::string text = "{";
  for (const auto& [key, value] : facts.object()) text += fmt::format("\n  \"{}\": {},", key, value.dump());
  text += "\n  \"shards\": [";
  for (const ShardEntry& shard : manifest.shards)
    text += fmt::format("{}\n    {}", &shard == manifest.shards.data() ? "" : ",",
                        shard_json(shard, manifest.form.compress).dump());
  return text + "\n  ]";
}

/// The value of a key, whose name an error begins with.
template <class T>
T value_at(const Json& json, const char* key) {
  const Json& value = json.at(key);
  try {
    return value.get<T>();
  } catch (const JsonError& error) {
    throw JsonError(fmt::format("\"{}\": {}", key, error.what()));
  }
}

std::int64_t count_at(const Json& json, const char* key) {
  const auto count = value_at<std::int64_t>(json, key);
  if (count < 0) throw JsonError(fmt::format("\"{}\": wanted a number not below 0, got {}", key, count));
  return count;
}

template <class E>
E choice_at(const Json& json, const char* key) {
  const auto name = value_at<std::string>(json, key);
  const std::optional<E> choice = value_named<E>(name);
  if (!choice) throw JsonError(fmt::format("\"{}\": {} is not known", key, Json(name).dump()));
  return *choice;
}

void set_dtype(const std::string& name, ShardForm& form) {
  const std::optional<CellFloats> floats = value_named<CellFloats>(name);
  if (!floats && name != name_of(DType::u8))
    throw JsonError(fmt::format("\"dtype\": {} is not known", Json(name).dump()));
  form.dtype = floats ? DType::f32 : DType::u8;
  form.floats = floats.value_or(CellFloats::f32);
}

ShardEntry shard_from(const Json& json) {
  ShardEntry shard;
  shard.name = value_at<std::string>(json, "name");
  shard.first_row = count_at(json, "first_row");
  shard.rows = count_at(json, "rows");
  shard.entries = count_at(json, "entries");
  if (json.find("packed") != nullptr) shard.packed = count_at(json, "packed");
  shard.bytes = static_cast<std::uint64_t>(count_at(json, "bytes"));
  try {
    shard.pieces = pieces_from(value_at<std::string>(json, "xxh3"));
  } catch (const JsonError& error) {
    throw JsonError(fmt::format("\"xxh3\" of {}: {}", Json(shard.name).dump(), error.what()));
  }
  return shard;
}

ConversionNotes notes_from(const Json& json) {
  ConversionNotes notes;
  if (json.find("filled") != nullptr) notes.filled = count_at(json, "filled");
  if (json.find("impute") != nullptr) notes.impute = choice_at<Imputation>(json, "impute");
  if (json.find("weight") != nullptr) notes.weight = value_at<std::string>(json, "weight");
  if (json.find("id") != nullptr) notes.id = value_at<std::string>(json, "id");
  return notes;
}

ShardManifest from_json(const Json& json) {
  ShardManifest m;
  m.rows = count_at(json, "rows");
  m.form = {.features = count_at(json, "features"),
            .sparse = value_at<bool>(json, "sparse"),
            .targets = value_at<bool>(json, "targets"),
            .weights = value_at<bool>(json, "weights")};
  set_dtype(value_at<std::string>(json, "dtype"), m.form);
  if (json.find("compress") != nullptr) m.form.compress = choice_at<ShardCompression>(json, "compress");
  m.facts.cells = choice_at<ShardCells>(json, "cells");
  m.entries = count_at(json, "entries");
  m.longest_row = count_at(json, "longest_row");
  m.weight_sum = value_at<double>(json, "weight_sum");
  m.class_rows = value_at<std::vector<std::int64_t>>(json, "class_rows");
  m.facts.target_reason = value_at<std::string>(json, "target_reason");
  m.facts.source = value_at<std::string>(json, "source");
  m.facts.source_fingerprint = value_at<std::string>(json, "source_fingerprint");
  m.facts.notes = notes_from(json);
  m.facts.schema = schema_from_json(json.at("schema").dump());
  for (const Json& shard : json.at("shards").array()) m.shards.push_back(shard_from(shard));
  return m;
}

/// The text with a checksum of itself.
std::string summed(const std::string& body) {
  return fmt::format("{}{}{}\"\n}}\n", body, kTail, checksum(body));
}

bool matches_checksum(std::string_view text) {
  const std::size_t tail = kTail.size() + kSumDigits + std::string_view("\"\n}\n").size();
  return text.size() > tail && summed(std::string(text.substr(0, text.size() - tail))) == text;
}

/// What format and version the text has is told before anything else is read.
void require_version(const Json& json) {
  const Json* const format = json.find("format");
  const auto* const name = format == nullptr ? nullptr : format->get_if<std::string>();
  if (name == nullptr || *name != kFormat) throw JsonError("is not the manifest of a set of shards");
  const auto version = value_at<std::int64_t>(json, "version");
  if (version < kFirstVersion || version > kVersion)
    throw JsonError(fmt::format("\"version\": the set is of version {}, this program reads {} to {}", version,
                                kFirstVersion, kVersion));
}

}  // namespace

std::string_view dtype_of(const ShardForm& form) {
  return form.dtype == DType::u8 ? name_of(form.dtype) : name_of(form.floats);
}

std::string shard_manifest_text(const ShardManifest& manifest) { return summed(body_text(manifest)); }

ShardManifest parse_shard_manifest(std::string_view text, const std::string& source) {
  try {
    const Json json = parse_json(text);
    require_version(json);
    // mutant: shards-manifest-summed
    if (!matches_checksum(text)) throw JsonError("does not match its own checksum");
    ShardManifest manifest = from_json(json);
    if (const std::string problem = manifest_problem(manifest); !problem.empty()) throw JsonError(problem);
    // only one text stands for a manifest
    if (shard_manifest_text(manifest) != text) throw JsonError("is not as it is written");
    return manifest;
  } catch (const JsonError& error) {
    throw DataError(fmt::format("{}: {}", source, error.what()));
  } catch (const DataError& error) {  // of the schema
    throw DataError(fmt::format("{}: \"schema\": {}", source, error.what()));
  }
}

}  // namespace thalweg
