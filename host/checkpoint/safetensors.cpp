#include "host/checkpoint/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <tuple>

#include "host/json/json.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are copied as they lie in memory");

// F4 and the six-bit types share bytes between elements and are refused.
struct DType {
  std::string_view name;
  std::int64_t bytes;
};
constexpr DType kDTypes[] = {{"BOOL", 1},    {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1},
                             {"F8_E8M0", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},     {"BF16", 2},
                             {"I32", 4},     {"U32", 4}, {"F32", 4}, {"F64", 8},     {"I64", 8},
                             {"U64", 8},     {"C64", 8}};

class Parser {
 public:
  Parser(std::string_view bytes, const std::string& source) : bytes_(bytes), source_(source) {}

  SafetensorsFile parse() {
    const Json header = parse_header(header_text());
    SafetensorsFile file;
    std::vector<Placed> placed;
    for (const auto& [name, entry] : header.object()) {
      if (name == kSafetensorsMetadata) {
        file.metadata = metadata(entry);
      } else {
        placed.push_back(tensor(name, entry));
      }
    }
    lay_out(placed);
    for (Placed& p : placed) file.tensors.push_back(std::move(p.tensor));
    return file;
  }

 private:
  struct Placed {
    std::uint64_t begin = 0, end = 0;
    SafetensorsTensor tensor;
  };

  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(fmt::format("{}: not a valid safetensors file: {}", source_, what));
  }

  std::string_view header_text() {
    if (bytes_.size() < kSafetensorsLength) fail(fmt::format("{} bytes, wanted at least 8", bytes_.size()));
    std::uint64_t length = 0;
    for (std::uint64_t i = 0; i < kSafetensorsLength; ++i) {
      length |= std::uint64_t{static_cast<unsigned char>(bytes_[i])} << (8 * i);
    }
    if (length > kMaxSafetensorsHeader) {
      fail(fmt::format("a header of {} bytes, allowed are {}", length, kMaxSafetensorsHeader));
    }
    if (length > bytes_.size() - kSafetensorsLength) {
      fail(fmt::format("a header of {} bytes in a file of {}", length, bytes_.size()));
    }
    const std::string_view header = bytes_.substr(kSafetensorsLength, length);
    if (header.empty() || header.front() != '{') fail("the header does not begin with '{'");
    // mutant: no-nul-in-header
    if (header.find('\0') != std::string_view::npos) fail("a NUL in the header");  // JSON readers stop there
    data_ = bytes_.substr(kSafetensorsLength + length);
    return header;
  }

  Json parse_header(std::string_view text) const {
    try {
      return parse_json(text);
    } catch (const JsonError& error) {
      fail(error.what());
    }
  }

  SafetensorsMetadata metadata(const Json& entry) const {
    const auto* const members = entry.get_if<Json::Object>();
    if (members == nullptr) fail("__metadata__ is not an object");
    SafetensorsMetadata result;
    for (const auto& [key, value] : *members) {
      const auto* const text = value.get_if<std::string>();
      if (text == nullptr) fail(fmt::format("__metadata__ \"{}\" is not a string", key));
      result[key] = *text;
    }
    return result;
  }

  const Json& field(const std::string& name, const Json& entry, const char* key) const {
    const Json* const found = entry.find(key);
    if (found == nullptr) fail(fmt::format("tensor \"{}\" has no {}", name, key));
    return *found;
  }

  Placed tensor(const std::string& name, const Json& entry) const {
    const auto* const fields = entry.get_if<Json::Object>();
    if (fields == nullptr) fail(fmt::format("tensor \"{}\" is not an object", name));
    // mutant: three-fields
    if (fields->size() != 3) fail(fmt::format("tensor \"{}\" has {} fields, wanted 3", name, fields->size()));
    Placed placed;
    placed.tensor.name = name;
    const auto* const dtype = field(name, entry, "dtype").get_if<std::string>();
    if (dtype == nullptr) fail(fmt::format("the dtype of tensor \"{}\" is not a string", name));
    placed.tensor.dtype = *dtype;
    const std::uint64_t bytes = read_shape(placed.tensor, field(name, entry, "shape"));
    read_offsets(placed, field(name, entry, "data_offsets"));
    if (placed.begin > placed.end || placed.end > data_.size()) {  // mutant: tensor-in-file
      fail(fmt::format("tensor \"{}\" lies at [{}, {}) of {} bytes of data", name, placed.begin, placed.end,
                       data_.size()));
    }
    if (placed.end - placed.begin != bytes) {  // mutant: bytes-fit-shape
      fail(fmt::format("tensor \"{}\" has {} bytes, its shape wants {}", name, placed.end - placed.begin,
                       bytes));
    }
    placed.tensor.data = data_.substr(placed.begin, bytes);
    return placed;
  }

  void read_offsets(Placed& placed, const Json& offsets) const {
    const auto* const list = offsets.get_if<Json::Array>();
    const bool pair = list != nullptr && list->size() == 2;
    const auto* const begin = pair ? (*list)[0].get_if<std::uint64_t>() : nullptr;
    const auto* const end = pair ? (*list)[1].get_if<std::uint64_t>() : nullptr;
    if (begin == nullptr || end == nullptr) {
      fail(fmt::format("the data_offsets of tensor \"{}\" are not two whole numbers", placed.tensor.name));
    }
    placed.begin = *begin;
    placed.end = *end;
  }

  /// Fills the shape; returns the bytes it stands for.
  std::uint64_t read_shape(SafetensorsTensor& tensor, const Json& shape) const {
    const std::int64_t element = safetensors_dtype_bytes(tensor.dtype);
    if (element == 0) {  // mutant: dtype-known
      fail(fmt::format("tensor \"{}\" has the unknown dtype \"{}\"", tensor.name, tensor.dtype));
    }
    const auto* const extents = shape.get_if<Json::Array>();
    if (extents == nullptr) fail(fmt::format("the shape of tensor \"{}\" is not a list", tensor.name));
    std::int64_t bytes = element;
    for (const Json& extent : *extents) {
      const auto* const size = extent.get_if<std::uint64_t>();
      if (size == nullptr) {
        fail(fmt::format("the shape of tensor \"{}\" holds {}", tensor.name, extent.dump()));
      }
      if (*size > INT64_MAX || __builtin_mul_overflow(bytes, static_cast<std::int64_t>(*size), &bytes)) {
        fail(fmt::format("the shape of tensor \"{}\" overflows", tensor.name));
      }
      tensor.shape.push_back(static_cast<std::int64_t>(*size));
    }
    return static_cast<std::uint64_t>(bytes);
  }

  /// Tensors in the order of their data; together they cover it without overlap or hole.
  void lay_out(std::vector<Placed>& placed) const {
    std::sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) {
      return std::tie(a.begin, a.end, a.tensor.name) < std::tie(b.begin, b.end, b.tensor.name);
    });
    std::uint64_t end = 0;
    for (const Placed& p : placed) {
      if (p.begin != end) {  // mutant: no-overlap
        fail(fmt::format("tensor \"{}\" begins at {}, the one before it ends at {}", p.tensor.name, p.begin,
                         end));
      }
      end = p.end;
    }
    // mutant: no-bytes-left
    if (end != data_.size()) fail(fmt::format("the tensors end at {}, the data at {}", end, data_.size()));
  }

  std::string_view bytes_, data_;
  const std::string& source_;
};

}  // namespace

std::int64_t safetensors_dtype_bytes(std::string_view dtype) {
  for (const DType& known : kDTypes) {
    if (known.name == dtype) return known.bytes;
  }
  return 0;
}

SafetensorsFile parse_safetensors(std::string_view bytes, const std::string& source) {
  return Parser(bytes, source).parse();
}

}  // namespace thalweg
