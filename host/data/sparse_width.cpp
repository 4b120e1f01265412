#include "host/data/sparse_width.hpp"

#include <fmt/format.h>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

void check_width(const RawData& data, const char* way_out) {
  for (std::int64_t r = 0; r + 1 < std::ssize(data.offsets); ++r) {  // none of rows that passed by
    const std::int64_t end = data.offsets[static_cast<std::size_t>(r + 1)];
    if (end == data.offsets[static_cast<std::size_t>(r)]) continue;
    const std::int64_t index = data.columns[static_cast<std::size_t>(end - 1)];
    if (index >= data.width)
      throw DataError(fmt::format("{}: index {}; want at most {} ({} features from index {}{})",
                                  data.where(r), index + data.index_base, data.width - 1 + data.index_base,
                                  data.width, data.index_base, way_out));
  }
}

void drop_unseen(RawData& data) {
  std::int64_t from = 0, kept = 0;
  std::string first;
  for (std::int64_t r = 0; r < data.rows; ++r) {
    std::int64_t& end = data.offsets[static_cast<std::size_t>(r + 1)];
    for (; from < end; ++from) {
      const std::int32_t column = data.columns[static_cast<std::size_t>(from)];
      if (column >= data.width) {
        if (data.unseen++ == 0) first = fmt::format("{} in {}", column + data.index_base, data.where(r));
        continue;
      }
      data.columns[static_cast<std::size_t>(kept)] = column;
      data.values[static_cast<std::size_t>(kept++)] = data.values[static_cast<std::size_t>(from)];
    }
    end = kept;
  }
  data.columns.resize(static_cast<std::size_t>(kept));
  data.values.resize(static_cast<std::size_t>(kept));
  if (data.unseen > 0)
    data.notes.push_back(fmt::format(
        "{}: {} with an index that training did not have, as {}; left out "
        "(data.unseen = ignore)",
        data.source, data.unseen == 1 ? "1 entry" : fmt::format("{} entries", data.unseen), first));
}

}  // namespace

void fit_width(const ReadRequest& request, RawData& data) {
  const bool of_model = request.schema != nullptr;
  if (of_model && request.config.unseen == Unseen::ignore) drop_unseen(data);
  check_width(data, of_model ? "; data.unseen = ignore leaves others out" : "");
}

}  // namespace thalweg
