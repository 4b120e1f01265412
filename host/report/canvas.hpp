#pragma once
// The parts that all charts have: frame, title, texts.
#include <string>
#include <string_view>

namespace thalweg::report {

constexpr double kChartWidth = 400;
constexpr double kTitleHeight = 24;
constexpr double kCharacterWidth = 6;  ///< about, of the text of a chart

/// The element around `body`, with the title as text and for screen readers.
std::string svg_element(std::string_view title, double height, const std::string& body);

/// A text at a position. `classes`: those of chart_style; `more`: further attributes.
std::string svg_text(double x, double y, std::string_view classes, std::string_view text,
                     std::string_view more = "");

/// A line, by its ends.
std::string svg_line(double x1, double y1, double x2, double y2, std::string_view classes);

/// A rectangle without its end: a tooltip may follow, by closed_with_tip.
std::string svg_rectangle(double x, double y, double width, double height, std::string_view attributes);

/// Ends an element that was begun without its ">".
std::string closed_with_tip(std::string_view element, std::string_view tip);

}  // namespace thalweg::report
