// Vowpal Wabbit's text: labels, importances and tags; spaces and their scales; names hashed as docs/data.md
// says.
#include <gtest/gtest.h>

#include <map>

#include "host/data/hashing.hpp"
#include "host/data/row_blocks.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/pipe.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using Floats = std::vector<float>;

class VwReader : public test::DataFiles {
 protected:
  Dataset read(const std::string& text, std::int64_t bits = 0, TargetUse use = TargetUse::automatic) const {
    DataConfig c;
    c.train = write("d.vw", text);
    c.hash_bits = bits;
    return read_training_data(c, use);
  }
  /// The values of a row by feature.
  static std::map<std::int32_t, float> row(const Dataset& data, std::size_t r) {
    std::map<std::int32_t, float> values;
    for (auto i = static_cast<std::size_t>(data.offsets[r]);
         i < static_cast<std::size_t>(data.offsets[r + 1]); ++i)
      values[data.columns[i]] = data.values[i];
    return values;
  }
  static std::map<std::int32_t, float> entry(const std::string& text, float value, std::int64_t bits = 18) {
    const HashedFeature feature = hashed_feature(text, bits);
    return {{feature.index, feature.sign * value}};
  }
  void refused(const std::string& text, const std::vector<std::string>& words) const {
    expect_error<DataError>([&] { read(text); }, words);
  }
};

TEST_F(VwReader, HashesTheNameOfSpaceAndFeature) {
  const Dataset d = read("1 |site a:0.5\n-1 | a\n1 |site:2 a:0.5 |b c:-3\n");
  EXPECT_TRUE(d.sparse);
  EXPECT_EQ(d.features, 262144) << "VW's 18 bits";
  EXPECT_EQ(d.transform.hash_bits, 18);
  EXPECT_EQ(d.classes, (std::vector<std::string>{"-1", "1"}));
  EXPECT_EQ(d.target, (Floats{1, 0, 1}));
  EXPECT_TRUE(d.weight.empty());
  EXPECT_EQ(row(d, 0), entry("site^a", 0.5f));
  EXPECT_EQ(row(d, 1), entry("^a", 1));
  auto third = entry("site^a", 1);
  third.merge(entry("b^c", -3));
  EXPECT_EQ(row(d, 2), third);
  EXPECT_EQ(d.where(2), d.source + " line 3");
}

/// XXH3 gives 753c18068ff90bce and acee30aa869e73be: a model keeps its meaning as long as this holds.
TEST_F(VwReader, TheFeatureIsInTheLowestBitsOfTheHashAndTheSignInTheHighest) {
  const HashedFeature a = hashed_feature("site^a", 18), b = hashed_feature("color=red", 22);
  EXPECT_EQ(a.index, 68558);
  EXPECT_EQ(a.sign, 1);
  EXPECT_EQ(b.index, 1995710);
  EXPECT_EQ(b.sign, -1);
}

TEST_F(VwReader, FeaturesThatMeetAreAddedUpAndZerosLeftOut) {
  const Dataset d = read("1 | a:0.5 a:0.25 b:0 c:1 c:-1\n-1 |\n", 0, TargetUse::numbers);
  EXPECT_EQ(row(d, 0), entry("^a", 0.75f));
  EXPECT_TRUE(row(d, 1).empty());
  const Dataset one = read("1 | a b c d e f g\n2 |\n", 1, TargetUse::numbers);
  EXPECT_EQ(one.features, 2);
  float sum = 0;
  for (const char* name : {"^a", "^b", "^c", "^d", "^e", "^f", "^g"}) sum += hashed_feature(name, 1).sign;
  float got = 0;
  for (const auto& [feature, value] : row(one, 0)) got += value;
  EXPECT_EQ(got, sum);
}

TEST_F(VwReader, ImportanceIsTheWeightAndTagsArePassedOver) {
  const Dataset d = read("1 3 | a\n2 1 'tag | a\n3 1 tag| a\n4 'x | a\n\n", 0, TargetUse::numbers);
  EXPECT_EQ(d.rows, 4);
  EXPECT_EQ(d.target, (Floats{1, 2, 3, 4}));
  EXPECT_EQ(d.weight, (Floats{2, 2.0f / 3, 2.0f / 3, 2.0f / 3})) << "3, 1, 1, 1 of mean 1";
  EXPECT_TRUE(read("1 1 | a\n2 | a\n", 0, TargetUse::numbers).weight.empty());
}

TEST_F(VwReader, TheBeginOrTheNameOfAFileTellsTheFormat) {
  DataConfig c;
  c.train = write("d", "1 |f a:1 b\n-1 |f c:2\n");
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).transform.hash_bits, 18);
  EXPECT_EQ(read("1 |f a b\n").rows, 1) << "no value at all, but the name";
  c.train = write("d", "1|2|3\n4|5|6\n");
  EXPECT_FALSE(read_training_data(c, TargetUse::numbers).sparse) << "a table";
}

TEST_F(VwReader, WrongLinesAreNamed) {
  refused("1 | a\n1 a b\n", {"d.vw line 2: no bar"});
  refused("1 | a\n| a\n", {"d.vw line 2: no label"});
  refused("1 | a\n1| a\n", {"d.vw line 2: no label", "a blank between label and bar"});
  refused("yes | a\n", {"d.vw line 1: label \"yes\"; want a finite number"});
  refused("1 x | a\n", {"d.vw line 1: importance \"x\""});
  refused("1 -1 | a\n", {"d.vw line 1: importance \"-1\"; want a number not below 0"});
  refused("1 1 0.5 | a\n", {"d.vw line 1: got \"0.5\" behind label and importance"});
  refused("1 | a:b\n", {"d.vw line 1: got \"a:b\"; want name:value"});
  refused("1 |s:x a\n", {"d.vw line 1: got \"s:x\""});
  refused("1 | a:inf\n", {"d.vw line 1: got \"a:inf\""});
  refused("", {"d.vw is empty"});
}

TEST_F(VwReader, AModelReadsTheSameFeaturesAgainWithOrWithoutLabels) {
  const Dataset d = read("1 | a b\n-1 | c\n", 20);
  const DataSchema schema = schema_from_json(schema_to_json(schema_of(d)));
  DataConfig c;
  const std::string file = write("new.vw", "| b:2\n1 | a\n");
  const Dataset again = read_data_as(c, file, "", "", schema, false);
  EXPECT_EQ(again.features, 1 << 20);
  EXPECT_TRUE(again.target.empty());
  EXPECT_EQ(row(again, 0), entry("^b", 2, 20));
  const std::string table = write("t.csv", "x,y\n1,2\n");
  expect_error<DataError>([&] { read_data_as(c, table, "", "", schema, false); },
                          {"t.csv is a table; the model was trained on Vowpal Wabbit's text"});
  const std::string svm = write("t.svm", "1 1:1\n");
  expect_error<DataError>(
      [&] { read_data_as(c, svm, "", "", schema, false); },
      {"t.svm is not hashed; the model was trained on data that were Vowpal Wabbit's, hashed"});
}

TEST_F(VwReader, SeveralFilesAndBlocksAreOneSet) {
  write("a.vw", "1 | a\n");
  write("b.vw", "2 | b\n3 | c\n");
  DataConfig c;
  c.train = path("a.vw") + "," + path("b.vw");
  const Dataset d = read_training_data(c, TargetUse::numbers);
  EXPECT_EQ(d.target, (Floats{1, 2, 3}));
  EXPECT_EQ(d.where(2), path("b.vw") + " line 2");
  c.test = c.train;
  Floats targets;
  read_test_blocks(c, schema_of(d), true, {}, [&](const Dataset& block) {
    targets.insert(targets.end(), block.target.begin(), block.target.end());
    EXPECT_EQ(block.features, 262144);
  });
  EXPECT_EQ(targets, (Floats{1, 2, 3}));
}

TEST_F(VwReader, LinesThatBeginWithTheCommentArePassedOver) {
  DataConfig c;
  c.train = write("d.vw", "# made by us\n1 | a\n  #\n2 | #b\n");
  expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); }, {"d.vw line 1: no bar"});
  c.comment = "#";
  const Dataset d = read_training_data(c, TargetUse::numbers);
  EXPECT_EQ(d.target, (Floats{1, 2}));
  EXPECT_EQ(row(d, 1), entry("^#b", 1));
  EXPECT_EQ(d.where(1), c.train + " line 4");
}

TEST_F(VwReader, RefusesMarksThatItsNumbersDoNotHave) {
  DataConfig c;
  c.train = write("d.vw", "1 | a\n2 | b\n");
  c.decimal = Decimal::comma;
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::numbers); },
                            {"data.decimal = comma", "d.vw is read as vw, whose numbers have a point"});
  c.decimal = Decimal::point;
  c.thousands = Thousands::space;
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::numbers); }, {"data.thousands = space"});
}

TEST_F(VwReader, WeightsComeFromAFileAndFromNoColumn) {
  DataConfig c;
  c.train = write("d.vw", "1 | a\n2 | b\n");
  c.weight = write("w.txt", "0.5\n2\n");
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).weight, (Floats{0.4f, 1.6f}))
      << "over their mean, 5 / 4";
  c.weight = "3";
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::numbers); },
                            {"data.weight = \"3\": the weight of a row is its importance"});
}

TEST_F(VwReader, ABlockOfRowsMayHaveNoImportanceAtAll) {
  DataConfig c;
  c.test = write("zero.vw", "1 0 | a\n2 0 | b\n");
  Floats targets;
  read_test_blocks(c, schema_of(read("1 | a\n2 | b\n", 0, TargetUse::numbers)), true, {},
                   [&](const Dataset& block) {
                     targets.insert(targets.end(), block.target.begin(), block.target.end());
                     EXPECT_TRUE(block.weight.empty());
                   });
  EXPECT_EQ(targets, (Floats{1, 2}));
}

}  // namespace
}  // namespace thalweg
