// Charts: where marks stand, which ticks an axis has, what becomes of names, and that equal data give equal
// bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "host/report/chart.hpp"
#include "host/report/colours.hpp"
#include "host/report/markup.hpp"
#include "host/report/scale.hpp"
#include "tests/support/xml.hpp"

namespace thalweg::report {
namespace {

using test::xml_problem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const double kNan = std::nan("");

std::vector<double> linear(double low, double high) {
  return Scale(ScaleKind::linear, {low, high}, {}).ticks();
}
std::vector<double> logarithmic(double low, double high) {
  return Scale(ScaleKind::log, {low, high}, {}).ticks();
}

TEST(Scales, LinearTicksAreRoundAndHoldTheValues) {
  EXPECT_THAT(linear(0, 1), ElementsAre(0, 0.2, 0.4, 0.6, 0.8, 1));
  EXPECT_THAT(linear(0.13, 0.47), ElementsAre(0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5));
  EXPECT_THAT(linear(-3, 12), ElementsAre(-4, -2, 0, 2, 4, 6, 8, 10, 12));
  EXPECT_THAT(linear(1, 30), ElementsAre(0, 5, 10, 15, 20, 25, 30));
  EXPECT_THAT(linear(0, 4600), ElementsAre(0, 1000, 2000, 3000, 4000, 5000));
  EXPECT_THAT(linear(0, 4.4e-7), ElementsAre(0, 1e-7, 2e-7, 3e-7, 4e-7, 5e-7));
  EXPECT_THAT(linear(0, 8), ElementsAre(0, 2, 4, 6, 8));
}

TEST(Scales, AConstantGetsRoomAndNothingGetsAnAxis) {
  EXPECT_THAT(linear(0, 0), ElementsAre(-1, -0.5, 0, 0.5, 1));
  EXPECT_THAT(linear(8, 8), ElementsAre(4, 6, 8, 10, 12));
  EXPECT_THAT(linear(INFINITY, -INFINITY), ElementsAre(0, 0.2, 0.4, 0.6, 0.8, 1));
  EXPECT_THAT(linear(kNan, kNan), ElementsAre(0, 0.2, 0.4, 0.6, 0.8, 1));
  EXPECT_THAT(logarithmic(-1, 5), ElementsAre(1, 10));
  EXPECT_THAT(logarithmic(0, 5), ElementsAre(1, 10));
}

TEST(Scales, ValuesThatDoublesHardlyTellApartAreAConstant) {
  EXPECT_THAT(linear(8, std::nextafter(8.0, 9)), ElementsAre(4, 6, 8, 10, 12));
  EXPECT_THAT(linear(-8, std::nextafter(-8.0, 0)), ElementsAre(-12, -10, -8, -6, -4));
  EXPECT_THAT(linear(1e-320, 2e-320), ElementsAre(-1, -0.5, 0, 0.5, 1));
  EXPECT_EQ(linear(8, 8.00001).size(), 6U) << "an axis of its own";
}

TEST(Scales, ValuesBeyond1e300HaveNoPlace) {
  EXPECT_THAT(linear(1.7e308, 1.7e308), ElementsAre(4e299, 6e299, 8e299, 1e300, 1.2e300, 1.4e300, 1.6e300));
  EXPECT_THAT(linear(-1e308, 1e308), ElementsAre(-1e300, -5e299, 0, 5e299, 1e300));
  EXPECT_THAT(logarithmic(1e308, 1.7e308), ElementsAre(1e300, 2e300));
  EXPECT_EQ(logarithmic(1e-320, 1).front(), 1e-300);
  const Scale wide(ScaleKind::log, {1e-300, 1e300}, {0, 100});
  EXPECT_NEAR(wide.at(1), 50, 1e-9);
  EXPECT_TRUE(wide.shows(1e-300) && wide.shows(1e300));
  EXPECT_FALSE(wide.shows(1e-301) || wide.shows(1e301));
}

TEST(Scales, LogarithmicTicksArePowersOfTenOrTheirSteps) {
  EXPECT_THAT(logarithmic(0.0004, 0.3), ElementsAre(0.0001, 0.001, 0.01, 0.1, 1));
  EXPECT_THAT(logarithmic(0.003, 0.04), ElementsAre(0.002, 0.005, 0.01, 0.02, 0.05));
  EXPECT_THAT(logarithmic(1, 100), ElementsAre(1, 2, 5, 10, 20, 50, 100));
  EXPECT_THAT(logarithmic(3, 3), ElementsAre(2, 5));
  EXPECT_THAT(logarithmic(1e-9, 1e3), ElementsAre(1e-9, 1e-7, 1e-5, 1e-3, 1e-1, 1e1, 1e3));
}

TEST(Scales, APositionFollowsTheValueOrItsLogarithm) {
  const Scale scale(ScaleKind::linear, {0, 10}, {50, 250});
  EXPECT_DOUBLE_EQ(scale.at(0), 50);
  EXPECT_DOUBLE_EQ(scale.at(2.5), 100);
  EXPECT_DOUBLE_EQ(scale.at(10), 250);
  const Scale log(ScaleKind::log, {1e-3, 1}, {300, 0});  // upright: the largest is on top
  EXPECT_DOUBLE_EQ(log.at(1e-3), 300);
  EXPECT_NEAR(log.at(0.1), 100, 1e-9);
  EXPECT_DOUBLE_EQ(log.at(1), 0);
  EXPECT_TRUE(scale.shows(0) && scale.shows(-1));
  EXPECT_FALSE(scale.shows(kNan) || scale.shows(INFINITY));
  EXPECT_FALSE(log.shows(0) || log.shows(-1));
  EXPECT_TRUE(log.shows(1e-30));
}

TEST(Scales, NumbersHaveFourDigits) {
  EXPECT_EQ(number_text(0.25), "0.25");
  EXPECT_EQ(number_text(-0.0), "0");
  EXPECT_EQ(number_text(1234.56), "1235");
  EXPECT_EQ(number_text(99999), "99999");
  EXPECT_EQ(number_text(100000), "1e5");
  EXPECT_EQ(number_text(-72500.4), "-72500");
  EXPECT_EQ(number_text(999.96), "1000");
  EXPECT_EQ(number_text(1200000), "1.2e6");
  EXPECT_EQ(number_text(-2e12), "-2e12");
  EXPECT_EQ(number_text(0.001), "0.001");
  EXPECT_EQ(number_text(0.00025), "2.5e-4");
  EXPECT_EQ(number_text(1e-10), "1e-10");
  EXPECT_EQ(number_text(kNan), "nan");
  EXPECT_EQ(number_text(-INFINITY), "-inf");
}

TEST(Markup, NamesCannotLeaveTheirPlace) {
  EXPECT_EQ(escaped(R"(<b>&"x"</b>)"), "&lt;b&gt;&amp;&quot;x&quot;&lt;/b&gt;");
  EXPECT_EQ(escaped("größer → ✓ 𝄞"), "größer → ✓ 𝄞");
  EXPECT_EQ(escaped("a\tb\nc"), "a\tb\nc");
}

TEST(Markup, WhatXmlDoesNotTakeIsReplaced) {
  const std::string replaced = "\xEF\xBF\xBD";
  for (const std::string& bad : {std::string("\x01"), std::string("\x7F"), std::string(1, '\0'),
                                 std::string("\xFF"), std::string("\xC0")})
    EXPECT_EQ(escaped("a" + bad + "b"), "a" + replaced + "b");
  EXPECT_EQ(escaped("\xE2\x82"), replaced + replaced) << "cut off";
  EXPECT_EQ(escaped("\xC1\xBF"), replaced + replaced) << "overlong";
  EXPECT_EQ(escaped("\xE0\x9F\xBF"), replaced + replaced + replaced) << "overlong";
  EXPECT_EQ(escaped("\xF0\x8F\xBF\xBF"), replaced + replaced + replaced + replaced) << "overlong";
  EXPECT_EQ(escaped("\xED\xA0\x80"), replaced + replaced + replaced) << "surrogate";
  EXPECT_EQ(escaped("\xEF\xBF\xBF"), replaced + replaced + replaced) << "no character";
  EXPECT_EQ(escaped("\xF4\x90\x80\x80"), replaced + replaced + replaced + replaced) << "beyond Unicode";
  EXPECT_EQ(escaped("\xED\x9F\xBF\xEF\xBF\xBD"), "\xED\x9F\xBF\xEF\xBF\xBD") << "the last before these";
}

TEST(Markup, LongNamesAreCutBetweenCharacters) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdefg", 6), "abcde…");
  EXPECT_EQ(shortened("äöüäöüä", 6), "äöüäö…");
  EXPECT_EQ(length_of("äöü€"), 4U);
}

TEST(Markup, CoordinatesHaveATenth) {
  EXPECT_EQ(coordinate(12.34), "12.3");
  EXPECT_EQ(coordinate(-0.01), "0.0");
  EXPECT_EQ(coordinate(-0.06), "-0.1");
  EXPECT_EQ(coordinate(400), "400.0");
}

TEST(Colours, ContrastIsThatOfTheRule) {
  EXPECT_NEAR(contrast({0, 0, 0}, {255, 255, 255}), 21, 1e-9);
  EXPECT_NEAR(contrast({255, 255, 255}, {0x77, 0x77, 0x77}), 4.48, 0.005);  // known to be just too light
  EXPECT_NEAR(contrast({0, 0, 255}, {255, 255, 255}), 8.59, 0.005);
  EXPECT_DOUBLE_EQ(contrast({9, 9, 9}, {9, 9, 9}), 1);
}

TEST(Colours, TextAndSeriesAreReadableOnBothPapers) {
  const ThemeColour& paper = kTheme[0];
  ASSERT_EQ(paper.name, "paper");
  for (const ThemeColour& colour : kTheme) {
    if (colour.name == "paper" || colour.name == "grid") continue;
    EXPECT_GE(contrast(parse_colour(colour.light), parse_colour(paper.light)), 4.5) << colour.name;
    EXPECT_GE(contrast(parse_colour(colour.dark), parse_colour(paper.dark)), 4.5) << colour.name;
  }
}

TEST(Colours, TextIsReadableOnEveryCell) {
  for (int percent = 0; percent <= 100; ++percent) {
    const Colour cell = heat_colour(percent / 100.0);
    EXPECT_GE(contrast(cell, text_on(cell)), 4.5) << percent;
  }
  EXPECT_EQ(colour_text(heat_colour(0)), "#eef3fa");
  EXPECT_EQ(colour_text(heat_colour(1)), "#0d3c7a");
  EXPECT_EQ(colour_text(heat_colour(0.5)), "#7e98ba");
  EXPECT_EQ(colour_text(heat_colour(kNan)), "#eef3fa");
  EXPECT_EQ(colour_text(text_on(heat_colour(0))), "#000000");
  EXPECT_EQ(colour_text(text_on(heat_colour(1))), "#ffffff");
}

/// From (0, 0) to (10, 100), with its corners at (54, 202) and (388, 32) where there is no legend.
Chart chart(Series series) {
  series.points.insert(series.points.begin(), ChartPoint{.x = 0, .y = 0});
  series.points.push_back({.x = 10, .y = 100});
  return {.title = "t", .x = {"x"}, .y = {"y"}, .series = {std::move(series)}};
}

TEST(Charts, ALineGoesThroughItsPoints) {
  const std::string text = svg(chart({.points = {{.x = 5, .y = 50}}}));
  EXPECT_THAT(text, HasSubstr("<path class=\"l c0\" d=\"M54.0 202.0L221.0 117.0L388.0 32.0\"/>"));
  EXPECT_THAT(text, HasSubstr("viewBox=\"0 0 400 242\""));
  EXPECT_EQ(xml_problem(text), "");
}

TEST(Charts, APointWithoutAPlaceBreaksTheLine) {
  const std::string text =
      svg(chart({.colour = 9, .points = {{.x = 2, .y = 20}, {.x = 3, .y = kNan}, {.x = 5, .y = 50}}}));
  EXPECT_THAT(text, HasSubstr("<path class=\"l c1\" d=\"M54.0 202.0L120.8 168.0M221.0 117.0L388.0 32.0\"/>"));
}

TEST(Charts, AxesHaveLabelsAtTheirTicks) {
  const std::string text = svg(chart({}));
  EXPECT_THAT(text, HasSubstr("<text x=\"50.0\" y=\"206.0\" class=\"m e\">0</text>"));
  EXPECT_THAT(text, HasSubstr("<text x=\"50.0\" y=\"36.0\" class=\"m e\">100</text>"));
  EXPECT_THAT(text, HasSubstr("<path class=\"g\" d=\"M54.0 32.0L388.0 32.0\"/>"));
  EXPECT_THAT(text, HasSubstr("<text x=\"120.8\" y=\"218.0\" class=\"m a\">2</text>"));
  EXPECT_THAT(text, HasSubstr("<text x=\"221.0\" y=\"234.0\" class=\"m a\">x</text>"));
  EXPECT_THAT(text, HasSubstr("class=\"m a\" transform=\"rotate(-90 10 117.0)\">y</text>"));
}

TEST(Charts, LabelsOfXHaveRoomBesideEachOther) {
  Chart of{.title = "t", .x = {"x"}, .y = {"y"}};
  of.series = {{.points = {{.x = -80000, .y = 0}, {.x = 90000, .y = 1}}}};
  // Ten ticks, 37.1 apart; six characters and a gap take 42.
  const std::string text = svg(of);
  EXPECT_THAT(text, HasSubstr("class=\"m a\">-80000</text>"));
  EXPECT_THAT(text, Not(HasSubstr("class=\"m a\">-60000</text>")));
  EXPECT_THAT(text, HasSubstr("class=\"m a\">-40000</text>"));
  EXPECT_THAT(text, HasSubstr("<path class=\"g\" d=\"M91.1 202.0L91.1 206.0\"/>")) << "the tick of -60000";
  of.series = {{.points = {{.x = -8000, .y = 0}, {.x = 9000, .y = 1}}}};
  EXPECT_THAT(svg(of), HasSubstr("class=\"m a\">-6000</text>")) << "five characters have room";
  of.series = {{.points = {{.x = 0, .y = 0}, {.x = 80000, .y = 1}}}};
  EXPECT_THAT(svg(of), HasSubstr("<text x=\"382.0\" y=\"218.0\" class=\"m a\">80000</text>"))
      << "within the chart";
}

TEST(Charts, ABandGoesThereAndBack) {
  Chart of{.title = "t", .x = {"x"}, .y = {"y"}};
  of.series = {
      {.mark = Mark::band,
       .colour = 2,
       .points = {{.x = 0, .y = 0, .y2 = 50}, {.x = 5, .y = 1, .y2 = kNan}, {.x = 10, .y = 50, .y2 = 100}}}};
  EXPECT_THAT(svg(of),
              HasSubstr("<path class=\"b c2\" d=\"M54.0 202.0L388.0 117.0L388.0 32.0L54.0 117.0Z\"/>"));
}

TEST(Charts, ATitleStandsInTheUpperLeftCorner) {
  EXPECT_THAT(svg(chart({.points = {{.x = 5, .y = 50}}})),
              HasSubstr("<text x=\"4.0\" y=\"15.0\" class=\"h\">"));
}

TEST(Charts, PointsIntervalsAndColumnsHaveTips) {
  const std::string points =
      svg(chart({.mark = Mark::points, .points = {{.x = 5, .y = 50, .tip = "a & b"}}}));
  EXPECT_THAT(
      points,
      HasSubstr("<circle class=\"f\" cx=\"221.0\" cy=\"117.0\" r=\"2.5\"><title>a &amp; b</title></circle>"));
  const std::string intervals =
      svg(chart({.mark = Mark::intervals, .points = {{.x = 5, .y = 50, .y2 = 100, .tip = "i"}}}));
  EXPECT_THAT(intervals,
              HasSubstr("<path class=\"l\" d=\"M221.0 117.0L221.0 32.0\"><title>i</title></path>"));
  const std::string columns =
      svg(chart({.mark = Mark::columns, .points = {{.x = 5, .y = 50, .x2 = 10, .tip = "c"}}}));
  EXPECT_THAT(columns, HasSubstr("<rect x=\"221.0\" y=\"117.0\" width=\"166.0\" height=\"85.0\" "
                                 "class=\"f\"><title>c</title></rect>"));
  for (const std::string& text : {points, intervals, columns}) EXPECT_EQ(xml_problem(text), "");
}

TEST(Charts, PointsWithoutTipsAreOnePath) {
  EXPECT_THAT(svg(chart({.mark = Mark::points, .points = {{.x = kNan, .y = 50}}})),
              HasSubstr("<path class=\"p c0\" d=\"M54.0 202.0h0M388.0 32.0h0\"/>"));
}

TEST(Charts, ColumnsStandOnZero) {
  Chart of{.title = "t", .x = {"x"}, .y = {"y"}};
  of.series = {{.mark = Mark::columns, .points = {{.x = 0, .y = 60, .x2 = 10}}}};
  EXPECT_THAT(svg(of),
              HasSubstr("<rect x=\"54.0\" y=\"32.0\" width=\"333.0\" height=\"170.0\" class=\"f\"/>"));
}

TEST(Charts, TheLegendTakesLinesAboveThePlot) {
  Chart of = chart({.name = "first"});
  of.series.push_back({.mark = Mark::dashes, .name = std::string(28, 'm'), .colour = 1});
  of.series.push_back({.mark = Mark::band, .name = std::string(40, 'w'), .colour = 2});
  const std::string text = svg(of);
  EXPECT_THAT(text, HasSubstr("<text x=\"72.0\" y=\"34.0\" class=\"\">first</text>"));
  EXPECT_THAT(text, HasSubstr("<path class=\"l c0\" d=\"M54.0 30.0L68.0 30.0\"/>"));
  EXPECT_THAT(text, HasSubstr("<path class=\"d c1\" d=\"M117.0 30.0L131.0 30.0\"/>"));
  EXPECT_THAT(text, HasSubstr("<rect x=\"56.0\" y=\"41.0\" width=\"10.0\" height=\"10.0\" class=\"b c2\"/>"));
  EXPECT_THAT(text, HasSubstr(">" + std::string(29, 'w') + "…</text>"));
  EXPECT_THAT(text, HasSubstr("viewBox=\"0 0 400 272\"")) << "two lines";
}

TEST(Charts, BarsGoToBothSidesOfZero) {
  const std::string text =
      svg(BarChart{.title = "w", .bars = {{"up", 2}, {"down <", -1, 0.5}, {"none", kNan}}});
  // From -1.5 to 2 on 176 to 344: zero is at 248.
  EXPECT_THAT(text, HasSubstr("<rect x=\"248.0\" y=\"27.0\" width=\"96.0\" height=\"11.0\" class=\"f "
                              "c0\"><title>up: 2</title>"));
  EXPECT_THAT(text, HasSubstr("<rect x=\"200.0\" y=\"44.0\" width=\"48.0\" height=\"11.0\" class=\"f "
                              "c1\"><title>down &lt;: -1</title>"));
  EXPECT_THAT(text, HasSubstr("<path class=\"k\" d=\"M176.0 49.5L224.0 49.5\"/>"));
  EXPECT_THAT(text, HasSubstr("<text x=\"170.0\" y=\"70.0\" class=\"e\">none</text>"));
  EXPECT_THAT(text, HasSubstr("<text x=\"396.0\" y=\"70.0\" class=\"m e\">nan</text>"));
  EXPECT_THAT(text, HasSubstr("viewBox=\"0 0 400 81\""));
  EXPECT_EQ(xml_problem(text), "");
}

TEST(Charts, ABarWithoutAnEndDoesNotShrinkTheOthers) {
  const std::string text = svg(BarChart{.title = "w", .bars = {{"two", 2}, {"endless", INFINITY}}});
  EXPECT_THAT(text, HasSubstr("<rect x=\"176.0\" y=\"27.0\" width=\"168.0\""));
}

TEST(Charts, CellsHaveTheColourOfTheirShare) {
  HeatMap map{.title = "m", .rows_label = "true", .columns_label = "predicted", .names = {"no", "<yes>"}};
  map.cells = {{{1, "3", "3 of 3"}, {0, "", ""}}, {{0.5, "1", ""}, {0.5, "1", ""}}};
  const std::string text = svg(map);
  EXPECT_THAT(text, HasSubstr("<rect x=\"78.0\" y=\"80.0\" width=\"59.0\" height=\"59.0\" "
                              "fill=\"#0d3c7a\"><title>3 of 3</title></rect>"));
  EXPECT_THAT(text, HasSubstr("<text x=\"108.0\" y=\"114.0\" class=\"a\" style=\"fill:#ffffff\">3</text>"));
  EXPECT_THAT(text,
              HasSubstr("<rect x=\"138.0\" y=\"80.0\" width=\"59.0\" height=\"59.0\" fill=\"#eef3fa\"/>"));
  EXPECT_THAT(text,
              HasSubstr("<rect x=\"78.0\" y=\"140.0\" width=\"59.0\" height=\"59.0\" fill=\"#7e98ba\"/>"));
  EXPECT_THAT(text, HasSubstr("class=\"e\">&lt;yes&gt;</text>"));
  EXPECT_THAT(text, HasSubstr("viewBox=\"0 0 400 206\""));
  EXPECT_EQ(xml_problem(text), "");
}

TEST(Charts, ACellHasItsTextWhereThereIsRoom) {
  HeatMap map{.title = "m", .names = std::vector<std::string>(20, "c")};
  map.cells.assign(20, std::vector<HeatCell>(20, {.share = 0.1, .text = "77"}));
  EXPECT_THAT(svg(map), HasSubstr(">77<"));
  map.cells.assign(20, std::vector<HeatCell>(20, {.share = 0.1, .text = "777"}));
  EXPECT_THAT(svg(map), Not(HasSubstr(">777<")));
  EXPECT_THAT(svg(map), HasSubstr("width=\"14.7\""));  // (392 - 78) / 20 - 1
}

TEST(Charts, EqualDataGiveEqualBytes) {
  const Chart of = chart({.name = "n", .points = {{.x = 1.0 / 3, .y = 1e-7}}});
  EXPECT_EQ(svg(of), svg(of));
}

TEST(Charts, AChartWithoutValuesIsAnEmptyFrame) {
  const std::string text =
      svg(Chart{.title = "none", .x = {"x"}, .y = {"y"}, .series = {{.mark = Mark::band}, {}}});
  EXPECT_EQ(xml_problem(text), "");
  EXPECT_THAT(text, Not(HasSubstr("nan")));
}

TEST(Charts, AFileOfItsOwnHasItsStyle) {
  const std::string text = svg_file(svg(chart({})));
  EXPECT_EQ(xml_problem(text), "");
  EXPECT_THAT(text, testing::StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox="));
  EXPECT_THAT(text, HasSubstr("@media (prefers-color-scheme:dark){:root{--paper:#15181c;"));
  EXPECT_THAT(text, HasSubstr(".c7{color:var(--c7)}"));
}

TEST(Thinning, KeepsTheEndsAndTheExtremes) {
  std::vector<ChartPoint> points;
  for (int k = 0; k < 1000; ++k) points.push_back({.x = double(k), .y = double(k % 7)});
  points[500].y = 99, points[501].y = -99;
  const std::vector<ChartPoint> thin = thinned(points, 100);
  EXPECT_EQ(thin.size(), 102U) << "two of each of 50 parts, and the ends";
  EXPECT_EQ(thin.front().x, 0);
  EXPECT_EQ(thin.back().x, 999);
  double least = 0, largest = 0;
  for (std::size_t k = 0; k < thin.size(); ++k) {
    least = std::min(least, thin[k].y), largest = std::max(largest, thin[k].y);
    if (k > 0) {
      EXPECT_LT(thin[k - 1].x, thin[k].x);
    }
  }
  EXPECT_EQ(least, -99);
  EXPECT_EQ(largest, 99);
  EXPECT_EQ(thinned(points, 1000).size(), 1000U) << "as they are";
}

TEST(Thinning, KeepsAGap) {
  std::vector<ChartPoint> points(100, {.x = 0, .y = 1});
  for (int k = 50; k < 100; ++k) points[static_cast<std::size_t>(k)].y = kNan;
  const std::vector<ChartPoint> thin = thinned(points, 10);
  EXPECT_TRUE(std::isnan(thin.back().y));
  EXPECT_EQ(thin.front().y, 1);
  EXPECT_EQ(thin.size(), 8U)
      << "the ends, one of each of 5 parts, where equal values are one extreme, and the "
         "beginning of the gap";
}

TEST(Thinning, KeepsASinglePointWithoutAPlaceAndTheExtremesOfABand) {
  std::vector<ChartPoint> points;
  for (int k = 0; k < 1000; ++k) points.push_back({.x = double(k), .y = 1, .y2 = 2});
  points[500].y = kNan, points[703].y2 = 50;
  bool gap = false;
  double most = 0;
  for (const ChartPoint& point : thinned(points, 100)) {
    gap |= std::isnan(point.y) && point.x == 500;
    most = std::max(most, point.y2);
  }
  EXPECT_TRUE(gap);
  EXPECT_EQ(most, 50);
}

}  // namespace
}  // namespace thalweg::report
