#pragma once
// Arrow arrays and streams as another library would give them, for tests.
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/arrow.hpp"

namespace thalweg {

/// A column, or a column of one batch, whose buffers it owns.
struct ArrowByHand {
  std::string name, format;
  std::int64_t length = 0, offset = 0;
  std::deque<std::vector<unsigned char>> buffers;  ///< the first: validity, empty: all are there
  std::shared_ptr<ArrowByHand> dictionary;

  std::vector<const void*> pointers;
  ArrowArray array{};
  ArrowSchema schema{};
};

template <class T>
std::vector<unsigned char> bytes_of_values(const std::vector<T>& values) {
  std::vector<unsigned char> bytes(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

inline std::vector<unsigned char> bits_of(const std::vector<int>& bits) {
  std::vector<unsigned char> bytes((bits.size() + 7) / 8);
  for (std::size_t i = 0; i < bits.size(); ++i)
    bytes[i / 8] = static_cast<unsigned char>(bytes[i / 8] | (bits[i] << (i % 8)));
  return bytes;
}

/// `valid`: empty: all values are there.
template <class T>
ArrowByHand arrow_numbers(std::string name, std::string format, const std::vector<T>& values,
                          const std::vector<int>& valid = {}) {
  ArrowByHand column{.name = std::move(name), .format = std::move(format)};
  column.length = static_cast<std::int64_t>(values.size());
  column.buffers = {bits_of(valid), bytes_of_values(values)};
  return column;
}

template <class Offset = std::int32_t>
ArrowByHand arrow_texts(std::string name, const std::vector<std::string>& texts,
                        const std::vector<int>& valid = {}) {
  std::vector<Offset> offsets{0};
  std::string all;
  for (const std::string& text : texts) {
    all += text;
    offsets.push_back(static_cast<Offset>(all.size()));
  }
  ArrowByHand column{.name = std::move(name), .format = sizeof(Offset) == 4 ? "u" : "U"};
  column.length = static_cast<std::int64_t>(texts.size());
  column.buffers = {bits_of(valid), bytes_of_values(offsets), {all.begin(), all.end()}};
  return column;
}

/// A stream of batches, each a list of columns with the names and types of the first.
class ArrowStreamByHand {
 public:
  explicit ArrowStreamByHand(std::vector<std::vector<ArrowByHand>> batches) : batches_(std::move(batches)) {
    for (auto& batch : batches_)
      for (ArrowByHand& column : batch) point(column);
    stream.get_schema = [](ArrowArrayStream* s, ArrowSchema* out) { return self(s).schema(out); };
    stream.get_next = [](ArrowArrayStream* s, ArrowArray* out) { return self(s).next(out); };
    stream.get_last_error = [](ArrowArrayStream* s) { return self(s).error.c_str(); };
    stream.release = [](ArrowArrayStream* s) { s->release = nullptr; };
    stream.private_data = this;
  }
  ArrowStreamByHand(const ArrowStreamByHand&) = delete;
  ArrowStreamByHand& operator=(const ArrowStreamByHand&) = delete;

  ArrowArrayStream stream{};
  std::string error, format = "+s";
  int fails_at = -1;                                              ///< batch whose get_next fails
  bool no_children = false, no_format = false, no_bytes = false;  ///< lies
  int alive = 0;                      ///< schemas and arrays given and not released
  std::int64_t begin = 0, rows = -1;  ///< of each batch's struct; -1: all

 private:
  static ArrowStreamByHand& self(ArrowArrayStream* s) {
    return *static_cast<ArrowStreamByHand*>(s->private_data);
  }

  static void point(ArrowByHand& column) {
    column.pointers.clear();
    for (const auto& buffer : column.buffers)
      column.pointers.push_back(buffer.empty() ? nullptr : buffer.data());
    if (column.pointers.size() == 3 && column.pointers[2] == nullptr) column.pointers[2] = "";
    column.array.length = column.length;
    column.array.offset = column.offset;
    column.array.n_buffers = static_cast<std::int64_t>(column.pointers.size());
    column.array.buffers = column.pointers.data();
    column.schema.format = column.format.c_str();
    column.schema.name = column.name.c_str();
    if (column.dictionary == nullptr) return;
    point(*column.dictionary);
    column.array.dictionary = &column.dictionary->array;
    column.schema.dictionary = &column.dictionary->schema;
  }

  int schema(ArrowSchema* out) {
    schemas_.clear();
    for (ArrowByHand& column : batches_.at(0)) schemas_.push_back(&column.schema);
    *out = {};
    out->format = no_format ? nullptr : format.c_str();
    out->n_children = static_cast<std::int64_t>(schemas_.size());
    out->children = no_children ? nullptr : schemas_.data();
    out->private_data = this;
    out->release = [](ArrowSchema* s) {
      --static_cast<ArrowStreamByHand*>(s->private_data)->alive;
      s->release = nullptr;
    };
    ++alive;
    return 0;
  }

  int next(ArrowArray* out) {
    *out = {};
    if (next_ == fails_at) return 5;
    if (next_ == static_cast<int>(batches_.size())) return 0;
    std::vector<ArrowByHand>& batch = batches_[static_cast<std::size_t>(next_++)];
    arrays_.clear();
    for (ArrowByHand& column : batch) {
      if (no_bytes) column.pointers[2] = nullptr;
      arrays_.push_back(&column.array);
    }
    out->length = rows >= 0 ? rows : batch.empty() ? 0 : batch[0].length;
    out->offset = begin;
    out->n_children = static_cast<std::int64_t>(arrays_.size());
    out->children = arrays_.data();
    out->private_data = this;
    out->release = [](ArrowArray* a) {
      --static_cast<ArrowStreamByHand*>(a->private_data)->alive;
      a->release = nullptr;
    };
    ++alive;
    return 0;
  }

  std::vector<std::vector<ArrowByHand>> batches_;
  std::vector<ArrowSchema*> schemas_;
  std::vector<ArrowArray*> arrays_;
  int next_ = 0;
};

}  // namespace thalweg
