#pragma once
// The page around charts and tables: one HTML file, well-formed as XML, without script and network.
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::report {

struct Table {
  std::vector<std::string> header = {};
  std::vector<std::vector<std::string>> rows = {};
  std::size_t text_columns = 1;  ///< from the left; the others are numbers
};

/// Empty for a table without rows. Its texts are escaped here.
std::string html_table(const Table& table);

/// Texts are escaped.
std::string html_paragraph(std::string_view text);
std::string html_list(const std::vector<std::string>& lines);
/// As it is, in a font of equal widths.
std::string html_code(std::string_view text);

// `body` is HTML. Each is empty where the body is.
/// Charts side by side, as many as fit.
std::string html_charts(const std::string& body);
std::string html_section(std::string_view title, const std::string& body);
/// Closed until a reader opens it.
std::string html_details(std::string_view title, const std::string& body);

std::string html_page(std::string_view title, const std::string& body);
/// Whether html_page wrote the text.
bool is_page(std::string_view text);

}  // namespace thalweg::report
