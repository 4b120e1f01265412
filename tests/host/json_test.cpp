#include "host/json/json.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace thalweg {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_json(text);
  } catch (const JsonError& error) {
    return error.what();
  }
  return "";
}

TEST(Json, WritesWhatNlohmannWrites) {
  Json ours;
  nlohmann::ordered_json theirs;
  const auto put = [&](const char* key, const auto& value) {
    ours[key] = value;
    theirs[key] = value;
  };
  put("text", std::string("a\"\\\n\t\x01 \xc3\xa9"));
  put("yes", true);
  put("small", std::numeric_limits<std::int64_t>::min());
  put("large", std::numeric_limits<std::uint64_t>::max());
  put("reals", std::vector<double>{0.1, -0.0, 1e300, 1e15, 1e16, 5e-324, 3.0});
  put("floats", std::vector<float>{0.1F, 1e-45F});
  put("not a number", std::numeric_limits<double>::quiet_NaN());
  put("lists", std::vector<std::vector<std::string>>{{}, {"a", "b"}});
  put("none", nullptr);
  EXPECT_EQ(ours.dump(), theirs.dump());
  EXPECT_EQ(ours.dump(2), theirs.dump(2));
  EXPECT_EQ(ours.dump(0), theirs.dump(0));
  EXPECT_EQ(parse_json(theirs.dump(2)).dump(), theirs.dump());
  EXPECT_EQ(Json(Json::Object()).dump(2), "{}");
}

TEST(Json, ReadsEachKindAndRefusesTheOthers) {
  const Json json = parse_json(R"({"n": -3, "u": 7, "x": 0.5, "t": "s", "b": true, "l": [1, 2], "o": {}})");
  EXPECT_EQ(json.at("n").get<std::int64_t>(), -3);
  EXPECT_EQ(json.at("u").get<std::uint64_t>(), 7u);
  EXPECT_EQ(json.at("u").get<double>(), 7.0);
  EXPECT_EQ(json.at("x").get<float>(), 0.5F);
  EXPECT_EQ(json.at("t").get<std::string>(), "s");
  EXPECT_TRUE(json.at("b").get<bool>());
  EXPECT_EQ(json.at("l").get<std::vector<int>>(), (std::vector<int>{1, 2}));
  EXPECT_TRUE(json.at("o").object().empty());
  EXPECT_EQ(json.find("none"), nullptr);
  EXPECT_EQ(json.at("l").find("n"), nullptr) << "a list has no keys";
  EXPECT_THROW(json.at("none"), JsonError);
  EXPECT_THROW(json.at("n").get<std::uint64_t>(), JsonError);
  EXPECT_THROW(json.at("x").get<int>(), JsonError);
  EXPECT_THROW(json.at("t").get<double>(), JsonError);
  EXPECT_THROW(json.at("u").get<std::string>(), JsonError);
  EXPECT_THROW(json.at("u").get<bool>(), JsonError);
  EXPECT_THROW(json.at("o").array(), JsonError);
  EXPECT_THROW(json.at("l").object(), JsonError);
  EXPECT_THROW(Json(300).get<std::int8_t>(), JsonError);
}

TEST(Json, AnotherKindThanIsWantedIsNamedAfterIt) {
  const Json json = parse_json("{\"list\":[1]}");
  const auto words = [&](const auto& read) -> std::string {
    try {
      read();
    } catch (const JsonError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(words([&] { static_cast<void>(json.at("list").object()); }), "wanted an object, got [1]");
}

TEST(Json, RefusesWhatReadersDifferOn) {
  EXPECT_NE(refusal(R"({"a": 1, "b": 2, "a": 3})"), "");
  EXPECT_EQ(refusal(R"({"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]})"), "");
  EXPECT_EQ(refusal(std::string(64, '[') + std::string(64, ']')), "");
  EXPECT_NE(refusal(std::string(65, '[') + std::string(65, ']')), "");
  for (const char* text : {"", "{", "[1,]", "{\"a\"}", "nan", "1 2", "\"\xff\"", "1e999"}) {
    EXPECT_NE(refusal(text), "") << text;
  }
  EXPECT_THROW(static_cast<void>(Json("\xff").dump()), JsonError);
}

}  // namespace
}  // namespace thalweg
