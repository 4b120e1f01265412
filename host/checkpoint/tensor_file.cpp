#include "host/checkpoint/tensor_file.hpp"

#include <cstring>

#include "host/checkpoint/files.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

std::string_view bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::vector<NamedTensor> to_named_tensors(const SafetensorsFile& file, const std::string& source) {
  std::vector<NamedTensor> tensors;
  for (const SafetensorsTensor& from : file.tensors) {
    if (from.dtype != "F32") {
      throw CorruptCheckpoint(source + ": tensor \"" + from.name + "\" is " + from.dtype + ", wanted F32");
    }
    NamedTensor tensor{from.name, from.shape, std::vector<float>(from.data.size() / sizeof(float))};
    if (!from.data.empty()) std::memcpy(tensor.values.data(), from.data.data(), from.data.size());
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

FloatTensors read_float_tensors(const std::string& path) {
  const std::string bytes = read_file(path);
  try {
    const SafetensorsFile file = parse_safetensors(bytes, path);
    return {file.metadata, to_named_tensors(file, path)};
  } catch (const DataError& error) {
    throw CorruptCheckpoint(error.what());
  }
}

void write_float_tensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                         const SafetensorsMetadata& metadata) {
  std::vector<SafetensorsTensor> views;
  for (const NamedTensor& tensor : tensors)
    views.push_back({tensor.name, "F32", tensor.shape, bytes_of(tensor.values)});
  const std::string header = safetensors_header(metadata, views);
  std::vector<std::string_view> parts{header};
  for (const SafetensorsTensor& view : views) parts.push_back(view.data);
  write_file_atomically(path, parts);
}

}  // namespace thalweg
