// The values of settings, from text and back to TOML.
#include "host/config/values.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <optional>

#include "host/config/config_text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using Texts = std::vector<std::string>;
using Integers = std::vector<std::int64_t>;

template <class T>
std::optional<T> read(std::string_view text) {
  T value{};
  if (!value_from_text(text, value)) return std::nullopt;
  return value;
}

TEST(ConfigValues, NumbersMayHaveASignAndBlanksAroundThem) {
  for (const char* text : {"5", "+5", " 5", "5\t", "\r\n5 "}) {
    EXPECT_EQ(read<std::int64_t>(text), 5) << text;
    EXPECT_EQ(read<double>(text), 5.0) << text;
  }
  EXPECT_EQ(read<std::int64_t>("-5"), -5);
  EXPECT_EQ(read<double>("-.5e1"), -5.0);
  EXPECT_EQ(read<double>("inf"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(read<std::int64_t>("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"", " ", "+", "-", "+-5", "++5", "5x", "5 5", "0x5"}) {
    EXPECT_EQ(read<std::int64_t>(text), std::nullopt) << text;
    EXPECT_EQ(read<double>(text), std::nullopt) << text;
  }
  EXPECT_EQ(read<std::int64_t>("5.0"), std::nullopt);
  EXPECT_EQ(read<std::int64_t>("9223372036854775808"), std::nullopt);
}

TEST(ConfigValues, AListMayHaveBracketsQuotesAndACommaAtItsEnd) {
  for (const char* text : {"1,2", "[1,2]", "(1,2)", " [ 1 , 2 ] ", "[1,2,]", "1,2,", "\"1\",'2'"})
    EXPECT_EQ(read<Integers>(text), (Integers{1, 2})) << text;
  for (const char* text : {"", " ", "[]", "()", "[ ]"}) EXPECT_EQ(read<Integers>(text), Integers{}) << text;
  EXPECT_EQ(read<Texts>("a b, c"), (Texts{"a b", "c"}));
  EXPECT_EQ(read<Texts>("\"a, b\", ' c '"), (Texts{"a, b", " c "}));
  EXPECT_EQ(read<Texts>("\"\""), (Texts{""}));
  EXPECT_EQ(read<Texts>("a\"b"), (Texts{"a\"b"}));
  for (const char* text :
       {"[1,2", "(1,2", "[1,2)", "(1,2]", "[", "(", "1,,2", ",1", "[,]", "\"1", "\"1\"2", "'1\""})
    EXPECT_EQ(read<Texts>(text), std::nullopt) << text;
  EXPECT_EQ(read<Integers>("1,x"), std::nullopt);
  EXPECT_EQ(read<Texts>("a,\xff"), std::nullopt);
}

TEST(ConfigValues, ATextThatCannotBeReadLeavesTheValueAsItWas) {
  std::int64_t whole = 7;
  EXPECT_FALSE(value_from_text("x", whole));
  EXPECT_EQ(whole, 7);
  bool flag = true;
  EXPECT_FALSE(value_from_text("nope", flag));
  EXPECT_TRUE(flag);
  Integers list{7};
  EXPECT_FALSE(value_from_text("1,x", list));
  EXPECT_EQ(list, (Integers{7}));
  std::string text = "7";
  EXPECT_FALSE(value_from_text("\xff", text));
  EXPECT_EQ(text, "7");
}

TEST(ConfigValues, TomlEscapesQuotesBackslashesAndControlCharacters) {
  EXPECT_EQ(value_to_toml(std::string("a\"b\\c")), R"("a\"b\\c")");
  EXPECT_EQ(value_to_toml(std::string("\x01\n\t\x1f\x20\x7e\x7f")),
            "\"\\u0001\\u000a\\u0009\\u001f ~\\u007f\"");
  EXPECT_EQ(value_to_toml(std::string("\xc3\xa9")), "\"\xc3\xa9\"");
  EXPECT_EQ(value_to_toml(std::string()), "\"\"");
  EXPECT_EQ(value_to_toml(Texts{"a", "b\""}), R"(["a", "b\""])");
}

TEST(ConfigValues, TomlTellsNumbersFromIntegers) {
  EXPECT_EQ(value_to_toml(1.0), "1.0");
  EXPECT_EQ(value_to_toml(-0.0), "-0.0");
  EXPECT_EQ(value_to_toml(0.1), "0.1");
  EXPECT_EQ(value_to_toml(1e300), "1e+300");
  EXPECT_EQ(value_to_toml(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(value_to_toml(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(value_to_toml(std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(value_to_toml(std::int64_t{-1}), "-1");
  EXPECT_EQ(value_to_toml(true), "true");
  EXPECT_EQ(value_to_toml(false), "false");
  EXPECT_EQ(value_to_toml(Integers{}), "[]");
  EXPECT_EQ(value_to_toml(Integers{1, -2}), "[1, -2]");
}

/// The first and the last character of each length, and the neighbours of what RFC 3629 leaves out.
TEST(ConfigValues, Utf8EndsWhereUnicodeDoes) {
  for (const char* good : {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xec\xbf\xbf", "\xed\x80\x80",
                           "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
                           "\xf3\xbf\xbf\xbf", "\xf4\x80\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa9z"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x7f", "\xc2\xc0", "\xe0\x9f\xbf", "\xe0\xa0",
        "\xe1\x80\x7f", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80",
        "\xf1\x80\x80\xc0", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(ConfigValues, ATildeAtTheBeginOfAPathIsTheHomeFolder) {
  const char* const home = std::getenv("HOME");
  const std::string before = home == nullptr ? "" : home;
  setenv("HOME", "/home/me", 1);
  Config c;
  set_config_value(c, "out", "~/run");
  EXPECT_EQ(c.out, "/home/me/run");
  for (const char* key : {"data.train", "data.validation", "data.test", "data.target", "data.test_target",
                          "data.validation_target", "data.weight", "model.init", "checkpoint.resume"})
    set_config_value(c, key, "~/x");
  for (const std::string& value :
       {c.data.train, c.data.validation, c.data.test, c.data.target, c.data.test_target,
        c.data.validation_target, c.data.weight, c.model.init, c.checkpoint.resume})
    EXPECT_EQ(value, "/home/me/x");
  read_config_text("out = \"~\"", "c.toml", c);
  EXPECT_EQ(c.out, "/home/me");
  set_config_value(c, "data.target", "~price");
  EXPECT_EQ(c.data.target, "~price") << "the name of a column";
  EXPECT_THROW(set_config_value(c, "out", "~you/run"), ConfigError);
  unsetenv("HOME");
  EXPECT_THROW(set_config_value(c, "out", "~/run"), ConfigError);
  set_config_value(c, "data.comment", "~");
  EXPECT_EQ(c.data.comment, "~") << "no path";
  setenv("HOME", before.c_str(), 1);
}

}  // namespace
}  // namespace thalweg
