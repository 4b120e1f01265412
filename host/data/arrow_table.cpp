#include "host/data/arrow_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "host/data/csv_roles.hpp"
#include "host/data/memory_rows.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// What a stream gave, released at the end of its scope.
template <class T>
struct Released {
  T value{};
  ~Released() {
    if (value.release != nullptr) value.release(&value);
  }
};

/// No buffer holds more.
constexpr std::int64_t kMostRows = std::int64_t{1} << 48;

CsvLayout layout_of(const ArrowSchema& schema) {
  CsvLayout layout;
  for (std::int64_t c = 0; c < schema.n_children; ++c) {
    const char* const name = schema.children[c]->name;
    layout.names.emplace_back(name != nullptr ? name : "");
  }
  layout.columns.resize(layout.names.size());
  return layout;
}

template <class T>
void require_children(const std::string& source, std::int64_t count, T* const* children) {
  const bool given = count == 0 || (count > 0 && children != nullptr &&
                                    std::find(children, children + count, nullptr) == children + count);
  if (!given) throw DataError(fmt::format("{}: an Arrow stream without its {} columns", source, count));
}

}  // namespace

ArrowTable::ArrowTable(ArrowArrayStream& stream, std::string source, const std::vector<std::string>& ignored)
    : stream_{stream}, source_(std::move(source)) {
  Released<ArrowSchema> schema;
  require(stream.get_schema(&stream, &schema.value));
  const std::string_view format = schema.value.format != nullptr ? schema.value.format : "";
  if (format != "+s")
    throw DataError(
        fmt::format("{} is an Arrow stream of the type \"{}\"; want record batches", source_, format));
  require_children(source_, schema.value.n_children, schema.value.children);
  const CsvLayout layout = layout_of(schema.value);
  columns_.resize(layout.columns.size());
  for (const std::string& name : ignored)
    if (const std::int32_t c = find_column(layout, name); c >= 0)
      unread_[static_cast<std::size_t>(c)] = layout.names[static_cast<std::size_t>(c)];
  for (std::size_t c = 0; c < columns_.size(); ++c)
    if (!unread_.contains(c)) columns_[c].emplace(*schema.value.children[c], source_);
}

RawTable ArrowTable::take() {
  RawTable table{.columns = {}, .source = source_};
  for (std::size_t c = 0; c < columns_.size(); ++c)
    table.columns.push_back(columns_[c] ? columns_[c]->take() : column_of_no_value(c));
  rows_ = 0;
  return table;
}

RawColumn ArrowTable::column_of_no_value(std::size_t c) const {
  return {.name = unread_.at(c),
          .numbers =
              std::vector<double>(static_cast<std::size_t>(rows_), std::numeric_limits<double>::quiet_NaN())};
}

bool ArrowTable::append_batch() {
  Released<ArrowArray> batch;
  require(stream_.it.get_next(&stream_.it, &batch.value));
  if (batch.value.release == nullptr) return false;
  if (batch.value.n_children != std::ssize(columns_))
    throw DataError(fmt::format("{}: an Arrow batch has {} columns, the schema {}", source_,
                                batch.value.n_children, columns_.size()));
  require_children(source_, batch.value.n_children, batch.value.children);
  for (std::size_t c = 0; c < columns_.size(); ++c)
    if (columns_[c]) append(batch.value, c);
  if (batch.value.length < 0 || batch.value.length > kMostRows - rows_)
    throw DataError(fmt::format("{}: an Arrow batch has {} rows", source_, batch.value.length));
  rows_ += batch.value.length;
  return true;
}

/// The offset and length of a struct hold for its children.
void ArrowTable::append(const ArrowArray& batch, std::size_t c) {
  ArrowArray child = *batch.children[c];
  const bool holds = batch.length >= 0 && batch.offset >= 0 && child.length >= batch.length &&
                     child.length - batch.length >= batch.offset;
  if (!holds || child.offset < 0 || child.offset > kMostRows - batch.offset)
    throw DataError(fmt::format("{} has {} values from {} in a batch of {} rows", columns_[c]->shown_name(),
                                child.length, batch.offset, batch.length));
  child.offset += batch.offset;
  child.length = batch.length;
  columns_[c]->append(child);
}

void ArrowTable::require(int code) {
  if (code == 0) return;
  ArrowArrayStream& stream = stream_.it;
  const char* const reason = stream.get_last_error != nullptr ? stream.get_last_error(&stream) : nullptr;
  throw DataError(fmt::format("{}: the Arrow stream ends in an error: {}", source_,
                              reason != nullptr ? std::string(reason) : fmt::format("code {}", code)));
}

RawTable read_arrow(ArrowArrayStream* stream, const std::string& source) {
  return read_arrow(stream, source, {});
}

RawTable read_arrow(ArrowArrayStream* stream, const std::string& source,
                    const std::vector<std::string>& ignored) {
  if (stream == nullptr || stream->release == nullptr) throw UsageError("read_arrow: the stream is released");
  ArrowTable table(*stream, source.empty() ? kMemory : source, ignored);
  while (table.append_batch()) {
  }
  return table.take();
}

}  // namespace thalweg
