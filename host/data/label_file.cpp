// Labels and weights in a file of their own: npy, IDX, or text with one per line.
#include <fmt/format.h>

#include "host/data/array_reader.hpp"
#include "host/data/first_bytes.hpp"
#include "host/data/parallel_parse.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

LabelColumn read_label_text(const std::string& path, std::unique_ptr<ByteSource> bytes,
                            const RowRange& range) {
  TextSource source(path, std::move(bytes), RecordEnd::line);
  LabelColumn labels;
  labels.present = true;
  TextCodes texts;
  std::int64_t rows = 0;
  bool numbers = true;
  for (TextBlock block; source.next(block);) {
    std::string_view rest = block.text;
    for (std::int64_t line = block.first_line; !rest.empty(); ++line) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view label = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const std::int64_t row = rows++;
      if (row < range.begin || row >= range.end) continue;
      if (is_missing(label))
        throw DataError(fmt::format("{} line {}: got {}; want a label", path, line, shown(label)));
      double value = 0;
      numbers = parse_number(label, value) == ParsedNumber::ok && numbers;
      if (numbers) labels.numbers.push_back(value);
      labels.codes.push_back(texts.code(label));
    }
  }
  if (rows == 0) throw DataError(fmt::format("{} is empty; want one label per line", path));
  require_rows(path, range, rows);
  if (!numbers) labels.numbers.clear();
  labels.texts = texts.texts();
  return labels;
}

void require_same_rows(const std::string& path, std::int64_t got, const RawData& data) {
  if (got != data.rows)
    throw DataError(fmt::format("{} has {} rows; want {}, as many as {}", path, got, data.rows, data.source));
}

void read_weight_file(const ReadRequest& request, RawData& data) {
  const std::string& path = request.weight;
  const LabelColumn column = read_label_file(path, request.range, request.progress);
  if (column.numbers.empty())
    throw DataError(fmt::format("{}: a weight is no number; want one per row", path));
  require_same_rows(path, static_cast<std::int64_t>(column.numbers.size()), data);
  data.weight.assign(column.numbers.begin(), column.numbers.end());
}

}  // namespace

LabelColumn read_label_file(const std::string& path, const RowRange& range, const ReadProgress& progress) {
  auto [head, source] = peek(open_file(path, progress), 8);
  if (is_zip(head))
    throw DataError(
        fmt::format("{} is an npz archive; want a file of one label per row (npy, IDX or text)", path));
  if (!is_npy(head) && !is_idx(head)) {
    if (head.find('\0') != std::string::npos)
      throw DataError(
          fmt::format("{} is binary and neither npy nor IDX; want one of these or one label per line", path));
    return read_label_text(path, std::move(source), range);
  }
  const ArrayHeader header = is_npy(head) ? read_npy_header(*source, path) : read_idx_header(*source, path);
  return read_label_array(*source, header, range, path);
}

void read_companions(const ReadRequest& request, RawData& data) {
  if (!request.target.empty()) {
    data.labels = read_label_file(request.target, request.range, request.progress);
    require_same_rows(request.target, data.labels.rows(), data);
  }
  // A file of weights belongs to the training rows.
  // mutant: weights-in-training
  if (request.for_training && !request.weight.empty() && data.weight.empty()) read_weight_file(request, data);
}

}  // namespace thalweg
