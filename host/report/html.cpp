#include "host/report/html.hpp"

#include <fmt/format.h>

#include "host/report/colours.hpp"
#include "host/report/markup.hpp"

namespace thalweg::report {
namespace {

constexpr std::string_view kPageStyle = R"(
*{box-sizing:border-box}
body{margin:0 auto;max-width:84rem;padding:.75rem;background:var(--paper);color:var(--ink);
font:15px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:.3rem 0}
h2{font-size:1.1rem;margin:1.6rem 0 .5rem;border-bottom:1px solid var(--grid)}
p{margin:.4rem 0}
.charts{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,23rem),1fr))}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.9rem;margin:.5rem 0}
th,td{padding:.15rem .6rem .15rem 0;text-align:left;border-bottom:1px solid var(--grid);vertical-align:top}
th,td{overflow-wrap:break-word}
th{color:var(--muted);font-weight:600}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td{min-width:3rem}
code,pre{font:13px/1.4 ui-monospace,monospace}
pre{white-space:pre-wrap;border:1px solid var(--grid);padding:.5rem;margin:.5rem 0}
summary{cursor:pointer;margin:.5rem 0}
@media print{body{max-width:none;font-size:11px}.charts{grid-template-columns:repeat(2,1fr)}
svg,tr{break-inside:avoid}h2{break-after:avoid}}
)";

std::string cells(const std::vector<std::string>& texts, std::size_t text_columns, std::string_view element) {
  std::string row = "<tr>";
  for (std::size_t c = 0; c < texts.size(); ++c)
    row += fmt::format("<{}{}>{}</{}>", element, c < text_columns ? "" : " class=\"n\"", escaped(texts[c]),
                       element);
  return row + "</tr>\n";
}

}  // namespace

std::string html_table(const Table& table) {
  if (table.rows.empty()) return "";
  std::string text = "<div class=\"wide\"><table>\n";
  if (!table.header.empty()) text += cells(table.header, table.text_columns, "th");
  for (const auto& row : table.rows) text += cells(row, table.text_columns, "td");
  return text + "</table></div>\n";
}

std::string html_paragraph(std::string_view text) { return fmt::format("<p>{}</p>\n", escaped(text)); }

std::string html_list(const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string text = "<ul>\n";
  for (const std::string& line : lines) text += fmt::format("<li>{}</li>\n", escaped(line));
  return text + "</ul>\n";
}

std::string html_code(std::string_view text) { return fmt::format("<pre>{}</pre>\n", escaped(text)); }

std::string html_charts(const std::string& body) {
  return body.empty() ? "" : fmt::format("<div class=\"charts\">\n{}</div>\n", body);
}

std::string html_section(std::string_view title, const std::string& body) {
  return body.empty() ? "" : fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n", escaped(title), body);
}

std::string html_details(std::string_view title, const std::string& body) {
  if (body.empty()) return "";
  return fmt::format("<details>\n<summary>{}</summary>\n{}</details>\n", escaped(title), body);
}

namespace {

constexpr std::string_view kPageBeginning =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
    "<meta name=\"generator\" content=\"thalweg report\"/>\n";

}  // namespace

std::string html_page(std::string_view title, const std::string& body) {
  return fmt::format(
      "{}"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n<title>{}</title>\n"
      "<style>{}{}</style>\n</head>\n<body>\n<h1>{}</h1>\n{}</body>\n</html>\n",
      kPageBeginning, escaped(title), chart_style(), kPageStyle, escaped(title), body);
}

bool is_page(std::string_view text) { return text.starts_with(kPageBeginning); }

}  // namespace thalweg::report
