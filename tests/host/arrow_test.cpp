// Tables through the Arrow C stream interface.
#include "thalweg/arrow.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "tests/support/arrow_by_hand.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNan;

RawTable read(std::vector<ArrowByHand> columns) {
  ArrowStreamByHand stream({std::move(columns)});
  RawTable table = read_arrow(&stream.stream, "rides");
  EXPECT_EQ(stream.alive, 0);
  EXPECT_EQ(stream.stream.release, nullptr);
  return table;
}

std::string problem_of(ArrowStreamByHand& stream) {
  try {
    read_arrow(&stream.stream, "rides");
  } catch (const DataError& error) {
    EXPECT_EQ(stream.alive, 0) << "what the stream gave is released";
    EXPECT_EQ(stream.stream.release, nullptr) << "and the stream itself";
    return error.what();
  }
  return "no error";
}

std::string problem_of(ArrowByHand column) {
  ArrowStreamByHand stream({{std::move(column)}});
  return problem_of(stream);
}

TEST(Arrow, NumbersOfEveryTypeBecomeDoubles) {
  const RawTable table = read(
      {arrow_numbers<std::int8_t>("c", "c", {-128, 127}), arrow_numbers<std::uint8_t>("C", "C", {0, 255}),
       arrow_numbers<std::int16_t>("s", "s", {-32768, 5}), arrow_numbers<std::uint16_t>("S", "S", {65535, 6}),
       arrow_numbers<std::int32_t>("i", "i", {-2147483647, 7}),
       arrow_numbers<std::uint32_t>("I", "I", {4294967295u, 8}),
       arrow_numbers<std::int64_t>("l", "l", {-(std::int64_t{1} << 53), 9}),
       arrow_numbers<std::uint64_t>("L", "L", {std::uint64_t{1} << 63, 10}),
       arrow_numbers<float>("f", "f", {0.1f, -2}), arrow_numbers<double>("g", "g", {0.1, 1e300})});
  ASSERT_EQ(table.columns.size(), 10u);
  EXPECT_EQ(table.source, "rides");
  EXPECT_EQ(table.columns[0].name, "c");
  EXPECT_THAT(table.columns[0].numbers, ElementsAre(-128, 127));
  EXPECT_THAT(table.columns[1].numbers, ElementsAre(0, 255));
  EXPECT_THAT(table.columns[2].numbers, ElementsAre(-32768, 5));
  EXPECT_THAT(table.columns[3].numbers, ElementsAre(65535, 6));
  EXPECT_THAT(table.columns[4].numbers, ElementsAre(-2147483647, 7));
  EXPECT_THAT(table.columns[5].numbers, ElementsAre(4294967295.0, 8));
  EXPECT_THAT(table.columns[6].numbers, ElementsAre(-9007199254740992.0, 9));
  EXPECT_THAT(table.columns[7].numbers, ElementsAre(9223372036854775808.0, 10));
  EXPECT_THAT(table.columns[8].numbers, ElementsAre(double{0.1f}, -2));
  EXPECT_THAT(table.columns[9].numbers, ElementsAre(0.1, 1e300));
}

TEST(Arrow, HalvesHaveTheValuesOfTheirBits) {
  const RawTable table = read({arrow_numbers<std::uint16_t>(
      "h", "e", {0x3C00, 0xC000, 0x0001, 0x03FF, 0x7BFF, 0x7C00, 0xFC00, 0x7E00, 0x3555})});
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(table.columns[0].numbers, ElementsAre(1, -2, 0x1p-24, 1023 * 0x1p-24, 65504, infinity,
                                                    -infinity, IsNan(), 0.333251953125));
}

TEST(Arrow, BooleansAreZeroAndOneAndANullIsMissing) {
  ArrowByHand flags{.name = "flag", .format = "b", .length = 10};
  flags.buffers = {bits_of({1, 1, 1, 1, 1, 1, 1, 1, 1, 0}), bits_of({1, 0, 1, 0, 0, 0, 0, 0, 1, 1})};
  ArrowByHand nothing{.name = "none", .format = "n", .length = 10};
  const RawTable table =
      read({flags, nothing,
            arrow_numbers<float>("x", "f", std::vector<float>(10, 4), {0, 1, 1, 1, 1, 1, 1, 1, 0, 1})});
  EXPECT_THAT(table.columns[0].numbers, ElementsAre(1, 0, 1, 0, 0, 0, 0, 0, 1, IsNan()));
  EXPECT_THAT(table.columns[1].numbers, testing::Each(IsNan()));
  EXPECT_EQ(table.columns[1].numbers.size(), 10u);
  EXPECT_THAT(table.columns[2].numbers, ElementsAre(IsNan(), 4, 4, 4, 4, 4, 4, 4, IsNan(), 4));
}

TEST(Arrow, DecimalsAreWhatTheirTextsWouldBe) {
  const RawTable table = read({arrow_numbers<__int128>("d", "d:10,2", {12345, -7}),
                               arrow_numbers<__int128>("e", "d:10,-3,128", {2, 0}),
                               arrow_numbers<__int128>("f", "d:38,20", {__int128{1} << 70, 1})});
  EXPECT_THAT(table.columns[0].numbers, ElementsAre(123.45, -0.07));
  EXPECT_THAT(table.columns[1].numbers, ElementsAre(2000, 0));
  EXPECT_THAT(table.columns[2].numbers, ElementsAre(0x1p70 / 1e20, 1e-20));
}

TEST(Arrow, StringsComeWithOffsetsOfBothSizes) {
  const RawTable table = read(
      {arrow_texts("u", {"red", "", "grün"}, {1, 0, 1}), arrow_texts<std::int64_t>("U", {"a", "bc", ""})});
  EXPECT_THAT(table.columns[0].texts, ElementsAre("red", "", "grün"));
  EXPECT_THAT(table.columns[1].texts, ElementsAre("a", "bc", ""));
}

/// {length, prefix or text, buffer, place}, as Polars and new versions of pyarrow give them.
TEST(Arrow, StringViewsAreReadFromTheViewOrItsBuffer) {
  struct View {
    std::int32_t length;
    char prefix[4];
    std::int32_t buffer, at;
  };
  View shown{.length = 3, .prefix = {'r', 'e', 'd', 0}, .buffer = 0, .at = 0};
  View twelve{.length = 12, .prefix = {'a', 'b', 'c', 'd'}, .buffer = 0, .at = 0};
  std::memcpy(&twelve.buffer, "efgh", 4), std::memcpy(&twelve.at, "ijkl", 4);
  const View far{.length = 13, .prefix = {'t', 'h', 'e', ' '}, .buffer = 1, .at = 2};
  const std::string first = "unused", second = "--the long text";
  ArrowByHand column{.name = "v", .format = "vu", .length = 3};
  column.buffers = {{},
                    bytes_of_values(std::vector<View>{shown, twelve, far}),
                    {first.begin(), first.end()},
                    {second.begin(), second.end()},
                    bytes_of_values(std::vector<std::int64_t>{6, 15})};
  EXPECT_THAT(read({column}).columns[0].texts, ElementsAre("red", "abcdefghijkl", "the long text"));
  const View other_buffer{.length = 13, .prefix = {}, .buffer = 2, .at = 2};
  const View last_number{
      .length = 13, .prefix = {}, .buffer = std::numeric_limits<std::int32_t>::max(), .at = 2};
  const View beyond{.length = 14, .prefix = {}, .buffer = 1, .at = 2};
  const View before{.length = 13, .prefix = {}, .buffer = 1, .at = -1};
  for (const View& nowhere : {other_buffer, last_number, beyond, before}) {
    column.buffers[1] = bytes_of_values(std::vector<View>{shown, twelve, nowhere});
    EXPECT_THAT(problem_of(column), HasSubstr("column \"v\" of rides has a text that lies in no buffer"));
  }
  column.buffers[1] = bytes_of_values(std::vector<View>{shown, twelve, far});
  column.buffers.back().clear();
  EXPECT_THAT(problem_of(column), HasSubstr("column \"v\" of rides has a text that lies in no buffer"));
}

TEST(Arrow, DictionariesAreDecoded) {
  ArrowByHand city = arrow_numbers<std::int8_t>("city", "c", {1, 0, 0, 1}, {1, 1, 0, 1});
  city.dictionary = std::make_shared<ArrowByHand>(arrow_texts("", {"Oslo", "Rome"}));
  ArrowByHand size = arrow_numbers<std::uint32_t>("size", "I", {2, 2, 0, 1});
  size.dictionary = std::make_shared<ArrowByHand>(arrow_numbers<double>("", "g", {0.5, 1.5, 2.5}));
  const RawTable table = read({city, size});
  EXPECT_THAT(table.columns[0].texts, ElementsAre("Rome", "Oslo", "", "Rome"));
  EXPECT_THAT(table.columns[1].numbers, ElementsAre(2.5, 2.5, 0.5, 1.5));
  city.buffers[1] = {1, 2, 0, 0};
  EXPECT_THAT(problem_of(city), HasSubstr("column \"city\" of rides has the index 2 in a dictionary of 2"));
}

TEST(Arrow, BatchesFollowEachOtherAndOffsetsHold) {
  ArrowByHand cut = arrow_numbers<std::int32_t>("i", "i", {9, 1, 2, 9}, {1, 1, 0, 1});
  cut.offset = 1, cut.length = 2;
  ArrowStreamByHand stream({{cut}, {arrow_numbers<std::int32_t>("i", "i", {3})}});
  EXPECT_THAT(read_arrow(&stream.stream).columns[0].numbers, ElementsAre(1, IsNan(), 3));

  ArrowStreamByHand window({{arrow_texts("t", {"a", "b", "c", "d"})}});
  window.begin = 1, window.rows = 2;  // of the struct, and so of its children
  EXPECT_THAT(read_arrow(&window.stream).columns[0].texts, ElementsAre("b", "c"));
}

TEST(Arrow, ATableFromAStreamIsPreparedAsAnyOther) {
  ArrowStreamByHand stream({{arrow_numbers<float>("x", "f", {1, 3}), arrow_texts("kind", {"a", "b"}),
                             arrow_numbers<double>("y", "g", {10, 20})}});
  const Dataset data = fit_transform(read_arrow(&stream.stream), "y");
  EXPECT_EQ(data.rows, 2);
  EXPECT_THAT(data.transform.names, ElementsAre("x", "kind=a", "kind=b"));
  EXPECT_THAT(data.dense_f32, ElementsAre(-1, 1, 0, 1, 0, 1));
  EXPECT_EQ(data.source, "memory");
}

TEST(Arrow, TypesWithoutANumberAreRefusedByName) {
  const std::pair<std::string, std::string> types[] = {
      {"+l", "list"},     {"+w:3", "list"},         {"+s", "struct"},   {"z", "binary"},
      {"tdD", "date"},    {"tsu:UTC", "timestamp"}, {"ttm", "time"},    {"d:50,2,256", "decimal"},
      {"w:16", "binary"}, {"vz", "binary"},         {"+m", "map"},      {"tDs", "duration"},
      {"+r", "nested"},   {"q", "unknown"},         {"tiM", "interval"}};
  for (const auto& [format, name] : types) {
    ArrowByHand column = arrow_numbers<std::int64_t>("odd", format, {1, 2});
    EXPECT_THAT(problem_of(column), HasSubstr("column \"odd\" of rides is of the Arrow type " + name +
                                              " (\"" + format + "\"); want numbers, booleans or strings"));
  }
  ArrowByHand column = arrow_numbers<double>("odd", "g", {1});
  column.dictionary = std::make_shared<ArrowByHand>(arrow_texts("", {"a"}));
  EXPECT_THAT(problem_of(column), HasSubstr("dictionary indices of the type \"g\"; want integers"));
}

TEST(Arrow, AStreamThatFailsOrLiesIsADataError) {
  ArrowStreamByHand failing({{arrow_numbers<float>("x", "f", {1})}, {arrow_numbers<float>("x", "f", {1})}});
  failing.fails_at = 1;
  failing.error = "the connection is gone";
  EXPECT_EQ(problem_of(failing), "rides: the Arrow stream ends in an error: the connection is gone");

  ArrowStreamByHand column_alone({{arrow_numbers<float>("x", "f", {1})}});
  column_alone.format = "g";
  EXPECT_EQ(problem_of(column_alone), "rides is an Arrow stream of the type \"g\"; want record batches");

  ArrowStreamByHand fewer({{arrow_numbers<float>("x", "f", {1}), arrow_numbers<float>("y", "f", {1})},
                           {arrow_numbers<float>("x", "f", {1})}});
  EXPECT_EQ(problem_of(fewer), "rides: an Arrow batch has 1 columns, the schema 2");

  ArrowStreamByHand shorter({{arrow_numbers<float>("x", "f", {1, 2})}});
  shorter.rows = 3;
  EXPECT_EQ(problem_of(shorter), "column \"x\" of rides has 2 values from 0 in a batch of 3 rows");

  ArrowByHand descending = arrow_texts("t", {"ab", "c"});
  descending.buffers[1] = bytes_of_values(std::vector<std::int32_t>{0, 2, 1});
  EXPECT_EQ(problem_of(descending), "column \"t\" of rides has offsets that descend");

  ArrowByHand hollow = arrow_numbers<float>("x", "f", {1, 2});
  hollow.buffers[1].clear();
  EXPECT_THAT(problem_of(hollow), HasSubstr("column \"x\" of rides is not an Arrow array of the type \"f\""));

  ArrowByHand wordless = arrow_texts("t", {"ab"});
  wordless.buffers[2].clear();
  ArrowStreamByHand lost({{wordless}});
  lost.no_bytes = true;
  EXPECT_EQ(problem_of(lost), "column \"t\" of rides has texts without their bytes");

  ArrowStreamByHand childless({{arrow_numbers<float>("x", "f", {1})}});
  childless.no_children = true;
  EXPECT_EQ(problem_of(childless), "rides: an Arrow stream without its 1 columns");

  ArrowStreamByHand nameless({{arrow_numbers<float>("x", "f", {1})}});
  nameless.no_format = true;
  EXPECT_EQ(problem_of(nameless), "rides is an Arrow stream of the type \"\"; want record batches");

  ArrowByHand far = arrow_numbers<float>("x", "f", {1, 2});
  far.offset = std::numeric_limits<std::int64_t>::max() - 1;
  EXPECT_THAT(problem_of(far), HasSubstr("column \"x\" of rides has 2 values from 0 in a batch of 2 rows"));
  EXPECT_THAT(problem_of(arrow_numbers<__int128>("d", "d:10,-2147483649", {1})),
              HasSubstr("is of the Arrow type decimal"));

  ArrowArrayStream released{};
  EXPECT_THROW(read_arrow(&released), UsageError);
  EXPECT_THROW(read_arrow(nullptr), UsageError);
}

}  // namespace
}  // namespace thalweg
