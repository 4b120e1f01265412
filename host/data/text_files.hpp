#pragma once
// Text formats: the blocks of all files of a request, parsed apart and merged in order.
#include <fmt/format.h>

#include <memory>
#include <string_view>
#include <utility>

#include "host/data/file_sequence.hpp"
#include "host/data/parallel_parse.hpp"
#include "host/data/passing_rows.hpp"
#include "host/data/readers.hpp"
#include "host/data/text_source.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

/// A text and its first block. Throws DataError for an empty one, which lacks what is wanted.
inline TextSource open_text(const ReadRequest& request, std::unique_ptr<ByteSource> source,
                            RecordEnd record_end, std::string_view want, TextBlock& first) {
  TextSource text(request.path, std::move(source), record_end, request.config.comment);
  // The first line of a table may be a header, which the second one tells.
  const bool may_head =
      record_end == RecordEnd::line_outside_quotes && request.config.header == Header::automatic;
  if (request.at_once()) text.give_at_once(may_head ? 2 : 1);
  if (!text.next(first)) throw DataError(fmt::format("{} is empty; want {}", request.path, want));
  return text;
}

/// The rows of a block as a source of its own.
template <class Rows, class Format>
void hand_over(const ReadRequest& request, const Format& format, Rows& rows) {
  if (rows.rows == 0) return;
  RawData data = format.without_rows();
  auto merger = format.merger(data);
  merger.merge(rows);
  format.finish(merger, data);
  request.takers.rows(std::move(data));
}

/// Whether the rows pass by, and their labels are returned.
inline bool rows_pass_by(const ReadRequest& request) {
  return request.takers.rows && request.takers.companions;
}

/// The rows of a request's files. `text` is the first file, of which `first` was taken. A format has
///   open(part, source, block)  the text of a further file, and its first block without a header
///   parser(part)               what parses a block of that file
///   without_rows()             a source before its first row
///   merger(data)               what takes the rows of the blocks into it
///   finish(merger, data)       what follows the last of them
///   finish_block(merger, data) what rows need that pass by
template <class Rows, class Format>
RawData read_text_files(const Reader& reader, const ReadRequest& request, TextSource& text, TextBlock first,
                        const Format& format) {
  RawData data = format.without_rows();
  auto merger = format.merger(data);
  PassingRows passed(data);
  const auto read = [&](const ReadRequest& part, TextSource& source, TextBlock begin) {
    if (!rows_pass_by(request)) begin_file(part, merger.seen(), data);  // a block names its file
    const auto parser = format.parser(part);
    bool more = true;
    parse_blocks<Rows>(
        source, std::move(begin), part.progress, part.threads,
        [&](const TextBlock& block, Rows& rows) { parser.parse(block, rows); },
        [&](Rows& rows) {
          if (request.takers.rows && !rows_pass_by(request)) {
            hand_over(request, format, rows);
            return true;
          }
          more = merger.merge(rows);
          if (rows_pass_by(request) && data.rows > 0) {
            RawData block = passed.take_block(part.path);
            format.finish_block(merger, block);
            request.takers.rows(std::move(block));
          }
          return more;
        });
    return more;
  };
  if (read(request, text, std::move(first)))
    read_further_files(reader, request, [&](const ReadRequest& part, std::unique_ptr<ByteSource> bytes) {
      TextBlock block;
      TextSource source = format.open(part, std::move(bytes), block);
      return read(part, source, std::move(block));
    });
  if (rows_pass_by(request)) {
    request.takers.rows({});  // all rows have passed by: what they needed may go ahead of what follows
    passed.finish();
  }
  format.finish(merger, data);
  return data;
}

}  // namespace thalweg
