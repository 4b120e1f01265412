// Sparse matrices that scipy.sparse.save_npz wrote: format, shape, data, indices and indptr.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/data/npz_archive.hpp"
#include "host/data/precise.hpp"
#include "host/data/sparse_width.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

std::vector<double> numbers_of(const NpzArchive& archive, const char* name) {
  LabelColumn column = archive.column(archive.find({name}), RowRange{});
  if (column.numbers.empty())
    throw DataError(fmt::format("{}:{} holds texts; want numbers", archive.path(), name));
  return std::move(column.numbers);
}

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

/// The matrix as the archive has it, checked.
struct CsrArrays {
  std::vector<double> shape, indptr, indices, values;

  std::int64_t rows() const { return static_cast<std::int64_t>(shape[0]); }
  std::int64_t columns() const { return static_cast<std::int64_t>(shape[1]); }
  std::int64_t begin(std::int64_t row) const {
    return static_cast<std::int64_t>(indptr[static_cast<std::size_t>(row)]);
  }
};

void check(const CsrArrays& m, const std::string& path) {
  const auto fail = [&](const std::string& what) {
    throw DataError(fmt::format("{} is a damaged sparse matrix: {}", path, what));
  };
  const auto whole = [](double x) { return x >= 0 && x <= 0x1p53 && x == std::floor(x); };
  if (m.shape.size() != 2 || !std::all_of(m.shape.begin(), m.shape.end(), whole) || m.shape[1] > 0x1p31 - 2)
    fail("its shape is not two extents");
  if (m.indptr.size() != m.shape[0] + 1) fail("indptr does not have an element per row and one more");
  if (!std::all_of(m.indptr.begin(), m.indptr.end(), whole) ||
      !std::is_sorted(m.indptr.begin(), m.indptr.end()) || m.indptr.front() != 0 ||
      m.indptr.back() > static_cast<double>(m.values.size()) || m.indices.size() != m.values.size())
    fail("indptr, indices and data do not fit each other");
  for (const double index : m.indices)
    if (!whole(index) || index >= m.shape[1])
      fail(fmt::format("index {} in a row of {} columns", index, m.shape[1]));
}

/// The entries of one row, which scipy may leave unsorted.
void append_row(const CsrArrays& m, std::int64_t row, RawData& data) {
  std::vector<std::pair<std::int32_t, double>> entries;
  for (std::int64_t i = m.begin(row); i < m.begin(row + 1); ++i) {
    const auto at = static_cast<std::size_t>(i);
    entries.emplace_back(static_cast<std::int32_t>(m.indices[at]), m.values[at]);
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
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
  data.offsets.push_back(static_cast<std::int64_t>(data.columns.size()));
}

}  // namespace

bool is_sparse_npz(const NpzArchive& archive) {
  return archive.find({"format"}) >= 0 && archive.find({"shape"}) >= 0 && archive.find({"data"}) >= 0;
}

void read_sparse_npz(const NpzArchive& archive, const ReadRequest& request, RawData& data) {
  const RowRange& range = request.range;
  require_csr(archive);
  CsrArrays m{.shape = numbers_of(archive, "shape"), .indptr = numbers_of(archive, "indptr")};
  if (m.indptr.back() > 0) {  // a matrix of zeros has arrays without elements
    m.indices = numbers_of(archive, "indices");
    m.values = numbers_of(archive, "data");
  }
  check(m, archive.path());
  data.layout = RawData::Layout::csr;
  data.source = archive.path();
  data.first_source_row = range.begin;
  data.index_base = 0;
  require_rows(data.source, range, m.rows());
  data.offsets.push_back(0);
  const std::int64_t end = std::min(range.end, m.rows());
  for (std::int64_t row = std::min(range.begin, m.rows()); row < end; ++row, ++data.rows)
    append_row(m, row, data);
  data.width = request.schema != nullptr ? request.schema->features : m.columns();
  fit_width(request, data);
}

}  // namespace thalweg
