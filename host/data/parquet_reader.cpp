// Parquet files: the columns of a table, as those of a CSV file.
#include <fmt/format.h>

#include <algorithm>

#include "host/data/arrow_table.hpp"
#include "host/data/file_sequence.hpp"
#include "host/data/foreign_formats.hpp"
#include "host/data/input_file.hpp"
#include "host/data/parquet_plugin.hpp"
#include "host/data/raw_table.hpp"
#include "host/data/readers.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

extern const Reader parquet_reader;

namespace {

RawTable read_table(const std::string& path, const DataConfig& config, ByteSource& source) {
  const std::shared_ptr<const InputFile> file = source.file();
  if (file == nullptr || !file->regular())
    throw DataError(
        fmt::format("{} is Parquet in a pipe; want a file, as its rows are found from its end", path));
  if (!file->read_at(0, std::min<std::int64_t>(4, file->size())).starts_with("PAR1"))
    throw DataError(fmt::format("{} is compressed or not a Parquet file: it does not begin with PAR1", path));
  ArrowArrayStream stream{};
  open_parquet(path, stream);
  RawTable table = read_arrow(&stream, path, config.ignore);
  file->require_unchanged();
  return table;
}

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

RawData read_parquet(const ReadRequest& request, std::unique_ptr<ByteSource> source) {
  RawTable table = read_table(request.path, request.config, *source);
  const auto read = [&](const std::string& path) {
    if (request.progress) request.progress(path, rows_of(table), rows_of(table));
  };
  read(request.path);
  std::vector<SourceFile> files;
  if (!request.source.empty()) files.push_back({request.path, 0, 0});
  read_further_files(parquet_reader, request,
                     [&](const ReadRequest& part, std::unique_ptr<ByteSource> further) {
                       files.push_back({part.path, rows_of(table), 0});
                       append_table(read_table(part.path, part.config, *further), table);
                       read(part.path);
                       return true;
                     });
  require_rows(request.name(), request.range, rows_of(table));
  for (RawColumn& column : table.columns)
    keep_range(column.numbers, request.range), keep_range(column.texts, request.range);
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
