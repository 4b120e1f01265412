// Sparse matrices that scipy.sparse.save_npz wrote: format, shape, data, indices and indptr. The three long
// arrays are read side by side, a piece at a time.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "host/data/array_elements.hpp"
#include "host/data/npz_archive.hpp"
#include "host/data/precise.hpp"
#include "host/data/sparse_width.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kPieceElements = 1 << 16;
/// Of a block that passes by.
constexpr std::int64_t kBlockEntries = 1 << 17, kBlockRows = 1 << 14;

bool is_whole(double x) { return x >= 0 && x <= 0x1p53 && x == std::floor(x); }

[[noreturn]] void refuse(const NpzArchive& archive, const std::string& what) {
  throw DataError(fmt::format("{} is a damaged sparse matrix: {}", archive.path(), what));
}

/// The numbers of an array of one dimension, one after the other.
class Numbers {
 public:
  Numbers(const NpzArchive& archive, const char* name) : name_(archive.path() + ":" + name) {
    source_ = archive.open(archive.find({name}), header_);
    if (header_.is_text()) throw DataError(fmt::format("{} holds texts; want numbers", name_));
    if (header_.shape.size() != 1) refuse(archive, fmt::format("{} is not a list", name));
    if (count() > 0) check_claim(header_, *source_, name_);
  }

  std::int64_t count() const { return header_.rows(); }
  /// There has to be one.
  double next() {
    if (at_ == piece_.size()) fill();
    return piece_[at_++];
  }
  /// Reads what is left, so that its checksum is compared.
  void end() {
    while (taken_ < count()) fill();
    array_elements::require_end(*source_, header_, name_, RowRange{});
  }

 private:
  void fill() {
    const std::int64_t want = std::min(count() - taken_, kPieceElements);
    std::vector<char> bytes;
    const std::int64_t got = append_bytes(*source_, want * header_.size, bytes);
    if (got < want * header_.size) array_elements::cut_off(name_, header_, taken_ + got / header_.size);
    piece_.resize(static_cast<std::size_t>(want));
    array_elements::convert(header_, bytes.data(), want, piece_.data());
    taken_ += want;
    at_ = 0;
  }

  std::string name_;
  ArrayHeader header_;
  std::unique_ptr<ByteSource> source_;
  std::vector<double> piece_;
  std::size_t at_ = 0;
  std::int64_t taken_ = 0;
};

void require_csr(const NpzArchive& archive) {
  const LabelColumn format = archive.column(archive.find({"format"}), RowRange{});
  const std::string name = format.texts.empty() ? "" : format.texts[0];
  if (name != "csr")
    throw DataError(fmt::format("{} is a sparse matrix of the format {}; want csr (scipy's tocsr())",
                                archive.path(), shown(name)));
  for (const char* array : {"shape", "data", "indices", "indptr"})
    if (archive.find({array}) < 0)
      throw DataError(fmt::format("{} is a sparse matrix without {}; want an archive of scipy's save_npz",
                                  archive.path(), array));
}

class ScipyRows {
 public:
  explicit ScipyRows(const NpzArchive& archive)
      : archive_(archive), ends_(archive, "indptr"), indices_(archive, "indices"), values_(archive, "data") {
    Numbers shape(archive, "shape");
    if (shape.count() != 2) refuse(archive, "its shape is not two extents");
    const double rows = shape.next(), columns = shape.next();
    if (!is_whole(rows) || !is_whole(columns) || columns > 0x1p31 - 2)
      refuse(archive, "its shape is not two extents");
    rows_ = static_cast<std::int64_t>(rows), columns_ = static_cast<std::int64_t>(columns);
    if (ends_.count() != rows_ + 1) refuse(archive, "indptr does not have an element per row and one more");
    if (indices_.count() != values_.count() || ends_.next() != 0) refuse_fit();
  }

  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return columns_; }

  /// The entries of the next row, by column: scipy may leave them unsorted.
  const std::vector<std::pair<std::int32_t, double>>& next() {
    const double end = ends_.next();
    if (!is_whole(end) || end < static_cast<double>(entry_) || end > static_cast<double>(values_.count()))
      refuse_fit();
    row_.clear();
    for (; entry_ < static_cast<std::int64_t>(end); ++entry_) {
      const double index = indices_.next();
      if (!is_whole(index) || index >= static_cast<double>(columns_))
        refuse(archive_, fmt::format("index {} in a row of {} columns", index, columns_));
      row_.emplace_back(static_cast<std::int32_t>(index), values_.next());
    }
    std::sort(row_.begin(), row_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return row_;
  }
  void end() {
    for (Numbers* const numbers : {&ends_, &indices_, &values_}) numbers->end();
  }

 private:
  [[noreturn]] void refuse_fit() const { refuse(archive_, "indptr, indices and data do not fit each other"); }

  const NpzArchive& archive_;
  Numbers ends_, indices_, values_;
  std::int64_t rows_ = 0, columns_ = 0, entry_ = 0;
  std::vector<std::pair<std::int32_t, double>> row_;
};

void append_row(const std::vector<std::pair<std::int32_t, double>>& entries, std::int64_t row,
                RawData& data) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& [column, exact] = entries[i];
    const auto value = static_cast<float>(exact);
    if (i > 0 && entries[i - 1].first == column)
      throw DataError(
          fmt::format("{} row {}: index {} comes twice; want each once (scipy's sum_duplicates())",
                      data.source, row, column));
    if (!std::isfinite(value))
      throw DataError(
          fmt::format("{} row {}, index {}: got {}; want a finite number", data.source, row, column, value));
    if (may_collapse(value) && exact != value) data.precise[column].push_back(exact);
    data.columns.push_back(column);
    data.values.push_back(value);
  }
  data.offsets.push_back(std::ssize(data.columns));
  ++data.rows;
}

/// Gives away the rows; the doubles of entries stay, as all of them are judged together.
void give_rows(const ReadRequest& request, RawData& data) {
  RawData block;
  block.source = data.source;
  block.first_source_row = data.first_source_row;
  block.index_base = data.index_base;
  std::swap(static_cast<RawCells&>(block), static_cast<RawCells&>(data));
  std::swap(block.precise, data.precise);
  data.layout = block.layout;
  data.width = block.width;
  data.offsets.assign(1, 0);
  data.first_source_row += block.rows;
  request.takers.rows(std::move(block));
}

}  // namespace

bool is_sparse_npz(const NpzArchive& archive) {
  return archive.find({"format"}) >= 0 && archive.find({"shape"}) >= 0 && archive.find({"data"}) >= 0;
}

RawData read_sparse_npz(const NpzArchive& archive, const ReadRequest& request, const ReadBeside& beside) {
  require_csr(archive);
  ScipyRows rows(archive);
  RawData data;
  data.layout = RawData::Layout::csr;
  data.source = archive.path();
  data.first_source_row = request.range.begin;
  data.index_base = 0;
  data.width = request.schema != nullptr ? request.schema->features : rows.columns();
  data.offsets.push_back(0);
  require_rows(data.source, request.range, rows.rows());
  const std::int64_t begin = std::min(request.range.begin, rows.rows()),
                     end = std::min(request.range.end, rows.rows());
  if (request.takers.rows && begin < end) give_companions(request, end - begin, beside, data);
  for (std::int64_t row = 0; row < end; ++row) {
    const auto& entries = rows.next();
    if (row < begin) continue;
    append_row(entries, row, data);
    const bool full = data.rows >= kBlockRows || std::ssize(data.columns) >= kBlockEntries;
    if (request.takers.rows && (full || row + 1 == end)) give_rows(request, data);
  }
  if (end == rows.rows()) rows.end();
  if (request.takers.rows) return data;
  fit_width(request, data);
  beside(data);
  return data;
}

}  // namespace thalweg
