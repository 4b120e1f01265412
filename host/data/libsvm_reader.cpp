// libsvm and svmlight: "label [qid:n] index:value ... # comment", indices ascending.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "host/data/first_bytes.hpp"
#include "host/data/labels.hpp"
#include "host/data/libsvm_indices.hpp"
#include "host/data/libsvm_merger.hpp"
#include "host/data/readers.hpp"
#include "host/data/sparse_width.hpp"
#include "host/data/text_files.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

extern const Reader libsvm_reader;

namespace {

class SvmParser {
 public:
  SvmParser(const ReadRequest& request, std::int64_t least, std::int64_t most)
      : source_(request.path),
        guessed_(request.config.format == DataFormat::automatic
                     ? " (read as libsvm, as its look suggests; data.format = \"csv\" reads a table)"
                     : ""),
        need_target_(request.need_target),
        comment_(request.config.comment),
        most_is_(request.schema ? "the model's last; data.unseen = ignore leaves others out"
                                : "data.features"),
        least_(least),
        most_(most),
        most_labels_(most_labels_of_block(request.range, kMostClasses)) {}

  void parse(const TextBlock& block, SvmRows& out) const {
    const char* p = block.text.data();
    const char* end = p + block.text.size();
    for (std::int64_t line = block.first_line; p < end; ++line) {
      const void* newline = std::memchr(p, '\n', static_cast<std::size_t>(end - p));
      const char* stop = newline ? static_cast<const char*>(newline) : end;
      parse_line(p, stop, line, out);
      p = stop + 1;
    }
  }

 private:
  static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
  static const char* skip(const char* p, const char* end) {
    while (p < end && blank(*p)) ++p;
    return p;
  }
  static std::string_view token(const char* p, const char* end) {
    const char* stop = p;
    while (stop < end && !blank(*stop) && *stop != '#') ++stop;
    return {p, static_cast<std::size_t>(stop - p)};
  }

  void parse_line(const char* p, const char* end, std::int64_t line, SvmRows& out) const {
    p = skip(p, end);
    if (p == end || *p == '#') return;
    if (!comment_.empty() && std::string_view(p, end).starts_with(comment_)) return;
    const std::string_view label = token(p, end);
    if (label.find(':') == std::string_view::npos) {
      add_label(label, line, out);
      p += label.size();
    } else if (need_target_) {
      throw DataError(
          fmt::format("{} line {}: got {} where the label stands; want \"label index:value ...\"{}", source_,
                      line, shown(label), guessed_));
    } else {
      out.numbers.push_back(std::numeric_limits<double>::quiet_NaN());
      out.codes.push_back(-1);
    }
    parse_entries(p, end, line, out);
    out.ends.push_back(static_cast<std::int64_t>(out.columns.size()));
    out.lines.push_back(line);
    ++out.rows;
  }

  void add_label(std::string_view label, std::int64_t line, SvmRows& out) const {
    double number;
    if (label.find(',') != std::string_view::npos)
      throw DataError(fmt::format("{} line {}: several labels, {}; want one: a row has one target", source_,
                                  line, shown(label)));
    if (parse_number(label, number) != ParsedNumber::ok)
      throw DataError(
          fmt::format("{} line {}: label {}; want a finite number (-1/+1, 0/1, any integer or a real target)",
                      source_, line, shown(label)));
    out.numbers.push_back(number);
    if (out.texts.texts().size() <= most_labels_) out.codes.push_back(out.texts.code(label));
  }

  void parse_entries(const char* p, const char* end, std::int64_t line, SvmRows& out) const {
    std::int64_t last = -1;
    for (p = skip(p, end); p < end && *p != '#'; p = skip(p, end)) {
      std::int32_t index = 0;
      const auto [colon, index_error] = std::from_chars(p, end, index);
      if (index_error != std::errc() || colon == end || *colon != ':') {
        p = skip_qid(p, end, line);
        continue;
      }
      if (index < least_ || index > most_) throw DataError(outside(index, line));
      if (index <= last)
        throw DataError(fmt::format("{} line {}: index {} {} index {}; want indices ascending, each once",
                                    source_, line, index, index == last ? "again after" : "comes after",
                                    last));
      last = index;
      float value = 0;
      const auto [stop, value_error] = std::from_chars(colon + 1, end, value);
      const bool whole = stop == end || blank(*stop) || *stop == '#';
      if (value_error == std::errc() && whole && std::isfinite(value))
        p = stop;
      else
        p = slow_value(colon + 1, end, line, index, value);
      if (may_collapse(value)) add_rounded(token(colon + 1, end), index, value, out);
      out.columns.push_back(index);
      out.values.push_back(value);
    }
  }

  static void add_rounded(std::string_view text, std::int32_t index, float value, SvmRows& out) {
    double exact = 0;
    parse_number(text, exact);
    if (exact != value) out.rounded[index].emplace_back(static_cast<std::int64_t>(out.values.size()), exact);
  }

  /// Values that from_chars alone does not take: a plus sign, below the smallest float; or wrong ones.
  const char* slow_value(const char* p, const char* end, std::int64_t line, std::int32_t index,
                         float& value) const {
    const std::string_view text = token(p, end);
    const ParsedNumber parsed = text.empty() ? ParsedNumber::not_a_number : parse_number(text, value);
    if (parsed != ParsedNumber::ok)
      throw DataError(fmt::format("{} line {}, index {}: got {}; want a {}number", source_, line, index,
                                  shown(text), parsed == ParsedNumber::not_finite ? "finite " : ""));
    return p + text.size();
  }

  /// Skips the query id of ranking data; any other token that is not an entry is an error.
  const char* skip_qid(const char* p, const char* end, std::int64_t line) const {
    const std::string_view text = token(p, end);
    if (!text.starts_with("qid:"))
      throw DataError(fmt::format("{} line {}: got {}; want index:value with an index from 0 to 2147483646{}",
                                  source_, line, shown(text), guessed_));
    return p + text.size();
  }

  std::string outside(std::int64_t index, std::int64_t line) const {
    if (index < least_)
      return fmt::format("{} line {}: index {}; want indices from {}{}", source_, line, index, least_,
                         least_ == 1 ? " (data.index_base = \"0\" for a file that counts from 0)" : "");
    return fmt::format("{} line {}: index {}; want at most {} ({})", source_, line, index, most_, most_is_);
  }

  const std::string& source_;
  const char* guessed_;
  bool need_target_;
  const std::string& comment_;
  const char* most_is_;
  std::int64_t least_, most_;
  std::size_t most_labels_;  // of a block, whose rows may lie outside the range
};

constexpr std::string_view kLines = "lines \"label index:value ...\"";

class SvmFormat {
 public:
  explicit SvmFormat(const ReadRequest& request) : request_(request), indices_(request) {}

  TextSource open(const ReadRequest& part, std::unique_ptr<ByteSource> bytes, TextBlock& block) const {
    return open_text(part, std::move(bytes), RecordEnd::line, kLines, block);
  }
  SvmParser parser(const ReadRequest& part) const { return {part, indices_.least, indices_.most}; }
  SvmMerger merger(RawData& data) const { return {request_, data}; }

  RawData without_rows() const {
    RawData data;
    data.layout = RawData::Layout::csr;
    data.source = request_.name();
    data.first_source_row = request_.range.begin;
    return data;
  }

  /// By the indices so far. Without data.features, how many they are is not known yet.
  void finish_block(const SvmMerger& merger, RawData& block) const {
    rebase(base_of(indices_, merger.lowest()), block);
    block.width = indices_.width > 0 ? indices_.width : std::numeric_limits<std::int32_t>::max();
    fit_width(request_, block);
  }

  void finish(SvmMerger& merger, RawData& data) const {
    merger.finish();
    const int base = base_of(indices_, merger.lowest());
    rebase(base, data);
    const std::int64_t needed = merger.highest() < 0 ? 0 : std::int64_t{merger.highest()} + 1 - base;
    data.width = indices_.width > 0 ? indices_.width : needed;
    if (data.rows > 0 && data.width == 0)
      throw DataError(fmt::format("{} has no features: want {}", request_.name(), kLines));
    fit_width(request_, data);
  }

 private:
  const ReadRequest& request_;
  SvmIndices indices_;
};

RawData read_libsvm(const ReadRequest& request, std::unique_ptr<ByteSource> source) {
  if (!request.weight.empty() && request.weight.find_first_not_of("0123456789") == std::string::npos)
    throw ConfigError(
        fmt::format("data.weight = {}: libsvm data have no weight column; want a file of weights",
                    shown(request.weight)));
  TextBlock first;
  TextSource text = open_text(request, std::move(source), RecordEnd::line, kLines, first);
  RawData data = read_text_files<SvmRows>(libsvm_reader, request, text, std::move(first), SvmFormat(request));
  if (!request.target.empty() || !request.weight.empty()) read_companions(request, data);
  return data;
}

Claim claim_libsvm(std::string_view head, std::string_view path) {
  if (!is_text(head)) return Claim::none;
  const auto& endings = libsvm_reader.endings;
  const bool named =
      std::any_of(endings.begin(), endings.end(), [&](auto ending) { return path.ends_with(ending); });
  return named ? Claim::by_name : looks_like_libsvm(head) ? Claim::looks_like_it : Claim::none;
}

}  // namespace

const Reader libsvm_reader{
    DataFormat::libsvm, {".svm", ".libsvm", ".svmlight"}, &claim_libsvm, &read_libsvm, true};

}  // namespace thalweg
