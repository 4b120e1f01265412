#pragma once
// The safetensors format (huggingface/safetensors, version 0.4 and later): 8 bytes length of the header,
// little-endian; a JSON header; the tensors' bytes, one after the other without a hole.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

/// The header may not be longer, as in the reference implementation; checked before anything is parsed.
constexpr std::uint64_t kMaxSafetensorsHeader = 100'000'000;
constexpr std::uint64_t kSafetensorsLength = 8;  ///< bytes of the length of the header
constexpr const char* kSafetensorsMetadata = "__metadata__";

/// Bytes of one element of a dtype such as "F32"; 0 for one that is not known.
std::int64_t safetensors_dtype_bytes(std::string_view dtype);

struct SafetensorsTensor {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::string_view data;  ///< shape times dtype bytes, little-endian, row-major; not aligned
};

using SafetensorsMetadata = std::map<std::string, std::string>;

struct SafetensorsFile {
  SafetensorsMetadata metadata;
  std::vector<SafetensorsTensor> tensors;  ///< in the order of their data
};

/// Strict: throws DataError naming `source` and what is wrong for anything that the format does not allow.
/// The tensors point into `bytes`; nothing is allocated by a size that the file claims.
SafetensorsFile parse_safetensors(std::string_view bytes, const std::string& source);

/// Length field and header of a file that holds `tensors` in this order; the file is this followed by each
/// tensor's data. The header is padded with spaces to a multiple of 8. Equal input gives equal bytes.
std::string safetensors_header(const SafetensorsMetadata& metadata,
                               const std::vector<SafetensorsTensor>& tensors);

/// A tensor whose data come later.
struct SafetensorsShape {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
};

/// The same for data that come later. The padding puts byte `at` of the data at a multiple of `alignment` in
/// the file.
std::string safetensors_header(const SafetensorsMetadata& metadata,
                               const std::vector<SafetensorsShape>& tensors, std::uint64_t alignment,
                               std::uint64_t at);

}  // namespace thalweg
