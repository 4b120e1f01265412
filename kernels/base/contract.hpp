#pragma once
// Contracts: what a call of an op must hold, on every backend alike. <op>_contract.cpp states those of an op:
// shapes, strides, slices, and which memory may be the same. Memory is known by its addresses and is never
// read: it may be that of a device.
#include <cstdint>
#include <string>

#include "thalweg/tensor.hpp"

namespace thalweg {

/// An argument, or a part of one: "input", "input.ids".
struct Label {
  const char* name = "";
  const char* part = "";

  constexpr Label() = default;
  constexpr Label(const char* of, const char* its = "") : name(of), part(its) {}
  std::string text() const;
};

/// Rows of memory. Counts and strides are in elements.
struct Area {
  Label label;
  std::uintptr_t begin = 0;
  std::int64_t rows = 0, cols = 0, stride = 0;
  std::int64_t element = 1, alignment = 1;  ///< bytes

  bool empty() const { return rows == 0 || cols == 0; }
  bool same_as(const Area& other) const;
  /// Whether some row of one lies over some row of the other. Of areas whose strides differ, the bytes
  /// between two rows count as theirs.
  bool overlaps(const Area& other) const;
  std::string text() const;  ///< "output [32, 10]", "weight [50]"

 private:
  std::uintptr_t end() const;
};

template <class T>
Area area(const Label& label, const MatrixView<T>& m) {
  return {label, reinterpret_cast<std::uintptr_t>(m.data), m.rows, m.cols, m.stride, sizeof(T), alignof(T)};
}
template <class T>
Area area(const Label& label, const T* data, std::int64_t size) {
  return area(label, matrix(data, 1, size));
}

/// An operand that a contract has named.
struct Operand {
  int number = -1;
};

/// Collects the operands of one call. Each member throws InternalError where the call breaks its rule; the
/// message names op, argument and numbers.
class Contract {
 public:
  explicit Contract(const char* op) : op_(op) {}

  void require(bool holds, const char* otherwise) const;
  void equal(const Label& what, std::int64_t got, std::int64_t want) const;
  void at_least(const Label& what, std::int64_t got, std::int64_t least) const;
  void within(const Label& what, std::int64_t got, std::int64_t least, std::int64_t most) const;

  /// Memory that the op reads: given and aligned, unless it is empty, and apart from what the op writes.
  Operand reads(const Area& area);
  template <class T>
  Operand reads(const Label& label, const T* data, std::int64_t size) {
    return reads(area(label, data, size));
  }
  template <class T>
  Operand reads(const Label& label, const MatrixView<T>& m, std::int64_t rows, std::int64_t cols) {
    shape(label, m, rows, cols);
    return reads(area(label, m));
  }

  /// Memory that the op writes: apart from every other operand, but that it may be `itself`, element for
  /// element.
  Operand writes(const Area& area, Operand itself = {});
  template <class T>
  Operand writes(const Label& label, T* data, std::int64_t size, Operand itself = {}) {
    return writes(area(label, data, size), itself);
  }
  Operand writes(const Label& label, const Matrix& m, std::int64_t rows, std::int64_t cols,
                 Operand itself = {}) {
    shape(label, m, rows, cols);
    return writes(area(label, m), itself);
  }

  // The same for memory that may be null, which is then no operand.
  template <class T>
  void may_read(const Label& label, const T* data, std::int64_t size) {
    if (data != nullptr) reads(label, data, size);
  }
  template <class T>
  void may_write(const Label& label, T* data, std::int64_t size) {
    if (data != nullptr) writes(label, data, size);
  }
  void may_write(const Label& label, const Matrix& m, std::int64_t rows, std::int64_t cols) {
    if (m.data != nullptr) writes(label, m, rows, cols);
  }

 private:
  enum class Access { read, write };
  struct Entry {
    Area area;
    Access access;
  };
  static constexpr int kMostOperands = 32;

  /// `m` is [rows, cols], each row behind the end of the one before.
  void shape(const Label& label, const ConstMatrix& m, std::int64_t rows, std::int64_t cols) const;
  Operand add(const Area& area, Access access, Operand itself);
  [[noreturn]] void fail(const std::string& what) const;

  const char* op_;
  Entry entries_[kMostOperands];
  int count_ = 0;
};

}  // namespace thalweg
