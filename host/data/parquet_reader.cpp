// Parquet files: the columns of a table, as those of a CSV file.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "host/data/arrow_table.hpp"
#include "host/data/file_sequence.hpp"
#include "host/data/foreign_formats.hpp"
#include "host/data/input_file.hpp"
#include "host/data/parquet_plugin.hpp"
#include "host/data/passing_rows.hpp"
#include "host/data/raw_table.hpp"
#include "host/data/readers.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

extern const Reader parquet_reader;

namespace {

/// An open file and its batches of rows.
class ParquetFile {
 public:
  ParquetFile(const std::string& path, const DataConfig& config, ByteSource& source)
      : file_(file_of(path, source)), table_(open(path, stream_), path, config.ignore) {}

  /// The next batch. At the end: false, and the columns without rows.
  bool next(RawTable& batch) {
    const bool more = table_.append_batch();
    batch = table_.take();
    if (!more) file_->require_unchanged();
    return more;
  }
  RawTable read() {
    while (table_.append_batch()) {
    }
    file_->require_unchanged();
    return table_.take();
  }

 private:
  static std::shared_ptr<const InputFile> file_of(const std::string& path, const ByteSource& source) {
    std::shared_ptr<const InputFile> file = source.file();
    if (file == nullptr || !file->regular())
      throw DataError(
          fmt::format("{} is Parquet in a pipe; want a file, as its rows are found from its end", path));
    if (!file->read_at(0, std::min<std::int64_t>(4, file->size())).starts_with("PAR1"))
      throw DataError(
          fmt::format("{} is compressed or not a Parquet file: it does not begin with PAR1", path));
    return file;
  }
  static ArrowArrayStream& open(const std::string& path, ArrowArrayStream& stream) {
    open_parquet(path, stream);
    return stream;
  }

  std::shared_ptr<const InputFile> file_;
  ArrowArrayStream stream_{};
  ArrowTable table_;
};

std::int64_t rows_of(const RawTable& table) {
  if (table.columns.empty()) return 0;
  const RawColumn& first = table.columns.front();
  return std::ssize(first.numbers) + std::ssize(first.texts);
}

template <class T>
void append(std::vector<T>& to, std::vector<T>&& more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// Whether both files have the columns of one table; a file without rows does not say what they hold.
bool are_of_one_table(const RawTable& table, const RawTable& more) {
  const bool tells = rows_of(table) > 0 && rows_of(more) > 0;
  return std::equal(table.columns.begin(), table.columns.end(), more.columns.begin(), more.columns.end(),
                    [tells](const RawColumn& a, const RawColumn& b) {
                      return a.name == b.name && (!tells || a.texts.empty() == b.texts.empty());
                    });
}

/// The rows of a further file; its columns are those of the first.
void append_table(RawTable&& more, RawTable& table) {
  if (!are_of_one_table(table, more))
    throw DataError(
        fmt::format("{} has other columns than {}; want files of one table", more.source, table.source));
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    append(table.columns[c].numbers, std::move(more.columns[c].numbers));
    append(table.columns[c].texts, std::move(more.columns[c].texts));
  }
}

template <class T>
void keep_range(std::vector<T>& cells, const RowRange& range) {
  if (cells.empty()) return;
  if (range.end < std::ssize(cells)) cells.resize(static_cast<std::size_t>(range.end));
  cells.erase(cells.begin(), cells.begin() + range.begin);
}

void keep_range(RawTable& table, const RowRange& range) {
  for (RawColumn& column : table.columns) keep_range(column.numbers, range), keep_range(column.texts, range);
}

/// Rows of numbers that pass by, batch by batch.
class PassingTable {
 public:
  explicit PassingTable(const ReadRequest& request) : request_(request), whole_(request), passed_(rest_) {
    whole_.path = request.name();
  }

  /// False where a column has texts: its categories or classes are those of all rows.
  bool add_file(const ReadRequest& part, ByteSource& source) {
    ParquetFile file(part.path, part.config, source);
    if (!request_.source.empty()) files_.push_back({part.path, seen_, 0});
    std::int64_t row = 0;  // of this file
    RawTable batch;
    for (bool more = true; more;) {
      more = file.next(batch);
      if (!head_.columns.empty() && !are_of_one_table(head_, batch))
        throw DataError(
            fmt::format("{} has other columns than {}; want files of one table", part.path, head_.source));
      if (rows_of(head_) == 0) head_ = batch;
      if (!add_batch(part.path, row, std::move(batch))) return false;
      if (request_.progress) request_.progress(part.path, seen_, seen_);
    }
    return true;
  }
  bool has_rows() const { return any_; }
  RawData finish() && {
    require_rows(request_.name(), request_.range, seen_);
    request_.takers.rows({});
    passed_.finish();
    rest_.source = whole_.path;
    rest_.first_source_row = request_.range.begin;
    if (request_.range.begin == 0) rest_.source_files = std::move(files_);
    return std::move(rest_);
  }

 private:
  bool add_batch(const std::string& path, std::int64_t& row, RawTable&& batch) {
    const std::int64_t rows = rows_of(batch), begin = std::max<std::int64_t>(request_.range.begin - seen_, 0);
    const RowRange part{std::min(begin, rows), request_.range.bounded()
                                                   ? std::max<std::int64_t>(request_.range.end - seen_, 0)
                                                   : request_.range.end};
    seen_ += rows;
    row += rows;
    keep_range(batch, {part.begin, std::max(part.begin, part.end)});
    if (rows_of(batch) == 0) return true;
    rest_ = raw_data_of(batch, whole_);
    if (!any_ && has_texts(rest_)) return false;
    any_ = true;
    RawData block = passed_.take_block(path);
    block.first_source_row = row - rows + part.begin;
    request_.takers.rows(std::move(block));
    return true;
  }
  static bool has_texts(const RawData& raw) {
    const auto some = [](const std::vector<std::string>& texts) { return !texts.empty(); };
    return some(raw.labels.texts) || std::any_of(raw.texts.begin(), raw.texts.end(), some);
  }

  const ReadRequest& request_;
  ReadRequest whole_;  ///< for messages about all files
  RawTable head_;      ///< the first batch with rows
  std::vector<SourceFile> files_;
  RawData rest_;
  PassingRows passed_;
  std::int64_t seen_ = 0;
  bool any_ = false;
};

/// The labels of rows that passed by; nothing where they have to be in memory, of which none has passed.
std::optional<RawData> pass_rows(const ReadRequest& request, ByteSource& source) {
  PassingTable passing(request);
  if (!passing.add_file(request, source)) return std::nullopt;
  bool all = true;
  read_further_files(parquet_reader, request,
                     [&](const ReadRequest& part, std::unique_ptr<ByteSource> further) {
                       all = passing.add_file(part, *further);
                       return all;
                     });
  if (!all || !passing.has_rows()) return std::nullopt;
  return std::move(passing).finish();
}

RawData read_parquet(const ReadRequest& request, std::unique_ptr<ByteSource> source) {
  if (request.takers.rows && request.takers.companions)
    if (std::optional<RawData> rest = pass_rows(request, *source)) return std::move(*rest);
  RawTable table = ParquetFile(request.path, request.config, *source).read();
  const auto read = [&](const std::string& path) {
    if (request.progress) request.progress(path, rows_of(table), rows_of(table));
  };
  read(request.path);
  std::vector<SourceFile> files;
  if (!request.source.empty()) files.push_back({request.path, 0, 0});
  read_further_files(parquet_reader, request,
                     [&](const ReadRequest& part, std::unique_ptr<ByteSource> further) {
                       files.push_back({part.path, rows_of(table), 0});
                       append_table(ParquetFile(part.path, part.config, *further).read(), table);
                       read(part.path);
                       return true;
                     });
  require_rows(request.name(), request.range, rows_of(table));
  keep_range(table, request.range);
  ReadRequest whole = request;
  whole.path = request.name();
  RawData data = raw_data_of(table, whole);
  data.first_source_row = request.range.begin;
  if (request.range.begin == 0) data.source_files = std::move(files);
  return data;
}

Claim claim_parquet(std::string_view head, std::string_view) {
  return is_parquet(head) ? Claim::by_magic : Claim::none;
}

}  // namespace

const Reader parquet_reader{DataFormat::parquet, {".parquet"}, &claim_parquet, &read_parquet, true, true};

}  // namespace thalweg
