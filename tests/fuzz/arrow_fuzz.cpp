// A stream of record batches whose buffers are as long as they must be: their lengths are all that a reader
// cannot check. Types, nulls, offsets of texts, views, indices and the words of the stream are the input's.
#include <algorithm>
#include <cstdlib>

#include "tests/fuzz/reader.hpp"
#include "tests/support/arrow_by_hand.hpp"

namespace {

using namespace thalweg;

/// The input, byte by byte; zeros behind its end.
class Bytes {
 public:
  explicit Bytes(std::string_view input) : rest_(input) {}
  unsigned next() {
    const std::vector<unsigned char> one = take(1);
    return one[0];
  }
  std::vector<unsigned char> take(std::size_t count) {
    const std::string_view there = rest_.substr(0, count);
    rest_.remove_prefix(there.size());
    std::vector<unsigned char> bytes(there.begin(), there.end());
    bytes.resize(count);
    return bytes;
  }

 private:
  std::string_view rest_;
};

constexpr const char* kFormats[] = {"f",      "g",           "l",       "i",   "c", "C",  "s",    "S",
                                    "I",      "L",           "e",       "b",   "n", "u",  "U",    "vu",
                                    "d:10,2", "d:38,-3,128", "d:38,77", "d:,", "z", "+l", "tss:", ""};
constexpr std::size_t kWidth = 16;  ///< of an element, at the most
constexpr std::size_t kTexts = 64;  ///< bytes of the texts of a column

/// What a column is in every batch.
struct Kind {
  std::string format;
  unsigned flags;
};

/// Offsets between 0 and kTexts, and negative ones: beyond them no reader can see the end of the texts.
template <class Offset>
std::vector<unsigned char> offsets_from(Bytes& bytes, std::int64_t count) {
  std::vector<Offset> offsets;
  for (std::int64_t i = 0; i < count; ++i) {
    const unsigned byte = bytes.next();
    offsets.push_back(static_cast<Offset>(byte < 0xF0 ? byte % kTexts : -1));
  }
  return bytes_of_values(offsets);
}

ArrowByHand column_from(Bytes& bytes, const Kind& kind, std::int64_t length) {
  ArrowByHand column{.name = "c" + kind.format, .format = kind.format, .length = length};
  column.offset = kind.flags & 3;
  const std::int64_t rows = column.offset + length;
  const auto count = static_cast<std::size_t>(rows);
  column.buffers.push_back((kind.flags & 4) != 0 ? bytes.take(count / 8 + 1) : std::vector<unsigned char>());
  if (kind.format == "u" || kind.format == "U") {
    column.buffers.push_back(kind.format == "u" ? offsets_from<std::int32_t>(bytes, rows + 1)
                                                : offsets_from<std::int64_t>(bytes, rows + 1));
    column.buffers.push_back(bytes.take(kTexts));
  } else {
    column.buffers.push_back(bytes.take(count * kWidth + 1));
  }
  if (kind.format == "vu") {
    column.buffers.push_back(bytes.take(kTexts));
    column.buffers.push_back(bytes_of_values(std::vector<std::int64_t>{static_cast<std::int64_t>(kTexts)}));
  }
  if (kind.format == "n") column.buffers.clear();
  if ((kind.flags & 8) != 0 && !column.buffers.empty()) column.buffers.pop_back();
  return column;
}

/// A column of indices into `kind`, by a flag.
ArrowByHand maybe_dictionary(Bytes& bytes, const Kind& kind, std::int64_t length) {
  if ((kind.flags & 16) == 0) return column_from(bytes, kind, length);
  const char* const indices[] = {"c", "C", "i", "L"};
  Kind of_indices{indices[kind.flags >> 6 & 3], kind.flags};
  ArrowByHand column = column_from(bytes, of_indices, length);
  column.name = "d" + kind.format;
  if ((kind.flags & 32) == 0)
    column.dictionary = std::make_shared<ArrowByHand>(column_from(bytes, kind, bytes.next() % 8));
  return column;
}

Kind kind_from(Bytes& bytes) {
  const unsigned format = bytes.next();
  const bool own = format % 32 >= std::size(kFormats);
  const std::vector<unsigned char> text = own ? bytes.take(format % 4) : std::vector<unsigned char>();
  std::string name = own ? std::string(text.begin(), text.end()) : kFormats[format % 32];
  name.resize(std::min(name.find('\0'), name.size()));
  return {std::move(name), bytes.next()};
}

/// Every column has the rows of all batches.
void check_rows(const RawTable& table, std::int64_t rows) {
  for (const RawColumn& column : table.columns)
    if (std::max(std::ssize(column.numbers), std::ssize(column.texts)) != rows) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  Bytes bytes(fuzz::view(data, size));
  const unsigned choice = bytes.next(), shape = bytes.next();
  const std::int64_t rows = bytes.next() % 16, begin = choice >> 4 & 3;
  std::vector<Kind> kinds;
  for (unsigned c = 0; c < 1 + shape % 4; ++c) kinds.push_back(kind_from(bytes));
  std::vector<std::vector<ArrowByHand>> batches(1 + (shape >> 2) % 3);
  for (auto& batch : batches)
    for (const Kind& kind : kinds) batch.push_back(maybe_dictionary(bytes, kind, begin + rows));
  const auto all_rows = rows * std::ssize(batches);
  ArrowStreamByHand stream(std::move(batches));
  stream.begin = begin;
  stream.rows = rows + ((choice & 1) != 0 ? 1 : 0);
  stream.fails_at = (choice & 2) != 0 ? 1 : -1;
  stream.no_children = (choice & 0xC0) == 0xC0;
  stream.no_format = (choice & 0xCC) == 0x8C;
  fuzz::only_typed_errors([&] {
    const RawTable table = read_arrow(&stream.stream, "input");
    check_rows(table, all_rows);
    fit_transform(table, table.columns.back().name);
  });
  if (stream.alive != 0 || stream.stream.release != nullptr) std::abort();
  return 0;
}
