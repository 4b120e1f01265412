#pragma once
// Text in HTML and SVG. Names come from data files and may hold anything.
#include <cstddef>
#include <string>
#include <string_view>

namespace thalweg::report {

/// The text for an element or an attribute in double quotes. What XML does not take, a control character or a
/// byte that is not UTF-8, becomes U+FFFD.
std::string escaped(std::string_view text);

/// At most `most` characters: a longer text loses its end to one "…".
std::string shortened(std::string_view text, std::size_t most);

/// Characters, not bytes.
std::size_t length_of(std::string_view text);

/// A position in an SVG, to a tenth.
std::string coordinate(double position);

}  // namespace thalweg::report
