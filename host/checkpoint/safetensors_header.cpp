// The header of a safetensors file, as text.
#include <fmt/format.h>

#include <set>

#include "host/checkpoint/safetensors.hpp"
#include "host/json/json.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// The bytes of a tensor; negative: the dtype or an extent is.
std::int64_t bytes_of_shape(const std::string& dtype, const std::vector<std::int64_t>& shape) {
  std::int64_t bytes = safetensors_dtype_bytes(dtype);
  for (const std::int64_t extent : shape) bytes *= extent;
  return bytes;
}

Json metadata_json(const SafetensorsMetadata& metadata) {
  Json::Object texts;
  for (const auto& [key, text] : metadata) texts.push_back({key, text});
  return Json(std::move(texts));
}

Json tensors_json(const SafetensorsMetadata& metadata, const std::vector<SafetensorsShape>& tensors) {
  Json::Object header;
  if (!metadata.empty()) header.push_back({kSafetensorsMetadata, metadata_json(metadata)});
  std::uint64_t offset = 0;
  std::set<std::string> names = {kSafetensorsMetadata};
  for (const SafetensorsShape& tensor : tensors) {
    if (!names.insert(tensor.name).second) {  // mutant: names-unique
      throw InternalError(fmt::format("two tensors are called \"{}\"", tensor.name));
    }
    const std::uint64_t end = offset + static_cast<std::uint64_t>(bytes_of_shape(tensor.dtype, tensor.shape));
    Json entry;
    entry["dtype"] = tensor.dtype;
    entry["shape"] = tensor.shape;
    entry["data_offsets"] = std::vector<std::uint64_t>{offset, end};
    header.push_back({tensor.name, std::move(entry)});
    offset = end;
  }
  return Json(std::move(header));
}

}  // namespace

std::string safetensors_header(const SafetensorsMetadata& metadata,
                               const std::vector<SafetensorsShape>& tensors, std::uint64_t alignment,
                               std::uint64_t at) {
  std::string text;
  try {
    text = tensors_json(metadata, tensors).dump();
  } catch (const JsonError& error) {
    throw InternalError(fmt::format("a name or metadata text is not UTF-8: {}", error.what()));
  }
  const std::uint64_t over = (kSafetensorsLength + text.size() + at) % alignment;
  text.append((alignment - over) % alignment, ' ');  // mutant: data-aligned
  if (text.size() > kMaxSafetensorsHeader) {
    throw InternalError(
        fmt::format("a safetensors header of {} bytes, allowed are {}", text.size(), kMaxSafetensorsHeader));
  }
  std::string bytes(kSafetensorsLength, '\0');
  for (std::uint64_t i = 0; i < kSafetensorsLength; ++i) bytes[i] = static_cast<char>(text.size() >> (8 * i));
  return bytes + text;
}

std::string safetensors_header(const SafetensorsMetadata& metadata,
                               const std::vector<SafetensorsTensor>& tensors) {
  std::vector<SafetensorsShape> shapes;
  for (const SafetensorsTensor& tensor : tensors) {
    const std::int64_t bytes = bytes_of_shape(tensor.dtype, tensor.shape);
    if (bytes < 0 || static_cast<std::uint64_t>(bytes) != tensor.data.size()) {
      throw InternalError(fmt::format("tensor \"{}\": {} bytes of data, its shape wants {}", tensor.name,
                                      tensor.data.size(), bytes));
    }
    shapes.push_back({tensor.name, tensor.dtype, tensor.shape});
  }
  return safetensors_header(metadata, shapes, 8, 0);
}

}  // namespace thalweg
