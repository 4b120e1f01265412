// The schema of a data set: what a model keeps of it, as JSON, and the data's fingerprint.
#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "host/data/block_reader.hpp"
#include "host/data/transform_sizes.hpp"
#include "host/data/validate_data.hpp"
#include "host/json/json.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kSampledRows = 1024;

class Hash {
 public:
  Hash() : state_(XXH3_createState()) {
    if (!state_) throw InternalError("out of memory for a checksum");
    XXH3_128bits_reset(state_);
  }
  ~Hash() { XXH3_freeState(state_); }
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;

  template <class T>
  void add(const T* data, std::int64_t count) {
    XXH3_128bits_update(state_, data, static_cast<std::size_t>(count) * sizeof(T));
  }
  std::string hex() const {
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, XXH3_128bits_digest(state_));
    std::string text;
    for (const unsigned char byte : bytes.digest)
      text += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
    return text;
  }

 private:
  XXH3_state_t* state_;
};

/// `holder` has the features of row `r` in its row `at`.
void add_row(const Dataset& data, std::int64_t r, const Dataset& holder, std::int64_t at, Hash& hash) {
  hash.add(&r, 1);
  if (holder.sparse) {
    const std::int64_t begin = holder.offsets[static_cast<std::size_t>(at)];
    const std::int64_t count = holder.offsets[static_cast<std::size_t>(at + 1)] - begin;
    hash.add(&count, 1);
    hash.add(holder.columns.data() + begin, count);
    hash.add(holder.values.data() + begin, count);
  } else if (holder.dense_u8.empty()) {
    hash.add(holder.dense_f32.data() + at * holder.features, holder.features);
  } else {
    hash.add(holder.dense_u8.data() + at * holder.features, holder.features);
  }
  if (!data.target.empty()) hash.add(data.target.data() + r, 1);
  if (!data.weight.empty()) hash.add(data.weight.data() + r, 1);
}

/// Evenly spread, the first and the last row among them.
std::vector<std::int64_t> sampled_rows(std::int64_t rows) {
  std::vector<std::int64_t> some;
  for (std::int64_t i = 0; i < kSampledRows; ++i) some.push_back(i * (rows - 1) / (kSampledRows - 1));
  return some;
}

}  // namespace

DataSchema schema_of(const Dataset& data) { return data; }

namespace {

Json crosses_to_json(const std::vector<std::array<std::int32_t, 2>>& crosses) {
  Json list = Json::Array();
  for (const auto& [a, b] : crosses) list.push_back(Json(std::vector<std::int32_t>{a, b}));
  return list;
}

void crosses_from_json(const Json& json, std::vector<std::array<std::int32_t, 2>>& crosses) {
  for (const Json& item : json.array()) {
    const auto pair = item.get<std::vector<std::int32_t>>();
    if (pair.size() != 2) throw JsonError("a cross of other than two columns");
    crosses.push_back({pair[0], pair[1]});
  }
}

}  // namespace

std::string schema_to_json(const DataSchema& schema) {
  const FeatureTransform& t = schema.transform;
  Json json;
  json["sparse"] = schema.sparse;
  json["features"] = schema.features;
  json["target_kind"] = schema.target_kind == TargetKind::classes ? "classes" : "number";
  json["target_mean"] = schema.target_transform.mean;
  json["target_deviation"] = schema.target_transform.deviation;
  // Written where there are any alone: models and fingerprints of other data stay what they were.
  if (schema.target_transform.offset != 0) json["target_offset"] = schema.target_transform.offset;
  json["target_column"] = schema.target_column;
  json["index_base"] = schema.index_base;
  json["classes"] = schema.classes;
  json["columns"] = t.columns;
  if (!t.offset.empty()) json["offset"] = t.offset;
  json["names"] = t.names;
  json["categories"] = t.categories;
  json["impute"] = t.impute;
  json["scale"] = t.scale;
  json["shift"] = t.shift;
  if (!t.crosses.empty()) json["crosses"] = crosses_to_json(t.crosses);
  if (t.hash_bits > 0) json["hash_bits"] = t.hash_bits;
  if (t.hash_bits > 0) json["hashed_texts"] = t.hashed_texts;
  return json.dump();
}

namespace {

/// What is wrong with hashing and crosses, or nothing.
std::string contradiction_of_table(const DataSchema& s) {
  const FeatureTransform& t = s.transform;
  if (t.hash_bits < 0 || t.hash_bits > 30) return fmt::format("{} bits of a hash", t.hash_bits);
  const bool hashed = t.hash_bits > 0;
  if (!hashed && !t.hashed_texts.empty()) return "hashed texts without a hash";
  if (hashed && (!s.sparse || s.features != std::int64_t{1} << t.hash_bits || !t.categories.empty()))
    return "hashed features of another number";
  const std::int64_t width = table_width(s);
  for (const auto& cross : t.crosses)
    for (const std::int32_t column : cross) {
      if (column < 0 || column >= width) return "a cross of a column that is not there";
      const auto c = static_cast<std::size_t>(column);
      if (hashed ? !t.hashed_texts[c] : t.categories.empty() || t.categories[c].empty())
        return "a cross of a column of numbers";
    }
  return "";
}

/// What contradicts itself; empty: nothing.
std::string contradiction(const DataSchema& s) {
  if (s.features < 1) return fmt::format("{} features", s.features);
  if (std::string problem = contradiction_of_table(s); !problem.empty()) return problem;
  if (std::string problem = transform_problem(s.transform, s.features); !problem.empty()) return problem;
  if (std::string problem = transform_problem(s.target_transform); !problem.empty()) return problem;
  if (s.target_kind == TargetKind::classes && s.classes.empty()) return "no classes";
  return "";
}

}  // namespace

DataSchema schema_from_json(const std::string& json) {
  DataSchema schema;
  try {
    const Json j = parse_json(json);
    const auto kind = j.at("target_kind").get<std::string>();
    if (kind != "classes" && kind != "number") throw DataError("target_kind " + kind);
    schema.target_kind = kind == "classes" ? TargetKind::classes : TargetKind::number;
    j.at("sparse").get_to(schema.sparse);
    schema.features = j.at("features").get<std::int64_t>();
    j.at("target_mean").get_to(schema.target_transform.mean);
    j.at("target_deviation").get_to(schema.target_transform.deviation);
    if (const Json* offset = j.find("target_offset")) offset->get_to(schema.target_transform.offset);
    j.at("target_column").get_to(schema.target_column);
    const std::int64_t base = j.at("index_base").get<std::int64_t>();
    if (base != 0 && base != 1) throw DataError(fmt::format("index_base {}", base));
    schema.index_base = static_cast<int>(base);
    j.at("classes").get_to(schema.classes);
    FeatureTransform& t = schema.transform;
    j.at("columns").get_to(t.columns);
    if (const Json* offset = j.find("offset")) offset->get_to(t.offset);
    j.at("names").get_to(t.names);
    j.at("categories").get_to(t.categories);
    j.at("impute").get_to(t.impute);
    j.at("scale").get_to(t.scale);
    j.at("shift").get_to(t.shift);
    if (const Json* crosses = j.find("crosses")) crosses_from_json(*crosses, t.crosses);
    if (const Json* bits = j.find("hash_bits")) bits->get_to(t.hash_bits);
    if (const Json* texts = j.find("hashed_texts")) texts->get_to(t.hashed_texts);
  } catch (const JsonError& e) {
    throw DataError(fmt::format("the data schema of the model cannot be read: {}", e.what()));
  }
  if (const std::string problem = contradiction(schema); !problem.empty())
    throw DataError(fmt::format("the data schema of the model contradicts itself: it has {}", problem));
  return schema;
}

std::string fingerprint(const Dataset& data, bool full) {
  validate_lengths(data);
  Hash hash;
  const std::string schema = schema_to_json(schema_of(data));
  hash.add(schema.data(), static_cast<std::int64_t>(schema.size()));
  hash.add(&data.rows, 1);
  std::vector<std::int64_t> some;
  if (!full && data.rows > kSampledRows) some = sampled_rows(data.rows);
  for_each_row(data, some.empty() ? nullptr : &some, std::nullopt,
               [&](const Dataset& holder, std::int64_t at, std::int64_t n) {
                 add_row(data, some.empty() ? n : some[static_cast<std::size_t>(n)], holder, at, hash);
               });
  return hash.hex();
}

}  // namespace thalweg
