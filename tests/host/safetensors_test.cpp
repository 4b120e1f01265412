#include "host/checkpoint/safetensors.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

std::string with_length(const std::string& header, const std::string& data = "") {
  std::string bytes(8, '\0');
  for (int i = 0; i < 8; ++i)
    bytes[static_cast<std::size_t>(i)] = static_cast<char>(std::uint64_t{header.size()} >> (8 * i));
  return bytes + header + data;
}

std::string error_of(const std::string& bytes) {
  try {
    parse_safetensors(bytes, "x.safetensors");
  } catch (const DataError& error) {
    return error.what();
  }
  return "(accepted)";
}

testing::AssertionResult refused(const std::string& bytes, const std::string& because) {
  const std::string message = error_of(bytes);
  if (message.find(because) != std::string::npos && message.starts_with("x.safetensors: ")) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << message << " (wanted: " << because << ")";
}

/// What the Python package safetensors 0.8.0 writes for
/// save({"b": float32 [[1,2,3],[4,5,-6]], "a": int64 [7,-8], "u": uint8 [1,2,255], "s": float64 0.5,
///       "e": float32 [0,4]}, metadata={"k": "v\u00e9"})
std::string recorded() {
  const std::string header =
      "{\"__metadata__\":{\"k\":\"v\xc3\xa9\"},\"a\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]"
      "},"
      "\"s\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[16,24]},\"b\":{\"dtype\":\"F32\",\"shape\":[2,"
      "3],"
      "\"data_offsets\":[24,48]},\"e\":{\"dtype\":\"F32\",\"shape\":[0,4],\"data_offsets\":[48,48]},\"u\":{"
      "\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[48,51]}}";
  const char data[] =
      "\x07\0\0\0\0\0\0\0\xf8\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\xe0?\0\0\x80?\0\0\0@\0\0@@\0\0\x80@"
      "\0\0\xa0@"
      "\0\0\xc0\xc0\x01\x02\xff";
  return with_length(header, std::string(data, sizeof data - 1));
}

template <class T>
std::vector<T> values(const SafetensorsTensor& tensor) {
  std::vector<T> result(tensor.data.size() / sizeof(T));
  if (!result.empty()) std::memcpy(result.data(), tensor.data.data(), tensor.data.size());
  return result;
}

TEST(Safetensors, ReadsWhatThePythonPackageWrote) {
  const std::string bytes = recorded();
  const SafetensorsFile file = parse_safetensors(bytes, "x");
  EXPECT_EQ(file.metadata, (SafetensorsMetadata{{"k", "v\xc3\xa9"}}));
  ASSERT_EQ(file.tensors.size(), 5u);
  EXPECT_EQ(file.tensors[0].name, "a");
  EXPECT_EQ(values<std::int64_t>(file.tensors[0]), (std::vector<std::int64_t>{7, -8}));
  EXPECT_EQ(file.tensors[1].shape, std::vector<std::int64_t>{});
  EXPECT_EQ(values<double>(file.tensors[1]), std::vector<double>{0.5});
  EXPECT_EQ(file.tensors[2].shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(values<float>(file.tensors[2]), (std::vector<float>{1, 2, 3, 4, 5, -6}));
  EXPECT_EQ(file.tensors[3].shape, (std::vector<std::int64_t>{0, 4}));
  EXPECT_EQ(file.tensors[4].dtype, "U8");
  EXPECT_EQ(values<std::uint8_t>(file.tensors[4]), (std::vector<std::uint8_t>{1, 2, 255}));
}

TEST(Safetensors, WritesTheSameBytesAsThePythonPackage) {
  const std::string bytes = recorded();
  const SafetensorsFile file = parse_safetensors(bytes, "x");
  EXPECT_EQ(safetensors_header(file.metadata, file.tensors), bytes.substr(0, bytes.size() - 51));
}

TEST(Safetensors, TheHeaderIsPaddedToEight) {
  for (int length = 1; length < 20; ++length) {
    const std::string name(static_cast<std::size_t>(length), 'n');
    const std::string head = safetensors_header({}, {{name, "U8", {2}, "ab"}});
    EXPECT_EQ(head.size() % 8, 0u);
    const std::string bytes = head + "ab";
    EXPECT_EQ(parse_safetensors(bytes, "x").tensors.at(0).name, name);
  }
}

TEST(Safetensors, AByteOfTheDataThatComeLaterLiesWhereItIsWanted) {
  for (const std::int64_t rows : {1, 3, 1000, 5000}) {
    const auto before = static_cast<std::uint64_t>(4 * rows);
    const std::string head =
        safetensors_header({}, {{"y", "F32", {rows}}, {"x", "U8", {rows, 3}}}, 4096, before);
    EXPECT_EQ((head.size() + before) % 4096, 0u);
    const std::string bytes = head + std::string(static_cast<std::size_t>(7 * rows), 'x');
    const SafetensorsFile file = parse_safetensors(bytes, "x");
    EXPECT_EQ(file.tensors.at(1).shape, (std::vector<std::int64_t>{rows, 3}));
    EXPECT_EQ(file.tensors.at(1).data.data() - bytes.data(), std::ssize(head) + 4 * rows);
  }
}

TEST(Safetensors, NamesAndMetadataSurviveEveryCharacter) {
  const std::string odd = "\"\\\n\x01 \xf0\x9f\x8c\x8a{}[]:,";
  const std::string bytes = safetensors_header({{odd, odd}}, {{odd, "U8", {1}, "x"}}) + "x";
  const SafetensorsFile file = parse_safetensors(bytes, "x");
  EXPECT_EQ(file.metadata.at(odd), odd);
  EXPECT_EQ(file.tensors.at(0).name, odd);
}

TEST(Safetensors, TheWriterRefusesWhatTheReaderWould) {
  EXPECT_THROW(safetensors_header({}, {{"a", "F32", {2}, "1234"}}), InternalError);
  EXPECT_THROW(safetensors_header({}, {{"a", "U8", {1}, "1"}, {"a", "U8", {1}, "1"}}), InternalError);
  EXPECT_THROW(safetensors_header({}, {{"__metadata__", "U8", {1}, "1"}}), InternalError);
  EXPECT_THROW(safetensors_header({}, {{"\xff", "U8", {1}, "1"}}), InternalError);
  EXPECT_THROW(safetensors_header({}, {{"a", "F4", {2}, "1"}}), InternalError);
}

std::string tensor(const std::string& fields) { return "{\"a\":{" + fields + "}}"; }

TEST(Safetensors, RefusesAHeaderThatDoesNotFit) {
  EXPECT_TRUE(refused("", "0 bytes"));
  EXPECT_TRUE(refused("1234567", "7 bytes"));
  EXPECT_TRUE(refused(std::string(8, '\0'), "does not begin"));
  EXPECT_TRUE(refused(std::string("\x03\0\0\0\0\0\0\0{}", 10), "a header of 3 bytes in a file of 10"));
  EXPECT_TRUE(refused(std::string(8, '\xff') + "{}", "allowed are 100000000"));
  EXPECT_TRUE(refused(std::string("\x01\xe1\xf5\x05\0\0\0\0{}", 10), "a header of 100000001 bytes"));
  EXPECT_TRUE(refused(with_length(" {}"), "does not begin"));
  EXPECT_TRUE(refused(with_length("[]"), "does not begin"));
}

TEST(Safetensors, RefusesJsonThatIsNoHeader) {
  EXPECT_TRUE(refused(with_length("{"), "parse error"));
  EXPECT_TRUE(refused(with_length("{} x"), "parse error"));
  EXPECT_TRUE(refused(with_length(std::string("{}\0", 3)), "NUL"));
  EXPECT_TRUE(refused(with_length("{\"\xff\":1}"), "UTF-8"));
  EXPECT_TRUE(refused(with_length("{\"a\":1}"), "is not an object"));
  EXPECT_TRUE(refused(with_length("{\"__metadata__\":1}"), "not an object"));
  EXPECT_TRUE(refused(with_length("{\"__metadata__\":{\"k\":1}}"), "is not a string"));
  EXPECT_TRUE(refused(with_length("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}"), "\"k\" stands twice"));
  const std::string one = "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}";
  EXPECT_TRUE(refused(with_length("{" + one + "," + one + "}", "x"), "\"a\" stands twice"));
  for (const std::size_t depth :
       {65, 100000, 2000000}) {  // a library that calls itself would end the process
    const std::string lists = std::string(depth, '[') + std::string(depth, ']');
    EXPECT_TRUE(refused(with_length("{\"a\":" + lists + "}"), "nested deeper than 64"));
    EXPECT_TRUE(
        refused(with_length("{\"a\":{\"dtype\":\"U8\",\"shape\":[" + lists + "],\"data_offsets\":[0,0]}}"),
                "nested deeper than 64"));
  }
}

TEST(Safetensors, RefusesFieldsOfTheWrongKind) {
  EXPECT_TRUE(refused(with_length(tensor("\"dtype\":\"U8\",\"shape\":[1]"), "x"), "2 fields"));
  EXPECT_TRUE(refused(with_length(tensor("\"dtype\":\"U8\",\"shape\":[1],\"offsets\":[0,1]"), "x"),
                      "no data_offsets"));
  const auto with = [](const char* dtype, const char* shape, const char* offsets, const char* data) {
    return with_length(
        tensor(std::string("\"dtype\":") + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets),
        data);
  };
  EXPECT_EQ(error_of(with("\"U8\"", "[1]", "[0,1]", "x")), "(accepted)");
  EXPECT_TRUE(refused(with("8", "[1]", "[0,1]", "x"), "is not a string"));
  EXPECT_TRUE(refused(with("\"F12\"", "[1]", "[0,1]", "x"), "unknown dtype \"F12\""));
  EXPECT_TRUE(refused(with("\"U8\"", "1", "[0,1]", "x"), "is not a list"));
  EXPECT_TRUE(refused(with("\"U8\"", "[1.0]", "[0,1]", "x"), "holds 1.0"));
  EXPECT_TRUE(refused(with("\"U8\"", "[-1]", "[0,1]", "x"), "holds -1"));
  EXPECT_TRUE(refused(with("\"U8\"", "[18446744073709551615]", "[0,1]", "x"), "overflows"));
  EXPECT_TRUE(refused(with("\"F32\"", "[4294967296,4294967296]", "[0,0]", ""), "overflows"));
  EXPECT_TRUE(refused(with("\"F64\"", "[1152921504606846976]", "[0,0]", ""), "overflows"));
  EXPECT_TRUE(refused(with("\"U8\"", "[1]", "[0]", "x"), "two whole numbers"));
  EXPECT_TRUE(refused(with("\"U8\"", "[1]", "[-1,0]", "x"), "two whole numbers"));
  EXPECT_TRUE(refused(with("\"U8\"", "[1]", "[1,0]", "x"), "lies at [1, 0)"));
  EXPECT_TRUE(refused(with("\"U8\"", "[2]", "[0,2]", "x"), "of 1 bytes of data"));
  EXPECT_TRUE(refused(with("\"U8\"", "[2]", "[0,1]", "x"), "its shape wants 2"));
  EXPECT_TRUE(refused(with("\"U8\"", "[1]", "[1,2]", "xy"), "begins at 1"));
  EXPECT_TRUE(refused(with("\"U8\"", "[1]", "[0,1]", "xy"), "the tensors end at 1, the data at 2"));
}

TEST(Safetensors, RefusesTensorsThatOverlap) {
  const std::string header =
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],"
      "\"data_offsets\":[1,3]}}";
  EXPECT_TRUE(refused(with_length(header, "xyz"), "\"b\" begins at 1, the one before it ends at 2"));
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const std::string bytes = recorded();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_NE(error_of(bytes.substr(0, size)), "(accepted)") << size;
  }
}

}  // namespace
}  // namespace thalweg
