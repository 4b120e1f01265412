#pragma once
// Detection of a file's format by its first bytes.
#include <string_view>

namespace thalweg {

/// NumPy's format: its magic string.
inline bool is_npy(std::string_view head) { return head.starts_with("\x93NUMPY"); }

/// APPNOTE.TXT 4.3: a member, or the end record of an archive that has none.
inline bool is_zip(std::string_view head) {
  return head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06");
}

/// Two zeros, a type, which is never zero, and the number of dimensions.
inline bool is_idx(std::string_view head) {
  return head.size() >= 4 && head[0] == 0 && head[1] == 0 && head[2] != 0;
}

/// No text holds a zero byte.
inline bool is_text(std::string_view head) { return head.find('\0') == std::string_view::npos; }

/// Whether a line is "label index:value ..."; a label alone may be anything.
bool looks_like_libsvm(std::string_view text);

}  // namespace thalweg
