#include "host/checkpoint/tensor_checksums.hpp"

#include <fmt/format.h>

#include <map>

#include "host/checkpoint/checksum.hpp"
#include "host/json/json.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using Sums = std::map<std::string, std::string>;

/// Each key and each text ends with a NUL: "ab" and "c" are not "a" and "bc".
std::string checksum_of(const SafetensorsMetadata& metadata) {
  constexpr std::string_view kEnd{"\0", 1};
  Checksum sum;
  for (const auto& [key, text] : metadata)
    for (const std::string_view part : {std::string_view(key), kEnd, std::string_view(text), kEnd})
      sum.add(part);
  return sum.hex();
}

Sums checksums_of(const SafetensorsMetadata& metadata, const std::vector<SafetensorsTensor>& tensors) {
  Sums sums{{kSafetensorsMetadata, checksum_of(metadata)}};
  for (const SafetensorsTensor& tensor : tensors) sums[tensor.name] = checksum(tensor.data);
  return sums;
}

[[noreturn]] void fail(const std::string& source, const std::string& what) {
  throw CorruptCheckpoint(
      fmt::format("{}: {}; the file is damaged, or a program changed it and kept {} in its metadata", source,
                  what, kChecksumsKey));
}

Sums parsed(const std::string& text, const std::string& source) {
  try {
    Sums sums;
    const Json json = parse_json(text);
    for (const auto& [name, sum] : json.object()) sums[name] = sum.get<std::string>();
    return sums;
  } catch (const JsonError& error) {
    fail(source, fmt::format("{}: {}", kChecksumsKey, error.what()));
  }
}

}  // namespace

SafetensorsMetadata with_checksums(SafetensorsMetadata metadata,
                                   const std::vector<SafetensorsTensor>& tensors) {
  Json::Object texts;
  for (const auto& [name, sum] : checksums_of(metadata, tensors)) texts.push_back({name, sum});
  metadata[kChecksumsKey] = Json(std::move(texts)).dump();
  return metadata;
}

bool take_checksums(SafetensorsFile& file, const std::string& source) {
  const auto node = file.metadata.extract(kChecksumsKey);
  if (node.empty()) return false;
  const Sums wanted = parsed(node.mapped(), source), found = checksums_of(file.metadata, file.tensors);
  for (const auto& [name, sum] : wanted) {
    const std::string what =
        name == kSafetensorsMetadata ? "the metadata" : fmt::format("tensor \"{}\"", name);
    const auto there = found.find(name);
    if (there == found.end()) fail(source, what + " is missing");
    // mutant: tensor-checksum-compared
    if (there->second != sum)
      fail(source, fmt::format("{} has the checksum {}, wanted {}", what, there->second, sum));
  }
  // mutant: tensors-counted
  if (wanted.size() != found.size()) fail(source, "a tensor has no checksum, and others have one");
  return true;
}

}  // namespace thalweg
