// Vowpal Wabbit's text. Names are hashed as the texts of tables are (docs/data.md), not as VW hashes them.
#include <fmt/format.h>

#include "host/data/first_bytes.hpp"
#include "host/data/foreign_formats.hpp"
#include "host/data/readers.hpp"
#include "host/data/text.hpp"
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

constexpr std::string_view kLines = "lines \"label | name:value ...\"";

class VwFormat {
 public:
  explicit VwFormat(const ReadRequest& request) : request_(request), bits_(bits_of(request)) {}

  TextSource open(const ReadRequest& part, std::unique_ptr<ByteSource> bytes, TextBlock& block) const {
    return open_text(part, std::move(bytes), RecordEnd::line, kLines, block);
  }
  VwParser parser(const ReadRequest& part) const { return {part, bits_}; }
  SvmMerger merger(RawData& data) const { return {request_, data}; }

  RawData without_rows() const {
    RawData data;
    data.layout = RawData::Layout::csr;
    data.source = request_.name();
    data.first_source_row = request_.range.begin;
    data.width = std::int64_t{1} << bits_;
    data.index_base = 0;
    data.hash_bits = bits_;
    return data;
  }

  /// Importances that are all 1, so far, are none.
  void finish_block(const SvmMerger& merger, RawData& block) const {
    if (!merger.weighs()) block.weight.clear();
  }
  void finish(SvmMerger& merger, RawData& data) const {
    merger.finish();
    finish_block(merger, data);
  }

 private:
  const ReadRequest& request_;
  std::int64_t bits_;
};

RawData read_vw(const ReadRequest& request, std::unique_ptr<ByteSource> source) {
  if (!request.weight.empty() && request.weight.find_first_not_of("0123456789") == std::string::npos)
    throw ConfigError(
        fmt::format("data.weight = {}: the weight of a row is its importance; want a file of weights",
                    shown(request.weight)));
  TextBlock first;
  TextSource text = open_text(request, std::move(source), RecordEnd::line, kLines, first);
  RawData data = read_text_files<SvmRows>(vw_reader, request, text, std::move(first), VwFormat(request));
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
