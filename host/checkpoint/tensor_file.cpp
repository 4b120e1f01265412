#include "host/checkpoint/tensor_file.hpp"

#include <cstring>

#include "host/checkpoint/files.hpp"
#include "host/checkpoint/tensor_checksums.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

std::string_view bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::vector<SafetensorsTensor> views_of(std::initializer_list<const std::vector<NamedTensor>*> lists) {
  std::vector<SafetensorsTensor> views;
  for (const std::vector<NamedTensor>* list : lists)
    for (const NamedTensor& tensor : *list)
      views.push_back({tensor.name, "F32", tensor.shape, bytes_of(tensor.values)});
  return views;
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
    SafetensorsFile file = parse_safetensors(bytes, path);
    const bool checked = take_checksums(file, path);
    return {file.metadata, to_named_tensors(file, path), checked};
  } catch (const DataError& error) {
    throw CorruptCheckpoint(error.what());
  }
}

void write_float_tensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                         const SafetensorsMetadata& metadata) {
  const std::vector<SafetensorsTensor> views = views_of({&tensors});
  const std::string header = safetensors_header(with_checksums(metadata, views), views);
  std::vector<std::string_view> parts{header};
  for (const SafetensorsTensor& view : views) parts.push_back(view.data);
  write_file_atomically(path, parts);
}

}  // namespace thalweg
