#include "host/data/file_sequence.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/config/choice.hpp"
#include "host/data/first_bytes.hpp"
#include "host/data/foreign_formats.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

bool reads_binary(const Reader& reader) {
  return reader.format == DataFormat::npy || reader.format == DataFormat::parquet;
}

}  // namespace

void begin_file(const ReadRequest& request, std::int64_t seen, RawData& data) {
  if (request.source.empty()) return;  // one file
  data.source_files.push_back(
      {request.path, data.rows, std::max<std::int64_t>(request.range.begin - seen, 0)});
}

void read_further_files(
    const Reader& reader, const ReadRequest& request,
    const std::function<bool(const ReadRequest& part, std::unique_ptr<ByteSource> source)>& read) {
  ReadRequest part = request;
  for (const std::string& path : request.more) {
    part.path = path;
    auto [head, source] = peek(open_file(path, request.progress), kFormatBytes);
    if (head.empty()) throw DataError(fmt::format("{} is empty; want data", path));
    if (reader.format != DataFormat::parquet) refuse_foreign_bytes(path, head);
    if (!reads_binary(reader) && !is_text(head))
      throw DataError(fmt::format("{} is binary; {} is read as {}: want files of one format", path,
                                  request.path, name_of(reader.format)));
    if (!read(part, std::move(source))) return;
  }
}

}  // namespace thalweg
