#pragma once
// Text formats: the blocks of all files of a request, parsed apart and merged in order.
#include <utility>

#include "host/data/file_sequence.hpp"
#include "host/data/parallel_parse.hpp"
#include "host/data/readers.hpp"
#include "host/data/text_source.hpp"

namespace thalweg {

/// The first file of a request is `text`, of which `first` was taken. open(part, source, block) gives the
/// text of a further one and its first block without the header; parser_of(part) what parses a block of it;
/// merge(rows) says whether more are wanted, and seen() how many it was given.
template <class Rows, class Open, class ParserOf, class Merge, class Seen>
void parse_files(const Reader& reader, const ReadRequest& request, TextSource& text, TextBlock first,
                 RawData& data, const Open& open, const ParserOf& parser_of, const Merge& merge,
                 const Seen& seen) {
  const auto parse_file = [&](const ReadRequest& part, TextSource& source, TextBlock block) {
    begin_file(part, seen(), data);
    const auto parser = parser_of(part);
    bool more = true;
    parse_blocks<Rows>(
        source, std::move(block), part.progress, part.threads,
        [&](const TextBlock& piece, Rows& rows) { parser.parse(piece, rows); },
        [&](Rows& rows) { return more = merge(rows); });
    return more;
  };
  if (!parse_file(request, text, std::move(first))) return;
  read_further_files(reader, request, [&](const ReadRequest& part, std::unique_ptr<ByteSource> bytes) {
    TextBlock block;
    TextSource source = open(part, std::move(bytes), block);
    return parse_file(part, source, std::move(block));
  });
}

}  // namespace thalweg
