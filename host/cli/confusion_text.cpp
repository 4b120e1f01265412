#include "host/cli/confusion_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "host/cli/printable.hpp"
#include "host/cli/shown_width.hpp"

namespace thalweg::cli {
namespace {

constexpr std::size_t kMostClasses = 12;
constexpr int kIndent = 2, kUsualName = 12, kUsualCell = 8;

struct Table {
  std::vector<std::string> names;               ///< of the rows, and of the columns
  std::vector<std::vector<std::string>> cells;  ///< by column
  int name_width = kUsualName;
  std::vector<int> widths;  ///< of the columns, without the space before each
};

int widest(const std::vector<std::string>& texts) {
  int most = 0;
  for (const std::string& text : texts) most = std::max(most, shown_width(text));
  return most;
}

Table table_of(const Metrics& metrics) {
  Table table;
  const std::size_t classes = metrics.confusion.size();
  table.cells.resize(classes);
  for (std::size_t c = 0; c < classes; ++c) {
    table.names.push_back(c < metrics.classes.size() ? printable(metrics.classes[c]) : std::to_string(c));
    for (std::size_t column = 0; column < classes; ++column)
      table.cells[column].push_back(fmt::format("{:.6g}", metrics.confusion[c][column]));
    table.widths.push_back(kUsualCell);
  }
  return table;
}

/// Of the columns from `first` on; all of them where `last` is their number.
int width_of(const Table& table, std::size_t first, std::size_t last) {
  int width = kIndent + table.name_width;
  for (std::size_t column = first; column < last; ++column) width += 1 + table.widths[column];
  return width;
}

void narrow(Table& table) {
  table.name_width = widest(table.names);
  for (std::size_t column = 0; column < table.widths.size(); ++column)
    table.widths[column] = std::max(widest(table.cells[column]), shown_width(table.names[column]));
}

std::string part_of(const Table& table, std::size_t first, std::size_t last) {
  const std::string indent(kIndent, ' ');
  std::string text = indent + padded_left("", table.name_width);
  for (std::size_t column = first; column < last; ++column)
    text += " " + padded_left(table.names[column], table.widths[column]);
  for (std::size_t row = 0; row < table.names.size(); ++row) {
    text += "\n" + indent + padded_left(table.names[row], table.name_width);
    for (std::size_t column = first; column < last; ++column)
      text += " " + padded_left(table.cells[column][row], table.widths[column]);
  }
  return text + "\n";
}

}  // namespace

std::string confusion_text(const Metrics& metrics, int columns) {
  const std::size_t classes = metrics.confusion.size();
  if (classes == 0 || classes > kMostClasses) return "";
  Table table = table_of(metrics);
  if (width_of(table, 0, classes) > columns) narrow(table);
  std::string text = "  confusion (rows: true, columns: predicted)\n";
  for (std::size_t first = 0; first < classes;) {
    std::size_t last = first + 1;
    while (last < classes && width_of(table, first, last + 1) <= columns) ++last;
    text += part_of(table, first, last);
    first = last;
  }
  return text;
}

}  // namespace thalweg::cli
