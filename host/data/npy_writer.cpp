#include "host/data/npy_writer.hpp"

#include <fmt/format.h>

#include <bit>
#include <string_view>

namespace thalweg {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written as they lie in memory");

/// Magic, version, length and the header, padded so that the data begin at a multiple of 64.
std::string npy_header(const char* dtype, const std::string& shape) {
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", dtype, shape);
  constexpr std::size_t kPrefix = 10, kAlign = 64;
  text.resize((kPrefix + text.size() + kAlign) / kAlign * kAlign - kPrefix, ' ');
  text.back() = '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(text.size() & 0xff);
  bytes += static_cast<char>(text.size() >> 8);
  return bytes + text;
}

template <class T>
std::string_view raw(const T* data, std::int64_t count) {
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(count) * sizeof(T)};
}

template <class T>
void write_array(const std::string& path, const char* dtype, const std::string& shape,
                 const std::vector<T>& values) {
  const std::string header = npy_header(dtype, shape);
  const std::string_view parts[] = {header, raw(values.data(), std::ssize(values))};
  write_file_atomically(path, parts);
}

template <class T>
void write_vector(const std::string& path, const char* dtype, const std::vector<T>& values) {
  write_array(path, dtype, fmt::format("({},)", values.size()), values);
}

}  // namespace

NpyMatrixWriter::NpyMatrixWriter(const std::string& path, std::int64_t rows, std::int64_t cols)
    : file_(path) {
  file_.write(npy_header("<f4", fmt::format("({}, {})", rows, cols)));
}

void NpyMatrixWriter::append(ConstMatrix rows) {
  if (rows.stride == rows.cols) {
    file_.write(raw(rows.data, rows.rows * rows.cols));
  } else {
    for (std::int64_t r = 0; r < rows.rows; ++r) file_.write(raw(rows.row(r), rows.cols));
  }
}

void write_npy(const std::string& path, ConstMatrix matrix) {
  NpyMatrixWriter writer(path, matrix.rows, matrix.cols);
  writer.append(matrix);
  writer.commit();
}

void write_npy(const std::string& path, const std::vector<double>& matrix, std::int64_t cols) {
  write_array(path, "<f8", fmt::format("({}, {})", std::ssize(matrix) / cols, cols), matrix);
}

void write_npy(const std::string& path, const std::vector<float>& values) {
  write_vector(path, "<f4", values);
}
void write_npy(const std::string& path, const std::vector<double>& values) {
  write_vector(path, "<f8", values);
}
void write_npy(const std::string& path, const std::vector<std::int64_t>& values) {
  write_vector(path, "<i8", values);
}

}  // namespace thalweg
