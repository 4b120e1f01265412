#include "host/report/colours.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace thalweg::report {
namespace {

constexpr Colour kCold{238, 243, 250}, kHot{13, 60, 122};
constexpr Colour kBlack{0, 0, 0}, kWhite{255, 255, 255};

constexpr std::string_view kClasses = R"(
svg{display:block;width:100%;height:auto;font:11px system-ui,sans-serif}
svg text{fill:var(--ink)}
svg text.m{fill:var(--muted)}
svg text.h{font-size:13px;font-weight:600}
.e{text-anchor:end}
.a{text-anchor:middle}
.g{stroke:var(--grid);fill:none}
.l{stroke:currentColor;stroke-width:1.6;fill:none;stroke-linejoin:round}
.d{stroke:currentColor;stroke-dasharray:4 3;fill:none}
.b{fill:currentColor;fill-opacity:.25}
.f{fill:currentColor}
.p{stroke:currentColor;stroke-width:4;stroke-linecap:round;stroke-opacity:.5}
.k{stroke:var(--ink)}
)";

double linear_light(int channel) {
  const double c = channel / 255.0;
  return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}

double luminance(Colour c) {
  return 0.2126 * linear_light(c.red) + 0.7152 * linear_light(c.green) + 0.0722 * linear_light(c.blue);
}

std::string variables(std::string_view ThemeColour::*value) {
  std::string text = ":root{";
  for (const ThemeColour& colour : kTheme) text += fmt::format("--{}:{};", colour.name, colour.*value);
  return text + "}";
}

int between(int from, int to, double share) {
  return static_cast<int>(std::lround(from + share * (to - from)));
}

}  // namespace

std::string chart_style() {
  std::string text = fmt::format("{}\n@media (prefers-color-scheme:dark){{{}}}\n@media print{{{}}}",
                                 variables(&ThemeColour::light), variables(&ThemeColour::dark),
                                 variables(&ThemeColour::light));
  text += kClasses;
  for (std::size_t c = 0; c < kSeriesColours; ++c) text += fmt::format(".c{}{{color:var(--c{})}}\n", c, c);
  return text;
}

Colour parse_colour(std::string_view text) {
  const auto channel = [&](std::size_t at) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + 2, value, 16);
    return value;
  };
  return {channel(1), channel(3), channel(5)};
}

std::string colour_text(Colour c) { return fmt::format("#{:02x}{:02x}{:02x}", c.red, c.green, c.blue); }

double contrast(Colour a, Colour b) {
  const auto [dark, light] = std::minmax({luminance(a), luminance(b)});
  return (light + 0.05) / (dark + 0.05);
}

Colour heat_colour(double share) {
  share = std::isnan(share) ? 0 : std::clamp(share, 0.0, 1.0);
  return {between(kCold.red, kHot.red, share), between(kCold.green, kHot.green, share),
          between(kCold.blue, kHot.blue, share)};
}

Colour text_on(Colour cell) { return contrast(cell, kBlack) >= contrast(cell, kWhite) ? kBlack : kWhite; }

}  // namespace thalweg::report
