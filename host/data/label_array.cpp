// Labels and weights in an array file: numbers, whole numbers of 64 bits, or texts.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "host/data/array_elements.hpp"
#include "host/data/labels.hpp"
#include "host/data/number_label.hpp"
#include "host/data/string_features.hpp"
#include "host/data/text.hpp"

namespace thalweg {
namespace {

/// Keeps the labels as texts unless there are too many for classes.
template <class Element, class TextOf>
void keep_texts(const std::vector<Element>& elements, const TextOf& text_of, LabelColumn& labels) {
  TextCodes texts;
  for (const Element& element : elements) {
    labels.codes.push_back(texts.code(text_of(element)));
    if (texts.texts().size() > kMostClasses) return labels.codes.clear();
  }
  labels.texts = texts.texts();
}

template <class Element>
std::vector<Element> elements_of(ByteSource& source, const ArrayHeader& header, const RowRange& range,
                                 const std::string& name) {
  std::vector<Element> elements;
  array_elements::read_rows<Element>(
      source, header, name, range, {},
      [&](const Element* from, std::int64_t n) { elements.insert(elements.end(), from, from + n); });
  return elements;
}

/// Doubles merge whole numbers beyond 2^53: then their digits are the labels.
template <class Whole>
void read_whole_numbers(ByteSource& source, const ArrayHeader& header, const RowRange& range,
                        const std::string& name, LabelColumn& labels) {
  const std::vector<Whole> wholes = elements_of<Whole>(source, header, range, name);
  labels.numbers.assign(wholes.begin(), wholes.end());
  if (!std::all_of(labels.numbers.begin(), labels.numbers.end(), is_exact_in_double))
    keep_texts(
        wholes, [](Whole whole) { return fmt::format("{}", whole); }, labels);
}

void read_strings(ByteSource& source, const ArrayHeader& header, const RowRange& range,
                  const std::string& name, const MissingTexts& missing, LabelColumn& labels) {
  const std::int64_t begin = std::min(range.begin, header.rows()), end = std::min(range.end, header.rows());
  std::string bytes;
  const std::int64_t skipped = skip_bytes(source, begin * header.size);
  const std::int64_t got = skipped + append_bytes(source, (end - begin) * header.size, bytes);
  if (got < end * header.size) array_elements::cut_off(name, header, got / header.size);
  array_elements::require_end(source, header, name, range);
  std::vector<std::string> strings;
  bool numbers = true;
  for (std::int64_t row = begin; row < end; ++row) {
    strings.push_back(string_at(header, bytes.data() + (row - begin) * header.size));
    if (missing.contains(strings.back()))
      throw DataError(fmt::format("{} row {}: got {}; want a label", name, row, shown(strings.back())));
    double value = 0;
    numbers = numbers && parse_number(strings.back(), value) == ParsedNumber::ok;
    if (numbers) labels.numbers.push_back(value);
  }
  if (!numbers) labels.numbers.clear();
  keep_texts(
      strings, [](const std::string& text) { return trimmed(text); }, labels);
  if (!numbers && labels.texts.empty())
    throw DataError(fmt::format("{}: more than {} distinct labels; want classes", name, kMostClasses));
}

}  // namespace

LabelColumn read_label_array(ByteSource& source, const ArrayHeader& header, const RowRange& range,
                             const std::string& name, const MissingTexts& missing) {
  check_claim(header, source, name);
  if (header.width() != 1)
    throw DataError(
        fmt::format("{} has {} values per row; want one label (or weight) per row", name, header.width()));
  require_rows(name, range, header.rows());
  LabelColumn labels;
  labels.present = true;
  if (header.is_text())
    read_strings(source, header, range, name, missing, labels);
  else if (header.kind == 'i' && header.size == 8)
    read_whole_numbers<std::int64_t>(source, header, range, name, labels);
  else if (header.kind == 'u' && header.size == 8)
    read_whole_numbers<std::uint64_t>(source, header, range, name, labels);
  else
    labels.numbers = elements_of<double>(source, header, range, name);
  return labels;
}

}  // namespace thalweg
