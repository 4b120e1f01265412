// Reads files as our readers do and prints what they hold, for differential.py to compare. Standard input has
// one file per line: FORMAT, PATH and, where there is one, the path of the labels, with tabs between. The
// answer is a line of JSON each; bytes are hexadecimal.
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/checkpoint/files.hpp"
#include "host/checkpoint/safetensors.hpp"
#include "host/data/byte_source.hpp"
#include "host/data/readers.hpp"
#include "thalweg/error.hpp"

namespace {

using namespace thalweg;
using Json = nlohmann::json;

std::string hex(const void* data, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    const unsigned char byte = static_cast<const unsigned char*>(data)[i];
    text += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  }
  return text;
}

template <class T>
std::string hex(const std::vector<T>& values) {
  return hex(values.data(), values.size() * sizeof(T));
}

Json hex_texts(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& text : texts) list.push_back(hex(text.data(), text.size()));
  return list;
}

Json content(const RawData& data) {
  Json json = {{"rows", data.rows}, {"width", data.width}, {"weight", hex(data.weight)}};
  if (data.layout == RawData::Layout::u8) json["bytes"] = hex(data.bytes);
  if (data.layout == RawData::Layout::f32) json["cells"] = hex(data.cells);
  if (data.layout == RawData::Layout::csr) {
    json["offsets"] = data.offsets;
    json["columns"] = data.columns;
    json["values"] = hex(data.values);
  }
  json["names"] = hex_texts(data.column_names);
  json["texts"] = Json::array();
  for (const auto& texts : data.texts) json["texts"].push_back(hex_texts(texts));
  json["label_numbers"] = hex(data.labels.numbers);
  json["label_codes"] = data.labels.codes;
  json["label_texts"] = hex_texts(data.labels.texts);
  return json;
}

Json read_data(const std::string& format, const std::string& path, const std::string& target) {
  const DataConfig config{.format = value_named<DataFormat>(format).value()};
  const ReadRequest request{.config = config,
                            .path = path,
                            .target = target,
                            .target_key = "target",
                            .need_target = format != "npy" && format != "idx",
                            .progress = {}};
  return content(reader_of(config.format).read(request, open_file(path)));
}

Json read_gz(const std::string& path) {
  const auto source = open_file(path);
  std::vector<char> bytes;
  append_bytes(*source, std::int64_t{1} << 30, bytes);
  return {{"bytes", hex(bytes)}};
}

/// Writes what was read as PATH.ours, for the package to read.
Json rewrite_safetensors(const std::string& path) {
  const std::string bytes = read_file(path);
  const SafetensorsFile file = parse_safetensors(bytes, "file");
  std::string written = safetensors_header(file.metadata, file.tensors);
  for (const SafetensorsTensor& tensor : file.tensors) written += tensor.data;
  write_file_atomically(path + ".ours", written);
  return Json::object();
}

Json answer(const std::string& line) {
  std::istringstream words(line);
  std::string format, path, target;
  std::getline(words, format, '\t');
  std::getline(words, path, '\t');
  std::getline(words, target);
  try {
    if (format == "gz") return read_gz(path);
    if (format == "safetensors") return rewrite_safetensors(path);
    return read_data(format, path, target);
  } catch (const Error& error) {
    return {{"refused", error.what()}};
  }
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);)
    std::cout << answer(line).dump(-1, ' ', true, Json::error_handler_t::replace) << '\n';
}
