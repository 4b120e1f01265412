// What the text readers take for numbers, integers and missing values, and how messages show a value.
#include "host/data/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace thalweg {
namespace {

TEST(ParseNumber, TakesASignBlanksAndAnExponent) {
  for (const char* text : {"2.5", "+2.5", " 2.5", "2.5\t", "\r2.5 ", "25e-1", "0.25E+1", "2.50", "2.5e0"}) {
    double value = 0;
    EXPECT_EQ(parse_number(text, value), ParsedNumber::ok) << text;
    EXPECT_EQ(value, 2.5) << text;
  }
  float value = 0;
  EXPECT_EQ(parse_number("-.5", value), ParsedNumber::ok);
  EXPECT_EQ(value, -0.5f);
}

TEST(ParseNumber, RefusesWhatIsNoNumber) {
  for (const char* text : {"", " ", "+", "-", "+-1", "--1", "++1", "1x", "x1", "1 2", "1,5", "0x10", "1e",
                           "e1", "1.5.2", "\n1"}) {
    double value = 7;
    EXPECT_EQ(parse_number(text, value), ParsedNumber::not_a_number) << text;
    EXPECT_FALSE(is_number(text)) << text;
  }
}

TEST(ParseNumber, WhatIsTooLargeOrNoFiniteNumberIsNotFinite) {
  for (const char* text : {"inf", "-inf", "+inf", "nan", "infinity", "1e309", "-1e309"}) {
    double value = 7;
    EXPECT_EQ(parse_number(text, value), ParsedNumber::not_finite) << text;
    EXPECT_FALSE(is_number(text)) << text;
  }
  float value = 7;
  EXPECT_EQ(parse_number("3.5e38", value), ParsedNumber::not_finite);
  EXPECT_EQ(parse_number("3.4e38", value), ParsedNumber::ok);
  EXPECT_EQ(value, 3.4e38f);
}

TEST(ParseNumber, WhatIsTooSmallIsZeroOfItsSign) {
  float value = 7;
  EXPECT_EQ(parse_number("-1e-60", value), ParsedNumber::ok);
  EXPECT_TRUE(value == 0 && std::signbit(value));
  EXPECT_EQ(parse_number("+1e-400", value), ParsedNumber::ok);
  EXPECT_TRUE(value == 0 && !std::signbit(value));
}

TEST(ParseInteger, TakesAllOfTheTextAsAWholeNumberOf64Bits) {
  std::int64_t value = 0;
  for (const char* text : {"42", "+42", " 42 ", "042", "\t42\r"}) {
    value = 0;
    EXPECT_TRUE(parse_integer(text, value)) << text;
    EXPECT_EQ(value, 42) << text;
  }
  EXPECT_TRUE(parse_integer("-9223372036854775808", value));
  EXPECT_EQ(value, std::numeric_limits<std::int64_t>::min());
  for (const char* text : {"", "+", "-", "+-1", "1.0", "1e3", "4 2", "42x", "9223372036854775808"})
    EXPECT_FALSE(parse_integer(text, value)) << text;
}

TEST(ParseNumber, TakesNoBreakSpacesAroundANumber) {
  float value = 0;
  for (const char* text : {"\xC2\xA0"
                           "-2.5",
                           "-2.5\xE2\x80\xAF", " \xC2\xA0-2.5 \xC2\xA0", "\xEF\xBB\xBF-2.5"}) {
    value = 0;
    EXPECT_EQ(parse_number(text, value), ParsedNumber::ok) << text;
    EXPECT_EQ(value, -2.5f) << text;
  }
  EXPECT_EQ(parse_number("2\xC2\xA0"
                         "5",
                         value),
            ParsedNumber::not_a_number);
  EXPECT_EQ(parse_number("\xC2\xA0", value), ParsedNumber::not_a_number);
}

TEST(Trimmed, TakesBlanksOffBothEndsAndLeavesTheRest) {
  EXPECT_EQ(trimmed(" \t a b \r"), "a b");
  EXPECT_EQ(trimmed("ab"), "ab");
  EXPECT_EQ(trimmed(" \t\r"), "");
  EXPECT_EQ(trimmed("\na\n"), "\na\n") << "a line end is no blank";
  EXPECT_EQ(trimmed("\xC2\xA0 a\xC2\xA0"
                    "b\xE2\x80\xAF\t\xE2\x80\x89"),
            "a\xC2\xA0"
            "b");
  EXPECT_EQ(trimmed("\xEF\xBB\xBF\xC2\xA0"), "");
  EXPECT_EQ(trimmed("\xC3\xA0"), "\xC3\xA0") << "a letter";
}

TEST(Shown, QuotesAValueAndShowsItsControlCharacters) {
  EXPECT_EQ(shown("a b"), "\"a b\"");
  EXPECT_EQ(shown(""), "\"\"");
  EXPECT_EQ(shown(std::string_view("\0\t\x1f \x7f~", 6)), "\"\\x00\\x09\\x1f \\x7f~\"");
  EXPECT_EQ(shown("\xC3\xA9"), "\"\xC3\xA9\"");
}

TEST(Shown, FortyCharactersAreShownAndMoreAreCut) {
  const std::string forty(40, 'x');
  EXPECT_EQ(shown(forty), '"' + forty + '"');
  EXPECT_EQ(shown(forty + "y"), '"' + forty + "...\"");
}

TEST(TextCodes, CountFromZeroInTheOrderOfFirstAppearance) {
  TextCodes codes;
  EXPECT_EQ(codes.find("b"), -1);
  EXPECT_EQ(codes.code("b"), 0);
  EXPECT_EQ(codes.code("a"), 1);
  EXPECT_EQ(codes.code("a"), 1);
  EXPECT_EQ(codes.code("b"), 0);
  EXPECT_EQ(codes.code(""), 2);
  EXPECT_EQ(codes.find("a"), 1);
  EXPECT_EQ(codes.find(""), 2);
  EXPECT_EQ(codes.find("c"), -1);
  EXPECT_EQ(codes.texts(), (std::vector<std::string>{"b", "a", ""}));
}

}  // namespace
}  // namespace thalweg
