// Event files to the byte: messages of Protocol Buffers, their framing, and what they hold.
#include "host/report/event_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "host/report/hparams.hpp"
#include "tests/support/event_reader.hpp"

namespace thalweg {
namespace {

using events::Summary;
using testing::ElementsAre;
using wire::Writer;

/// Bytes from pairs of hexadecimal digits.
std::string bytes(const std::string& digits) {
  std::string text;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    text += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return text;
}

TEST(Wire, WritesTheBytesThatTheEncodingGuideShows) {
  EXPECT_EQ(Writer().integer(1, 150).text(), bytes("089601"));
  EXPECT_EQ(Writer().bytes(2, "testing").text(), bytes("120774657374696e67"));
  EXPECT_EQ(Writer().message(3, Writer().integer(1, 150)).text(), bytes("1a03089601"));
  EXPECT_EQ(Writer().integer(1, -2).text(), bytes("08feffffffffffffffff01"));
  EXPECT_EQ(Writer().integer(16, 0).integer(1, 127).integer(1, 128).text(), bytes("800100087f088001"));
  EXPECT_EQ(Writer().float32(2, 1.0f).text(), bytes("150000803f"));
  EXPECT_EQ(Writer().float64(1, -2.5).text(), bytes("0900000000000004c0"));
  EXPECT_EQ(Writer().float64s(6, std::vector<double>{1, 2}).text(),
            bytes("3210000000000000f03f0000000000000040"));
  EXPECT_EQ(Writer().head(7, 300).text(), bytes("3aac02"));
}

TEST(Wire, ReadsTheFieldsOneAfterTheOther) {
  const std::string message = bytes("089601120774657374696e67150000803f0900000000000004c0");
  std::string_view rest = message;
  const auto first = wire::next_field(rest), second = wire::next_field(rest), third = wire::next_field(rest),
             fourth = wire::next_field(rest);
  EXPECT_EQ(first->number, 1);
  EXPECT_EQ(first->integer, 150u);
  EXPECT_EQ(second->number, 2);
  EXPECT_EQ(second->bytes, "testing");
  EXPECT_EQ(third->integer, 0x3f800000u);
  EXPECT_EQ(fourth->integer, 0xc004000000000000u);
  EXPECT_TRUE(rest.empty());
  EXPECT_FALSE(wire::next_field(rest));
}

TEST(Wire, ReadsANegativeInteger) {
  const std::string message = Writer().integer(1, -2).text();
  std::string_view rest = message;
  EXPECT_EQ(static_cast<std::int64_t>(wire::next_field(rest)->integer), -2);
  EXPECT_TRUE(rest.empty());
}

TEST(Wire, ADamagedMessageEndsWhereTheDamageIs) {
  for (const char* const damaged :
       {"08", "0896", "12077465", "150000", "09000000", "0b", "08ffffffffffffffffffff01"}) {
    const std::string message = bytes(damaged);
    std::string_view rest = message;
    EXPECT_FALSE(wire::next_field(rest)) << damaged;
  }
}

TEST(EventFile, TheChecksumIsCrc32cMasked) {
  // crc32c("123456789") = 0xe3069283, the check value of the polynomial
  EXPECT_EQ(events::masked_crc32c("123456789"), 0xc78ab0e5u);
}

TEST(EventFile, ARecordStandsBetweenItsLengthAndItsChecksums) {
  EXPECT_EQ(events::framed("abc"), bytes("0300000000000000b099490e6162636e57f121"));
  EXPECT_EQ(events::framed(""), bytes("000000000000000029039807d8ea82a2"));
}

TEST(EventFile, IsReadToItsLastWholeRecordWhereverItIsCutOff) {
  const std::string first = events::framed("first"), second = events::framed(""), all = first + second;
  for (std::size_t size = 0; size <= all.size(); ++size) {
    const std::string cut = all.substr(0, size);
    const auto records = events::records_of(cut);
    EXPECT_EQ(records.size(), size < first.size() ? 0u : size < all.size() ? 1u : 2u) << size;
    if (!records.empty()) {
      EXPECT_EQ(records[0], "first");
    }
  }
}

TEST(EventFile, IsReadNoFurtherThanAByteThatIsDamaged) {
  const std::string first = events::framed("first"), all = first + events::framed("second");
  for (std::size_t at = 0; at < all.size(); ++at) {
    std::string damaged = all;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_EQ(events::records_of(damaged).size(), at < first.size() ? 0u : 1u) << at;
  }
}

TEST(EventFile, AnEventHasItsTimeStepAndValues) {
  Summary summary;
  summary.add_scalar("a/b", 0.5);
  EXPECT_EQ(events::event(1.5, 7, summary), bytes("09000000000000f83f10072a0c0a0a0a03612f62150000003f"));
  EXPECT_EQ(events::version_event(1.5), bytes("09000000000000f83f1a0d627261696e2e4576656e743a32"));
  EXPECT_NEAR(events::wall_time(), static_cast<double>(std::time(nullptr)), 2);
}

TEST(EventFile, TheHeadOfAnEventIsItsStepAndItsFirstTag) {
  Summary summary;
  summary.add_scalar("first", 1);
  summary.add_scalar("second", 2);
  const std::string event = events::event(1.5, 300, summary), version = events::version_event(1.5);
  EXPECT_EQ(events::head_of(event).step, 300);
  EXPECT_EQ(events::head_of(event).tag, "first");
  EXPECT_EQ(events::head_of(version).step, 0);
  EXPECT_EQ(events::head_of(version).tag, "");
}

test::EventHistogram histogram_of(const std::vector<float>& values) {
  Summary summary;
  summary.add_histogram("h", values);
  return test::decoded_event(events::event(1, 1, summary)).histograms.at("h");
}

TEST(EventFile, AHistogramHasThirtyBinsAndTheMoments) {
  std::vector<float> values{0, 0.875f, 1, 30, 29, INFINITY, NAN};
  const test::EventHistogram histogram = histogram_of(values);
  EXPECT_THAT(histogram.moments, ElementsAre(0, 30, 5, 60.875, 1742.765625));
  ASSERT_EQ(histogram.limits.size(), 30u);
  EXPECT_EQ(histogram.limits[0], 1);
  EXPECT_EQ(histogram.limits[28], 29);
  EXPECT_EQ(histogram.limits[29], 30);
  std::vector<double> counts(30);
  counts[0] = 2, counts[1] = 1, counts[29] = 2;
  EXPECT_EQ(histogram.counts, counts);
}

TEST(EventFile, AHistogramOfOneValueHasOneBin) {
  const test::EventHistogram same = histogram_of({-2, -2}), none = histogram_of({NAN});
  EXPECT_THAT(same.moments, ElementsAre(-2, -2, 2, -4, 8));
  EXPECT_THAT(same.limits, ElementsAre(-2));
  EXPECT_THAT(same.counts, ElementsAre(2));
  EXPECT_THAT(none.moments, ElementsAre(0, 0, 0, 0, 0));
  EXPECT_THAT(none.counts, ElementsAre(0));
}

TEST(EventFile, TheEndOfARunIsDataOfThePluginHparams) {
  Summary end;
  events::add_session_end(1.5, end);
  // As the classes of the package tensorboard write it, but for the version 0, which they leave out.
  EXPECT_EQ(
      end.message().text(),
      bytes("0a3a0a1a5f68706172616d735f2f73657373696f6e5f656e645f696e666f4a1c0a1a0a0768706172616d73120f0800"
            "220b080111000000000000f83f"));
}

TEST(EventFile, TheSettingsThatWereGivenAreHparams) {
  Config given;
  set_config_value(given, "optimizer.lr", "0.25");
  set_config_value(given, "train.batch_size", "64");
  set_config_value(given, "train.shuffle", "false");
  set_config_value(given, "optimizer.name", "sgd");
  set_config_value(given, "model.hidden", "8,4");
  set_config_value(given, "data.train", "rows.csv");
  Summary start;
  events::add_session_start(given, start);
  const test::Event event = test::decoded_event(events::event(1, 0, start));
  EXPECT_EQ(event.settings, (std::map<std::string, std::string>{{"data.train", "text rows.csv"},
                                                                {"model.hidden", "text [8, 4]"},
                                                                {"optimizer.lr", "number 0.25"},
                                                                {"optimizer.name", "text sgd"},
                                                                {"train.batch_size", "number 64"},
                                                                {"train.shuffle", "flag 0"}}));
  EXPECT_EQ(events::head_of(events::event(1, 0, start)).tag, "_hparams_/session_start_info");
}

}  // namespace
}  // namespace thalweg
