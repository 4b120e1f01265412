// Vowpal Wabbit's text. Names are hashed as the texts of tables are (docs/data.md), not as VW hashes them.
#include <fmt/format.h>

#include <algorithm>

#include "host/data/first_bytes.hpp"
#include "host/data/foreign_formats.hpp"
#include "host/data/readers.hpp"
#include "host/data/text_files.hpp"
#include "host/data/vw_parser.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

extern const Reader vw_reader;

namespace {

constexpr std::int64_t kUsualBits = 18;  // VW's own

std::int64_t bits_of(const ReadRequest& request) {
  const std::int64_t of_model = request.schema ? request.schema->transform.hash_bits : 0;
  if (of_model > 0) return of_model;
  return request.config.hash_bits > 0 ? request.config.hash_bits : kUsualBits;
}

RawData without_rows(const ReadRequest& request, std::int64_t bits) {
  RawData data;
  data.layout = RawData::Layout::csr;
  data.source = request.name();
  data.first_row = request.range.begin;
  data.width = std::int64_t{1} << bits;
  data.index_base = 0;
  data.hash_bits = bits;
  return data;
}

/// Importances that are all 1 are none.
void finish(SvmMerger& merger, RawData& data) {
  merger.finish();
  const auto is_one = [](float importance) { return importance == 1; };
  if (std::all_of(data.weight.begin(), data.weight.end(), is_one)) data.weight.clear();
}

TextSource first_block(const ReadRequest& request, std::unique_ptr<ByteSource> source, TextBlock& first) {
  TextSource text(request.path, std::move(source), RecordEnd::line);
  if (!text.next(first))
    throw DataError(fmt::format("{} is empty; want lines \"label | name:value ...\"", request.path));
  return text;
}

RawData read_vw(const ReadRequest& request, std::unique_ptr<ByteSource> source) {
  const std::int64_t bits = bits_of(request);
  TextBlock first;
  TextSource text = first_block(request, std::move(source), first);
  RawData data = without_rows(request, bits);
  SvmMerger merger(request, data);
  const auto merge = [&](SvmRows& rows) {
    if (!request.take) return merger.merge(rows);
    if (rows.rows == 0) return true;
    RawData piece = without_rows(request, bits);
    SvmMerger one(request, piece);
    one.merge(rows);
    finish(one, piece);
    request.take(std::move(piece));
    return true;
  };
  parse_files<SvmRows>(
      vw_reader, request, text, std::move(first), data, &first_block,
      [&](const ReadRequest& part) { return VwParser(part, bits); }, merge, [&] { return merger.seen(); });
  finish(merger, data);
  if (!request.target.empty() || !request.weight.empty()) read_companions(request, data);
  return data;
}

Claim claim_vw(std::string_view head, std::string_view path) {
  if (!is_text(head)) return Claim::none;
  if (path.ends_with(".vw")) return Claim::by_name;
  return looks_like_vw(head) ? Claim::looks_like_it : Claim::none;
}

}  // namespace

const Reader vw_reader{DataFormat::vw, {".vw"}, &claim_vw, &read_vw, true};

}  // namespace thalweg
