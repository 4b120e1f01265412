#include "host/report/canvas.hpp"

#include <fmt/format.h>

#include "host/report/chart.hpp"
#include "host/report/colours.hpp"
#include "host/report/markup.hpp"

namespace thalweg::report {
namespace {

constexpr std::size_t kMostOfTitle = 54;
constexpr std::string_view kBegin = "<svg ";

}  // namespace

std::string svg_element(std::string_view title, double height, const std::string& body) {
  return fmt::format("{}viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n{}{}</svg>\n", kBegin,
                     kChartWidth, height, escaped(title),
                     svg_text(4, 15, "h", shortened(title, kMostOfTitle)), body);
}

std::string svg_text(double x, double y, std::string_view classes, std::string_view text,
                     std::string_view more) {
  return fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\"{}>{}</text>\n", coordinate(x), coordinate(y),
                     classes, more, escaped(text));
}

std::string svg_line(double x1, double y1, double x2, double y2, std::string_view classes) {
  return fmt::format("<path class=\"{}\" d=\"M{} {}L{} {}\"/>\n", classes, coordinate(x1), coordinate(y1),
                     coordinate(x2), coordinate(y2));
}

std::string svg_rectangle(double x, double y, double width, double height, std::string_view attributes) {
  return fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {}", coordinate(x), coordinate(y),
                     coordinate(width), coordinate(height), attributes);
}

std::string closed_with_tip(std::string_view element, std::string_view tip) {
  const std::string_view name = element.substr(1, element.find(' ') - 1);
  if (tip.empty()) return fmt::format("{}/>\n", element);
  return fmt::format("{}><title>{}</title></{}>\n", element, escaped(tip), name);
}

std::string svg_file(const std::string& svg) {
  std::string text = svg;
  text.insert(kBegin.size(), "xmlns=\"http://www.w3.org/2000/svg\" ");
  const std::string style = fmt::format("<style>{}svg{{background:var(--paper)}}</style>\n", chart_style());
  text.insert(text.find('\n') + 1, style);
  return text;
}

}  // namespace thalweg::report
