#include "host/config/byte_size.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "host/config/text_form.hpp"

namespace thalweg {
namespace {

TEST(ByteSize, UnitsArePowersOf1000OrOf1024) {
  const std::pair<const char*, std::int64_t> sizes[] = {{"1000", 1000},
                                                        {"7B", 7},
                                                        {"64k", 64'000},
                                                        {"64kB", 64'000},
                                                        {"64KiB", 65'536},
                                                        {"512m", 512'000'000},
                                                        {"512MB", 512'000'000},
                                                        {"512MiB", 536'870'912},
                                                        {"2G", 2'000'000'000},
                                                        {"2GB", 2'000'000'000},
                                                        {"2GiB", 2'147'483'648},
                                                        {"1t", 1'000'000'000'000},
                                                        {"1TB", 1'000'000'000'000},
                                                        {"1TiB", 1'099'511'627'776}};
  for (const auto& [text, bytes] : sizes) EXPECT_EQ(bytes_from(text), bytes) << text;
}

TEST(ByteSize, MayHaveAFractionABlankAndEitherCase) {
  EXPECT_EQ(bytes_from("1.5 GB"), 1'500'000'000);
  EXPECT_EQ(bytes_from("1.5gib"), 1'610'612'736);
  EXPECT_EQ(bytes_from("0.5KIB"), 512);
  EXPECT_EQ(bytes_from("1e3"), 1000);
  EXPECT_EQ(bytes_from("1.9"), 1) << "bytes are whole";
}

TEST(ByteSize, OtherTextsAreNone) {
  for (const char* text : {"",          " ",    "B",    "GB",   "x",   "1x",    "1 0",
                           "1  GB",     "1GB ", " 1GB", "1GBB", "GB1", "-1",    "-1GB",
                           "0",         "0.9",  "0GB",  "nan",  "inf", "1e300", "4611686018427387904",
                           "5000000TB", "0x10"})
    EXPECT_EQ(bytes_from(text), std::nullopt) << text;
  EXPECT_EQ(bytes_from("4611686018427387000"), 4611686018427386880) << "what a double holds below 2^62";
}

TEST(ByteSize, IsAFormOfSettings) {
  for (const char* good : {"auto", "512MB", "1"}) EXPECT_TRUE(has_form(TextForm::size, good)) << good;
  for (const char* bad : {"", "Auto", "lots", "0"}) EXPECT_FALSE(has_form(TextForm::size, bad)) << bad;
  EXPECT_EQ(wanted_text(TextForm::size), "auto or bytes, such as 512MB or 2GiB");
}

}  // namespace
}  // namespace thalweg
