#include "host/data/vw_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "host/data/hashing.hpp"
#include "host/data/labels.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::string_view kBlanks = " \t\r";

/// The next word of `rest`, empty at its end.
std::string_view take_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
  const std::string_view word = rest.substr(0, rest.find_first_of(kBlanks));
  rest.remove_prefix(word.size());
  return word;
}

}  // namespace

VwParser::VwParser(const ReadRequest& request, std::int64_t bits)
    : source_(request.path),
      need_target_(request.need_target),
      comment_(request.config.comment),
      bits_(bits),
      most_labels_(most_labels_of_block(request.range, kMostClasses)) {}

void VwParser::parse(const TextBlock& block, SvmRows& out) const {
  Entries entries;
  std::string_view rest = block.text;
  for (std::int64_t number = block.first_line; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    parse_line(rest.substr(0, end), number, entries, out);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void VwParser::parse_line(std::string_view line, std::int64_t number, Entries& entries, SvmRows& out) const {
  const std::size_t begin = line.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return;
  if (!comment_.empty() && line.substr(begin).starts_with(comment_)) return;
  const std::size_t bar = line.find('|');
  if (bar == std::string_view::npos)
    throw DataError(fmt::format("{} line {}: no bar; want \"label | name:value ...\"", source_, number));
  parse_head(line.substr(0, bar), number, out);
  for (std::string_view rest = line.substr(bar + 1);;) {
    const std::size_t next = std::min(rest.find('|'), rest.size());
    parse_space(rest.substr(0, next), number, entries);
    if (next == rest.size()) break;
    rest.remove_prefix(next + 1);
  }
  end_row(entries, out);
  out.lines.push_back(number);
  ++out.rows;
}

/// The last word is a tag, which is passed over, if it begins with a quote or touches the bar.
void VwParser::parse_head(std::string_view head, std::int64_t line, SvmRows& out) const {
  std::vector<std::string_view> words;
  for (std::string_view rest = head; !rest.empty();)
    if (const std::string_view word = take_word(rest); !word.empty()) words.push_back(word);
  const bool touches = !head.empty() && kBlanks.find(head.back()) == std::string_view::npos;
  if (!words.empty() && (touches || words.back().starts_with('\''))) words.pop_back();
  if (words.size() > 2)
    throw DataError(
        fmt::format("{} line {}: got {} behind label and importance; want a tag, which begins "
                    "with a quote, or the bar",
                    source_, line, shown(words[2])));
  if (words.empty() && need_target_)
    throw DataError(
        fmt::format("{} line {}: no label; want \"label | name:value ...\", with a blank between "
                    "label and bar",
                    source_, line));
  if (words.empty()) {
    out.numbers.push_back(std::numeric_limits<double>::quiet_NaN());
    out.codes.push_back(-1);
  } else {
    add_label(words[0], line, out);
  }
  float importance = 1;
  if (words.size() == 2 && (parse_number(words[1], importance) != ParsedNumber::ok || importance < 0))
    throw DataError(
        fmt::format("{} line {}: importance {}; want a number not below 0", source_, line, shown(words[1])));
  out.weight.push_back(importance);
}

void VwParser::add_label(std::string_view label, std::int64_t line, SvmRows& out) const {
  double number = 0;
  if (parse_number(label, number) != ParsedNumber::ok)
    throw DataError(fmt::format("{} line {}: label {}; want a finite number", source_, line, shown(label)));
  out.numbers.push_back(number);
  if (out.texts.texts().size() <= most_labels_) out.codes.push_back(out.texts.code(label));
}

/// The features behind a bar; a word that touches it is the name of the space.
void VwParser::parse_space(std::string_view text, std::int64_t line, Entries& entries) const {
  std::string space;
  float scale = 1;
  if (!text.empty() && kBlanks.find(text.front()) == std::string_view::npos) {
    std::string_view word = take_word(text);
    scale = value_of(word, line, 1);
    space = word;
  }
  for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
    const float value = value_of(word, line, 1);
    const HashedFeature feature = hashed_feature(space + "^" + std::string(word), bits_);
    entries.emplace_back(feature.index, feature.sign * scale * value);
  }
}

/// The number behind the colon, which is taken off the word together with it.
float VwParser::value_of(std::string_view& word, std::int64_t line, float without) const {
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos) return without;
  float value = 0;
  if (parse_number(word.substr(colon + 1), value) != ParsedNumber::ok)
    throw DataError(
        fmt::format("{} line {}: got {}; want name:value with a finite number", source_, line, shown(word)));
  word = word.substr(0, colon);
  return value;
}

}  // namespace thalweg
