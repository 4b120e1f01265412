#include "host/data/label_text.hpp"

#include <fmt/format.h>

#include <utility>

#include "host/data/cell_rules.hpp"
#include "host/data/labels.hpp"
#include "host/data/number_looks.hpp"
#include "host/data/text_source.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// The next line of `rest`, without blanks and quotes around it.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  const bool quoted = line.size() > 1 && line.front() == '"' && line.back() == '"';
  return quoted ? line.substr(1, line.size() - 2) : line;
}

class LabelLines {
 public:
  LabelLines(const ReadRequest& request, const std::string& path)
      : request_(request), path_(path), rules_(request.config) {
    labels_.present = true;
  }

  void read(const TextBlock& block) {
    std::string_view rest = block.text;
    for (std::int64_t line = block.first_line; !rest.empty(); ++line) {
      const std::string_view label = take_line(rest);
      if (is_comment(label)) continue;
      if (std::exchange(at_begin_, false) && has_header(label, rest)) continue;
      const std::int64_t row = rows_++;
      if (row >= request_.range.begin && row < request_.range.end) take(label, line);
    }
  }

  LabelColumn finish() {
    if (rows_ == 0) throw DataError(fmt::format("{} is empty; want one label per line", path_));
    require_rows(path_, request_.range, rows_);
    labels_.texts = codes_.texts();
    if (text_rows_ == 0) return std::move(labels_);
    labels_.numbers.clear();
    if (!wants_classes()) refuse_meant_numbers();
    return std::move(labels_);
  }

 private:
  bool is_number(std::string_view label) const {
    double value;
    return rules_.number(label, value) == ParsedNumber::ok;
  }

  bool is_comment(std::string_view line) const {
    return !rules_.comment.empty() && line.starts_with(rules_.comment);
  }

  /// A word above numbers is their name.
  bool has_header(std::string_view first, std::string_view rest) const {
    if (request_.config.header != Header::automatic) return request_.config.header == Header::yes;
    if (rest.empty() || rules_.is_missing(first) || is_number(first)) return false;
    while (!rest.empty()) {
      const std::string_view line = take_line(rest);
      if (!is_comment(line) && !is_number(line)) return false;
    }
    return true;
  }

  void take(std::string_view label, std::int64_t line) {
    if (rules_.is_missing(label))
      throw DataError(fmt::format("{} line {}: got {}; want a label", path_, line, shown(label)));
    double value = 0;
    const bool number = rules_.number(label, value) == ParsedNumber::ok;
    if (number && text_rows_ == 0) labels_.numbers.push_back(value);
    if (!number && text_rows_++ == 0) first_text_ = label, first_text_line_ = line;
    labels_.codes.push_back(codes_.code(label));
  }

  bool wants_classes() const {
    return request_.schema ? request_.schema->target_kind == TargetKind::classes
                           : request_.use == TargetUse::classes;
  }

  /// A slip among numbers, or numbers written another way, would make each number a class.
  void refuse_meant_numbers() const {
    const auto rows = static_cast<std::int64_t>(labels_.codes.size());
    const auto distinct = static_cast<std::int64_t>(labels_.texts.size());
    const std::string got = fmt::format("{} line {}: got {}", path_, first_text_line_, shown(first_text_));
    if (const std::optional<NumberLook> look = number_look(first_text_))
      throw DataError(fmt::format("{}, which looks like {}; want {}, and one label per line", got, look->what,
                                  look->way_out));
    if (2 * text_rows_ <= rows)
      throw DataError(got + "; want a number, as in the rest of the file" +
                      (first_text_line_ == 1 ? " (data.header = \"yes\" if the line is a name)" : ""));
    if (rows >= kFewRows && 2 * distinct > rows)
      throw DataError(
          fmt::format("{}: {} distinct labels in {} rows; want numbers, or classes that each have "
                      "some rows (model.loss = \"softmax_cross_entropy\" takes these as classes)",
                      path_, distinct, rows));
  }

  const ReadRequest& request_;
  const std::string& path_;
  CellRules rules_;
  LabelColumn labels_;
  TextCodes codes_;
  bool at_begin_ = true;
  std::int64_t rows_ = 0, text_rows_ = 0, first_text_line_ = 0;
  std::string first_text_;
};

}  // namespace

LabelColumn read_label_text(const ReadRequest& request, const std::string& path,
                            std::unique_ptr<ByteSource> bytes) {
  TextSource source(path, std::move(bytes), RecordEnd::line);
  LabelLines lines(request, path);
  for (TextBlock block; source.next(block);) lines.read(block);
  return lines.finish();
}

}  // namespace thalweg
