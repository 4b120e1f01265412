#include "host/checkpoint/manifest.hpp"

#include <fmt/format.h>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/checksum.hpp"
#include "host/json/json.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr const char* kFormat = "thalweg checkpoint";

std::string quoted(const std::string& text) { return Json(text).dump(); }

/// The manifest up to its own checksum.
std::string body_text(const Manifest& manifest) {
  std::string files;
  for (const ManifestFile& file : manifest.files) {
    files += fmt::format("{}\n    {{\n      \"name\": {},\n      \"bytes\": {},\n      \"xxh3\": {}\n    }}",
                         files.empty() ? "" : ",", quoted(file.name), file.bytes, quoted(file.xxh3));
  }
  if (!files.empty()) files += "\n  ";
  std::string history;  // a run that nobody changed has none, and the manifest that it always had
  for (const std::string& change : manifest.history) {
    history += fmt::format("{}\n    {}", history.empty() ? ",\n  \"history\": [" : ",", quoted(change));
  }
  if (!history.empty()) history += "\n  ]";
  return fmt::format(
      "{{\n  \"format\": \"{}\",\n  \"version\": {},\n  \"step\": {},\n  \"data_fingerprint\": {},\n"
      "  \"parameters_xxh3\": {},\n  \"files\": [{}]{}",
      kFormat, kCheckpointVersion, manifest.step, quoted(manifest.data_fingerprint),
      quoted(manifest.parameters_xxh3), files, history);
}

Manifest from_json(const Json& json) {
  Manifest manifest;
  manifest.step = json.at("step").get<std::int64_t>();
  manifest.data_fingerprint = json.at("data_fingerprint").get<std::string>();
  manifest.parameters_xxh3 = json.at("parameters_xxh3").get<std::string>();
  for (const Json& file : json.at("files").array()) {
    manifest.files.push_back({file.at("name").get<std::string>(), file.at("bytes").get<std::uint64_t>(),
                              file.at("xxh3").get<std::string>()});
  }
  if (const Json* const history = json.find("history")) history->get_to(manifest.history);
  return manifest;
}

}  // namespace

std::string manifest_text(const Manifest& manifest) {
  const std::string body = body_text(manifest);
  // mutant: checksum-of-body
  return fmt::format("{},\n  \"manifest_xxh3\": \"{}\"\n}}\n", body, checksum(body + "\n}"));
}

Manifest parse_manifest(std::string_view text, const std::string& source) {
  const auto corrupt = [&](const std::string& what) -> CorruptCheckpoint {
    return CorruptCheckpoint(fmt::format("{}: {}", source, what));
  };
  if (text.size() > kMaxManifestBytes) throw corrupt(fmt::format("{} bytes are too many", text.size()));
  Manifest manifest;
  try {
    const Json json = parse_json(text);
    if (json.at("format").get<std::string>() != kFormat) throw corrupt("is not a checkpoint's manifest");
    if (json.at("version").get<std::int64_t>() != kCheckpointVersion) {
      throw corrupt(fmt::format("is of format version {}, this program reads {}", json.at("version").dump(),
                                kCheckpointVersion));
    }
    manifest = from_json(json);
  } catch (const JsonError& error) {
    throw corrupt(error.what());
  }
  // only one text stands for a manifest: whatever else differs is damage
  // mutant: checksum-compared
  if (manifest_text(manifest) != text) throw corrupt("does not match its own checksum");
  return manifest;
}

}  // namespace thalweg
