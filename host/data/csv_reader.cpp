// CSV and TSV (RFC 4180): numbers, texts and labels of each block are parsed apart and merged in order.
#include <fmt/format.h>

#include <limits>

#include "host/data/csv_cells.hpp"
#include "host/data/csv_crosses.hpp"
#include "host/data/csv_hasher.hpp"
#include "host/data/csv_header.hpp"
#include "host/data/csv_layout.hpp"
#include "host/data/csv_merger.hpp"
#include "host/data/first_bytes.hpp"
#include "host/data/foreign_formats.hpp"
#include "host/data/labels.hpp"
#include "host/data/precise.hpp"
#include "host/data/readers.hpp"
#include "host/data/text_files.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

extern const Reader csv_reader, tsv_reader;

namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

class CsvParser {
 public:
  CsvParser(const ReadRequest& request, const CellRules& rules, const CsvLayout& layout)
      : request_(request),
        rules_(rules),
        layout_(layout),
        problems_(request, layout),
        hasher_(layout, request.schema),
        keep_labels_(request.schema == nullptr && request.use == TargetUse::automatic),
        most_labels_(most_labels_of_block(request.range, kMostKeptLabels)) {
    text_slot_.resize(static_cast<std::size_t>(layout.features), 0);
    for (std::size_t i = 0; i < layout.text_features.size(); ++i)
      text_slot_[static_cast<std::size_t>(layout.text_features[i])] = i;
  }

  void parse(const TextBlock& block, CsvRows& out) const {
    out.texts.resize(layout_.text_features.size());
    try {
      parse_records(block, out);
    } catch (...) {  // the rows before the fault may be enough
      finish(block, out);
      throw;
    }
    finish(block, out);
  }

 private:
  void parse_records(const TextBlock& block, CsvRows& out) const {
    CsvCells cells(block.text, layout_.dialect, block.first_line, request_.path);
    const auto features = static_cast<std::size_t>(layout_.features);
    while (cells.next_record()) {
      out.cells.resize(out.cells.size() + features);
      parse_record(cells, out.cells.data() + out.cells.size() - features, out);
      out.lines.push_back(cells.record_line());
      ++out.rows;
    }
  }

  /// What is done with the whole rows of a block.
  void finish(const TextBlock& block, CsvRows& out) const {
    out.cells.resize(static_cast<std::size_t>(out.rows * layout_.features));
    if (layout_.hash_bits > 0)
      hasher_.hash(out);
    else
      keep_precise(block, out);
  }

  /// Reads the block once more where float32 may not hold a column well.
  void keep_precise(const TextBlock& block, CsvRows& out) const {
    for (const std::int64_t c :
         suspect_columns(out.cells.data(), out.rows, layout_.features, request_.schema))
      out.precise[c];
    for (const std::int32_t feature : layout_.text_features) out.precise.erase(feature);
    if (out.precise.empty()) return;
    CsvCells cells(block.text, layout_.dialect, block.first_line, request_.path);
    for (std::int64_t row = 0; row < out.rows && cells.next_record(); ++row) {
      std::size_t c = 0;
      for (std::string_view cell; cells.next_cell(cell); ++c) {
        const auto column = out.precise.find(layout_.columns[c].feature);
        if (column != out.precise.end())
          number(cell, c, cells.record_line(), true, column->second.emplace_back());
      }
    }
    drop_exact(out.cells.data(), layout_.features, out.precise);
  }

  void parse_record(CsvCells& cells, float* row, CsvRows& out) const {
    const std::size_t width = layout_.columns.size();
    const char* begin = cells.position();
    std::size_t c = 0;
    for (std::string_view cell; cells.next_cell(cell); ++c)
      if (c < width) parse_cell(cell, c, cells.record_line(), row, out);
    if (c != width) throw DataError(problems_.width(c, cells.record_line(), {begin, 1}));
  }

  void parse_cell(std::string_view cell, std::size_t c, std::int64_t line, float* row, CsvRows& out) const {
    const CsvColumn& column = layout_.columns[c];
    switch (column.role) {
      case CsvRole::number:
        return number(cell, c, line, true, row[column.feature]);
      case CsvRole::text: {
        const auto feature = static_cast<std::size_t>(column.feature);
        row[feature] =
            rules_.is_missing(cell) ? kMissing : float(out.texts[text_slot_[feature]].code(trimmed(cell)));
        return;
      }
      case CsvRole::target_number:
        number(cell, c, line, !request_.need_target, out.target.emplace_back());
        if (keep_labels_ && out.target_texts.texts().size() <= most_labels_)
          out.target_codes.push_back(out.target_texts.code(trimmed(cell)));
        return;
      case CsvRole::target_text:
        if (request_.need_target && rules_.is_missing(cell))
          throw DataError(problems_.cell(cell, c, line, "want a label"));
        out.target_codes.push_back(out.target_texts.code(trimmed(cell)));
        return;
      case CsvRole::weight:
        return number(cell, c, line, false, out.weight.emplace_back());
      case CsvRole::row_name:
        out.names.emplace_back(trimmed(cell));
        return;
      case CsvRole::empty:
        if (!trimmed(cell).empty())
          throw DataError(
              problems_.cell(cell, c, line, "want nothing in a column without a name that begins empty"));
        return;
      case CsvRole::ignored:
        return;
    }
  }

  template <class Real>
  void number(std::string_view cell, std::size_t c, std::int64_t line, bool may_miss, Real& value) const {
    const ParsedNumber parsed = rules_.number(cell, value);
    if (parsed == ParsedNumber::ok) return;
    if (rules_.is_missing(cell)) {
      if (!may_miss) throw DataError(problems_.cell(cell, c, line, "a missing value; want a number"));
      value = kMissing;
      return;
    }
    throw DataError(parsed == ParsedNumber::not_finite
                        ? problems_.cell(cell, c, line, "want a finite number of float32's range")
                        : problems_.no_number(cell, c, line));
  }

  const ReadRequest& request_;
  const CellRules& rules_;
  const CsvLayout& layout_;
  CsvProblems problems_;
  CsvHasher hasher_;
  bool keep_labels_;         // of a target of numbers, which may be classes
  std::size_t most_labels_;  // of a block, whose rows may lie outside the range
  std::vector<std::size_t> text_slot_;
};

TextSource first_block(const ReadRequest& request, std::unique_ptr<ByteSource> source, TextBlock& first) {
  TextSource text =
      open_text(request, std::move(source), RecordEnd::line_outside_quotes, "rows of cells", first);
  refuse_foreign_bytes(request.path, first.text);
  return text;
}

class CsvFormat {
 public:
  CsvFormat(const ReadRequest& request, const CellRules& rules, const CsvLayout& layout)
      : request_(request), whole_(request), rules_(rules), layout_(layout) {
    whole_.path = request.name();
  }

  TextSource open(const ReadRequest& part, std::unique_ptr<ByteSource> bytes, TextBlock& block) const {
    TextSource text = first_block(part, std::move(bytes), block);
    drop_same_header(part, request_.path, layout_, block);
    return text;
  }
  CsvParser parser(const ReadRequest& part) const { return {part, rules_, layout_}; }
  CsvMerger merger(RawData& data) const { return {whole_, layout_, data}; }

  RawData without_rows() const {
    RawData data;
    data.source = request_.name();
    data.first_source_row = request_.range.begin;
    data.width = layout_.features;
    data.labels.present = layout_.target >= 0;
    data.notes = layout_.notes;
    data.crosses = layout_.crosses;
    name_columns(layout_, data);
    if (layout_.hash_bits > 0) begin_hashed(data);
    return data;
  }

  void finish_block(const CsvMerger&, RawData&) const {}
  void finish(CsvMerger& merger, RawData& data) const {
    merger.finish();
    if (layout_.hash_bits == 0) add_crosses(layout_.crosses, data);
  }

 private:
  void begin_hashed(RawData& data) const {
    data.layout = RawData::Layout::csr;
    data.offsets = {0};
    data.width = std::int64_t{1} << layout_.hash_bits;
    data.index_base = 0;
    data.hash_bits = layout_.hash_bits;
    data.hashed_texts.resize(static_cast<std::size_t>(layout_.features));
    for (const std::int32_t feature : layout_.text_features)
      data.hashed_texts[static_cast<std::size_t>(feature)] = true;
  }

  const ReadRequest& request_;
  ReadRequest whole_;  // for messages about all files
  const CellRules& rules_;
  const CsvLayout& layout_;
};

RawData read_csv(const ReadRequest& request, std::unique_ptr<ByteSource> source) {
  TextBlock first;
  TextSource text = first_block(request, std::move(source), first);
  if (request.config.format == DataFormat::automatic && request.schema == nullptr)
    refuse_no_table(request.path, first.text);
  const CellRules rules(request.config);
  const CsvLayout layout = find_csv_layout(request, rules, first);
  ReadRequest rows = request;
  // Texts become categories, which all rows decide.
  const bool categories = !layout.text_features.empty() && layout.hash_bits == 0;
  if (categories && request.takers.companions) rows.takers.rows = nullptr;
  return read_text_files<CsvRows>(csv_reader, rows, text, std::move(first), CsvFormat(rows, rules, layout));
}

Claim claim_csv(std::string_view head, std::string_view path) {
  if (!is_text(head)) return Claim::none;
  return path.ends_with(".csv") ? Claim::by_name : Claim::any_text;
}

Claim claim_tsv(std::string_view head, std::string_view path) {
  return is_text(head) && path.ends_with(".tsv") ? Claim::by_name : Claim::none;
}

}  // namespace

const Reader csv_reader{DataFormat::csv, {".csv"}, &claim_csv, &read_csv, true, true};
const Reader tsv_reader{DataFormat::tsv, {".tsv"}, &claim_tsv, &read_csv, true, true};

}  // namespace thalweg
