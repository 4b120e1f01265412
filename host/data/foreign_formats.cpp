#include "host/data/foreign_formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using namespace std::string_view_literals;

struct Foreign {
  std::string_view begin;
  std::string_view what;
  std::string_view way_out;
};

constexpr std::string_view kParquet = "PAR1";

constexpr Foreign kForeignBytes[] = {
    {"\xFF\xFE\0\0"sv, "UTF-32 text", "iconv -f utf-32 -t utf-8 converts it"},
    {"\0\0\xFE\xFF"sv, "UTF-32 text", "iconv -f utf-32 -t utf-8 converts it"},
    {"\x04\x22\x4D\x18"sv, "compressed by lz4",
     "unlz4 unpacks it; gzip, zstd, bzip2 and xz are read as they are"},
    {"7z\xBC\xAF"sv, "a 7z archive", "7z x unpacks it; gzip, zstd, bzip2 and xz are read as they are"},
    {"Rar!"sv, "a rar archive", "unrar unpacks it; gzip, zstd, bzip2 and xz are read as they are"},
    {kParquet, "a Parquet file", "data.format = parquet reads it, one file or several"},
    {"ARROW1"sv, "an Arrow file", "write its table as CSV or npz"},
    {"ORC"sv, "an ORC file", "write its table as CSV or npz"},
    {"\x89HDF"sv, "an HDF5 file", "write its arrays as npz"},
    {"SQLite format 3"sv, "an SQLite database", "write its table as CSV"},
    {"\xD0\xCF\x11\xE0"sv, "an Excel workbook", "save its sheet as CSV"},
    {"MATLAB 5.0"sv, "a MATLAB file", "write its arrays as npz"},
};

constexpr Foreign kForeignText[] = {
    {"{\"", "JSON", "write its table as CSV"},         {"{ ", "JSON", "write its table as CSV"},
    {"{\n", "JSON", "write its table as CSV"},         {"[{", "JSON", "write its table as CSV"},
    {"[[", "JSON", "write its table as CSV"},          {"<!doctype", "a web page", "write its table as CSV"},
    {"<html", "a web page", "write its table as CSV"}, {"<?xml", "XML", "write its table as CSV"},
    {"@relation", "ARFF", "write its table as CSV"},
};

[[noreturn]] void refuse(const std::string& path, const Foreign& foreign) {
  throw DataError(fmt::format("{} is {}; {}", path, foreign.what, foreign.way_out));
}

/// A zip archive whose first member is not an array is none of NumPy's.
void refuse_zip(const std::string& path, std::string_view head) {
  constexpr std::size_t kLengthAt = 26, kNameAt = 30, kLongestName = 255;
  if (!head.starts_with("PK\x03\x04") || head.size() < kNameAt) return;
  const auto byte = [&](std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(head[at]));
  };
  const std::size_t length = byte(kLengthAt) + 256 * byte(kLengthAt + 1);
  const std::string_view name = head.substr(kNameAt, length);
  if (name.empty() || name.ends_with(".npy") || length > kLongestName) return;
  const bool workbook = name == "[Content_Types].xml" || name.starts_with("xl/");
  if (workbook) refuse(path, {"", "an Excel workbook", "save its sheet as CSV"});
  throw DataError(fmt::format("{} is a zip archive of {}; unzip unpacks it; an npz archive holds npy arrays",
                              path, shown(name)));
}

/// The first lines that are not blank, at most twenty.
std::vector<std::string_view> first_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < 20) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    if (end == std::string_view::npos && !lines.empty()) break;  // it may be cut
    if (!line.empty()) lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::vector<std::string_view> words_of(std::string_view line, std::string_view delimiters) {
  std::vector<std::string_view> words;
  for (;;) {
    line.remove_prefix(std::min(line.find_first_not_of(delimiters), line.size()));
    if (line.empty()) return words;
    words.push_back(line.substr(0, line.find_first_of(delimiters)));
    line.remove_prefix(words.back().size());
  }
}

/// "7:0.5".
bool is_entry(std::string_view word) {
  const std::size_t colon = word.find(':');
  std::int64_t index;
  return colon != std::string_view::npos && parse_integer(word.substr(0, colon), index) &&
         is_number(word.substr(colon + 1)) && word.find(':', colon + 1) == std::string_view::npos;
}

/// "name:0.5", or "7:0.5".
bool is_named_value(std::string_view word) {
  const std::size_t colon = word.rfind(':');
  return colon != std::string_view::npos && colon > 0 && is_number(word.substr(colon + 1));
}

/// "label | name:value ...", where the label may be missing and a namespace may follow the bar.
bool is_vw(std::string_view line) {
  const std::size_t bar = line.find('|');
  if (bar == std::string_view::npos) return false;
  const auto label = words_of(line.substr(0, bar), " \t");
  if (!label.empty() && !is_number(label[0])) return false;
  const auto features = words_of(line.substr(bar + 1), " \t|");
  return std::any_of(features.begin(), features.end(), is_named_value);
}

/// A word, then entries and nothing else.
bool is_labelled_by_text(std::string_view line) {
  const auto words = words_of(line, " \t");
  return words.size() > 1 && !is_number(words[0]) && !is_named_value(words[0]) &&
         std::all_of(words.begin() + 1, words.end(), is_entry);
}

/// A table may begin with a column ORCID: a mark of letters counts where control characters follow it.
bool is_word_of_text(std::string_view mark, std::string_view head) {
  const auto letter = [](unsigned char c) { return c > ' ' && c < 0x7F; };
  if (!std::all_of(mark.begin(), mark.end(), letter)) return false;
  const auto control = [](unsigned char c) { return c < ' ' && c != '\t' && c != '\n' && c != '\r'; };
  return std::none_of(head.begin(), head.end(), control);
}

bool is_libsvm_with_commas(std::string_view line) {
  const auto words = words_of(line, ",; \t");
  return words.size() > 1 && line.find_first_of(",;") != std::string_view::npos &&
         std::all_of(words.begin() + 1, words.end(), is_entry);
}

}  // namespace

bool is_parquet(std::string_view head) {
  return head.starts_with(kParquet) && !is_word_of_text(kParquet, head);
}

void refuse_foreign_bytes(const std::string& path, std::string_view head) {
  for (const Foreign& foreign : kForeignBytes)
    if (head.starts_with(foreign.begin) && !is_word_of_text(foreign.begin, head)) refuse(path, foreign);
  refuse_zip(path, head);
}

void refuse_no_table(const std::string& path, std::string_view text) {
  const std::vector<std::string_view> lines = first_lines(text);
  if (lines.empty()) return;
  for (const Foreign& foreign : kForeignText)
    if (in_lower_case(text.substr(0, foreign.begin.size())) == foreign.begin) refuse(path, foreign);
  const auto all = [&](auto&& is) { return std::all_of(lines.begin(), lines.end(), is); };
  if (all(is_vw)) refuse(path, {"", "in Vowpal Wabbit's format", "data.format = \"vw\" reads it"});
  if (all(is_libsvm_with_commas))
    refuse(path, {"", "libsvm with commas", "write blanks between label and entries: \"1 1:0.5 2:1\""});
  if (all(is_labelled_by_text))
    refuse(path, {"", "libsvm whose labels are texts", "write a number for each label"});
}

bool looks_like_vw(std::string_view text) {
  const std::vector<std::string_view> lines = first_lines(text);
  return !lines.empty() && std::all_of(lines.begin(), lines.end(), is_vw);
}

}  // namespace thalweg
