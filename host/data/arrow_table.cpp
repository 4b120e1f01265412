#include "host/data/arrow_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "host/data/arrow_column.hpp"
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

class ArrowTable {
 public:
  ArrowTable(ArrowArrayStream& stream, std::string source, const std::vector<std::string>& ignored)
      : stream_(stream), source_(std::move(source)) {
    Released<ArrowSchema> schema;
    require(stream_.get_schema(&stream_, &schema.value));
    const std::string_view format = schema.value.format != nullptr ? schema.value.format : "";
    if (format != "+s")
      throw DataError(
          fmt::format("{} is an Arrow stream of the type \"{}\"; want record batches", source_, format));
    require_children(schema.value.n_children, schema.value.children);
    const CsvLayout layout = layout_of(schema.value);
    columns_.resize(layout.columns.size());
    for (const std::string& name : ignored)
      if (const std::int32_t c = find_column(layout, name); c >= 0)
        unread_[static_cast<std::size_t>(c)] = layout.names[static_cast<std::size_t>(c)];
    for (std::size_t c = 0; c < columns_.size(); ++c)
      if (!unread_.contains(c)) columns_[c].emplace(*schema.value.children[c], source_);
  }

  RawTable read() {
    while (append_batch()) {
    }
    RawTable table{.columns = {}, .source = source_};
    for (std::size_t c = 0; c < columns_.size(); ++c)
      table.columns.push_back(columns_[c] ? std::move(*columns_[c]).take() : column_of_no_value(c));
    return table;
  }

 private:
  static CsvLayout layout_of(const ArrowSchema& schema) {
    CsvLayout layout;
    for (std::int64_t c = 0; c < schema.n_children; ++c) {
      const char* const name = schema.children[c]->name;
      layout.names.emplace_back(name != nullptr ? name : "");
    }
    layout.columns.resize(layout.names.size());
    return layout;
  }

  RawColumn column_of_no_value(std::size_t c) const {
    return {.name = unread_.at(c),
            .numbers = std::vector<double>(static_cast<std::size_t>(rows_),
                                           std::numeric_limits<double>::quiet_NaN())};
  }

  /// False at the end.
  bool append_batch() {
    Released<ArrowArray> batch;
    require(stream_.get_next(&stream_, &batch.value));
    if (batch.value.release == nullptr) return false;
    if (batch.value.n_children != std::ssize(columns_))
      throw DataError(fmt::format("{}: an Arrow batch has {} columns, the schema {}", source_,
                                  batch.value.n_children, columns_.size()));
    require_children(batch.value.n_children, batch.value.children);
    for (std::size_t c = 0; c < columns_.size(); ++c)
      if (columns_[c]) append(batch.value, c);
    if (batch.value.length < 0 || batch.value.length > kMostRows - rows_)
      throw DataError(fmt::format("{}: an Arrow batch has {} rows", source_, batch.value.length));
    rows_ += batch.value.length;
    return true;
  }

  template <class T>
  void require_children(std::int64_t count, T* const* children) const {
    const bool given = count == 0 || (count > 0 && children != nullptr &&
                                      std::find(children, children + count, nullptr) == children + count);
    if (!given) throw DataError(fmt::format("{}: an Arrow stream without its {} columns", source_, count));
  }

  /// The offset and length of a struct hold for its children.
  void append(const ArrowArray& batch, std::size_t c) {
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

  void require(int code) {
    if (code == 0) return;
    const char* const reason = stream_.get_last_error != nullptr ? stream_.get_last_error(&stream_) : nullptr;
    throw DataError(fmt::format("{}: the Arrow stream ends in an error: {}", source_,
                                reason != nullptr ? std::string(reason) : fmt::format("code {}", code)));
  }

  ArrowArrayStream& stream_;
  std::string source_;
  std::vector<std::optional<ArrowColumn>> columns_;  ///< none of those that are not read
  std::map<std::size_t, std::string> unread_;        ///< names
  std::int64_t rows_ = 0;
};

}  // namespace

RawTable read_arrow(ArrowArrayStream* stream, const std::string& source) {
  return read_arrow(stream, source, {});
}

RawTable read_arrow(ArrowArrayStream* stream, const std::string& source,
                    const std::vector<std::string>& ignored) {
  if (stream == nullptr || stream->release == nullptr) throw UsageError("read_arrow: the stream is released");
  struct AtEnd {
    ArrowArrayStream* stream;
    ~AtEnd() {
      if (stream->release != nullptr) stream->release(stream);
    }
  } const at_end{stream};
  return ArrowTable(*stream, source.empty() ? kMemory : source, ignored).read();
}

}  // namespace thalweg
