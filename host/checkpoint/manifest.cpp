#include "host/checkpoint/manifest.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/checksum.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "thalweg checkpoint";
constexpr std::size_t kMaxManifest = 1 << 20;

Json to_json(const Manifest& manifest) {
  Json files = Json::array();
  for (const ManifestFile& file : manifest.files) {
    files.push_back({{"name", file.name}, {"bytes", file.bytes}, {"xxh3", file.xxh3}});
  }
  return {{"format", kFormat},
          {"version", kCheckpointVersion},
          {"step", manifest.step},
          {"data_fingerprint", manifest.data_fingerprint},
          {"parameters_xxh3", manifest.parameters_xxh3},
          {"files", files}};
}

Manifest from_json(const Json& json) {
  Manifest manifest;
  manifest.step = json.at("step").get<std::int64_t>();
  manifest.data_fingerprint = json.at("data_fingerprint").get<std::string>();
  manifest.parameters_xxh3 = json.at("parameters_xxh3").get<std::string>();
  for (const Json& file : json.at("files")) {
    manifest.files.push_back({file.at("name").get<std::string>(), file.at("bytes").get<std::uint64_t>(),
                              file.at("xxh3").get<std::string>()});
  }
  return manifest;
}

}  // namespace

std::string manifest_text(const Manifest& manifest) {
  Json json = to_json(manifest);
  json["manifest_xxh3"] = checksum(json.dump(2));
  return json.dump(2) + "\n";
}

Manifest parse_manifest(std::string_view text, const std::string& source) {
  const auto corrupt = [&](const std::string& what) -> CorruptCheckpoint {
    return CorruptCheckpoint(fmt::format("{}: {}", source, what));
  };
  if (text.size() > kMaxManifest) throw corrupt(fmt::format("{} bytes are too many", text.size()));
  Manifest manifest;
  try {
    const Json json = Json::parse(text);
    if (json.at("format") != kFormat) throw corrupt("is not a checkpoint's manifest");
    if (json.at("version") != kCheckpointVersion) {
      throw corrupt(fmt::format("is of format version {}, this program reads {}", json.at("version").dump(),
                                kCheckpointVersion));
    }
    manifest = from_json(json);
  } catch (const Json::exception& error) {
    throw corrupt(error.what());
  }
  // only one text stands for a manifest: whatever else differs is damage
  if (manifest_text(manifest) != text) throw corrupt("does not match its own checksum");
  return manifest;
}

}  // namespace thalweg
