#pragma once
// Text for lines that must not wrap: how wide a terminal shows it, and less of it.
#include <string>
#include <string_view>

namespace thalweg::cli {

/// In columns of a terminal. Characters from Hangul on may take two, and count as two. A byte that is not
/// UTF-8 counts as one.
int shown_width(std::string_view text);
/// At most `width` columns: what is too long loses its end, or its begin, to "...".
std::string without_end(std::string_view text, int width);
std::string without_begin(std::string_view text, int width);
/// With spaces behind or before it, `width` columns at least.
std::string padded_right(std::string text, int width);
std::string padded_left(std::string text, int width);

}  // namespace thalweg::cli
