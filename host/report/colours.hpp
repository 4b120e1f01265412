#pragma once
// The colours of pages and charts, on light and on dark paper.
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace thalweg::report {

struct Colour {
  int red = 0, green = 0, blue = 0;
};

/// Of a series; more than these repeat.
constexpr std::size_t kSeriesColours = 8;

/// A CSS variable and its two values, "#rrggbb".
struct ThemeColour {
  std::string_view name, light, dark;
};
/// Text in `ink` or `muted`, and each series, has a contrast of at least 4.5 to `paper`.
inline constexpr std::array<ThemeColour, 4 + kSeriesColours> kTheme{{{"paper", "#ffffff", "#15181c"},
                                                                     {"ink", "#1a1d21", "#e8eaed"},
                                                                     {"muted", "#59616a", "#a9b0b8"},
                                                                     {"grid", "#dfe3e8", "#323941"},
                                                                     {"c0", "#1f5fa8", "#7cb7ff"},
                                                                     {"c1", "#b8470b", "#ff9e5e"},
                                                                     {"c2", "#1b7a4b", "#5fd39a"},
                                                                     {"c3", "#a3306f", "#f08ac0"},
                                                                     {"c4", "#6b4fb3", "#b9a3ff"},
                                                                     {"c5", "#7a6000", "#e0c050"},
                                                                     {"c6", "#0b7285", "#5bd0e0"},
                                                                     {"c7", "#555555", "#b5b5b5"}}};

/// The variables of kTheme and the classes of charts, as CSS.
std::string chart_style();

Colour parse_colour(std::string_view text);
std::string colour_text(Colour colour);

/// The contrast ratio of WCAG 2.1, from 1 to 21.
double contrast(Colour a, Colour b);

/// The colour of a cell with that share, 0 to 1, of its row.
Colour heat_colour(double share);
/// Black or white, whichever reads better on `cell`.
Colour text_on(Colour cell);

}  // namespace thalweg::report
