// Categories of a table: hashed (data.hash_bits), crossed (data.crosses), and both.
#include <gtest/gtest.h>

#include <map>

#include "host/data/hashing.hpp"
#include "host/data/row_blocks.hpp"
#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using Entries = std::map<std::int32_t, float>;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;

constexpr char kTable[] = "color,size,age,y\nred,L,3,0\nblue,S,-1.5,1\nred,S,0,1\n,L,,0\n";

class HashedCsv : public test::DataFiles {
 protected:
  DataConfig settings(const std::string& text, std::int64_t bits, const Texts& crosses = {}) const {
    DataConfig c = config(write("d.csv", text));
    c.hash_bits = bits;
    c.crosses = crosses;
    return c;
  }
  Dataset read(const std::string& text, std::int64_t bits, const Texts& crosses = {}) const {
    return read_training_data(settings(text, bits, crosses), TargetUse::numbers);
  }
  static Entries row(const Dataset& data, std::size_t r) {
    Entries values;
    const auto end = static_cast<std::size_t>(data.offsets[r + 1]);
    for (auto i = static_cast<std::size_t>(data.offsets[r]); i < end; ++i)
      values[data.columns[i]] = data.values[i];
    return values;
  }
  static Entries entries(const std::vector<std::pair<std::string, float>>& texts, std::int64_t bits) {
    Entries values;
    for (const auto& [text, value] : texts) {
      const HashedFeature feature = hashed_feature(text, bits);
      values[feature.index] += feature.sign * value;
    }
    return values;
  }
};

TEST_F(HashedCsv, TextsAreFeaturesByColumnAndValueAndNumbersByColumn) {
  const Dataset d = read(kTable, 20);
  EXPECT_TRUE(d.sparse);
  EXPECT_EQ(d.features, 1048576);
  EXPECT_EQ(d.target, (Floats{0, 1, 1, 0}));
  EXPECT_EQ(row(d, 0), entries({{"color=red", 1}, {"size=L", 1}, {"age", 3}}, 20));
  EXPECT_EQ(row(d, 1), entries({{"color=blue", 1}, {"size=S", 1}, {"age", -1.5f}}, 20));
  EXPECT_EQ(row(d, 2), entries({{"color=red", 1}, {"size=S", 1}}, 20)) << "a number of 0 has no entry";
  EXPECT_EQ(row(d, 3), entries({{"size=L", 1}}, 20)) << "nor has a missing cell";
  EXPECT_EQ(d.offsets, (std::vector<std::int64_t>{0, 3, 6, 8, 9}));
  EXPECT_EQ(d.where(3), d.source + " line 5");
  EXPECT_EQ(row(d, 0).at(hashed_feature("age", 20).index), 3) << "XXH3 of age has the sign +";
}

TEST_F(HashedCsv, WithoutAHeaderColumnsAreCalledByTheirIndex) {
  const Dataset d = read("red,3,0\nblue,4,1\n", 20);
  EXPECT_EQ(row(d, 1), entries({{"0=blue", 1}, {"1", 4}}, 20));
}

TEST_F(HashedCsv, BitsOutOfTheirRangeAreRefusedByEveryReader) {
  const DataSchema schema = schema_of(read(kTable, 20));
  DataConfig c = settings(kTable, 40);
  c.test = c.validation = c.train;
  const std::vector<std::string> words{"data.hash_bits", "40"};
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::numbers); }, words);
  expect_error<ConfigError>([&] { read_test_data(c, schema, true); }, words);
  expect_error<ConfigError>([&] { read_test_blocks(c, schema, true, {}, [](const Dataset&) {}); }, words);
}

TEST_F(HashedCsv, ColumnsWithoutNamesAreCountedWithoutTheTarget) {
  DataConfig c = settings("0,red,3\n1,blue,4\n", 20);
  c.target = "0";
  c.header = Header::no;
  const Dataset d = read_training_data(c, TargetUse::numbers);
  const Entries want = entries({{"0=blue", 1}, {"1", 4}}, 20);
  EXPECT_EQ(row(d, 1), want);
  const auto predicted = [&](const std::string& text, Header header) {
    DataConfig of_test;
    of_test.target = "0";
    of_test.header = header;
    return row(read_data_as(of_test, write("new.csv", text), "", "", schema_of(d), false), 0);
  };
  EXPECT_EQ(predicted("1,blue,4\n", Header::no), want) << "with the target";
  EXPECT_EQ(predicted("blue,4\n", Header::no), want) << "without it";
  EXPECT_EQ(predicted("color,size\nblue,4\n", Header::yes), want) << "with names";
}

TEST_F(HashedCsv, AFileWithoutAHeaderHasTheNamesOfTheModel) {
  const DataSchema schema = schema_of(read(kTable, 20, {"color*size"}));
  DataConfig c;
  c.header = Header::no;
  const Dataset d = read_data_as(c, write("new.csv", "blue,S,-1.5\n"), "", "", schema, false);
  EXPECT_EQ(row(d, 0),
            entries({{"color=blue", 1}, {"size=S", 1}, {"age", -1.5f}, {"color*size=blue*S", 1}}, 20));
}

TEST_F(HashedCsv, FeaturesOfARowThatMeetAreAddedUp) {
  const Dataset d = read("a,b,c,y\nu,v,w,0\nx,y,z,1\n", 1);
  EXPECT_EQ(d.features, 2);
  Entries want = entries({{"a=u", 1}, {"b=v", 1}, {"c=w", 1}}, 1);
  std::erase_if(want, [](const auto& entry) { return entry.second == 0; });
  EXPECT_EQ(row(d, 0), want);
}

TEST_F(HashedCsv, MoreTextsThanOneHotTakesAreNoMatter) {
  std::string text = "id,y\n";
  for (int i = 0; i < 3000; ++i) text += "user" + std::to_string(i) + "," + std::to_string(i % 2) + "\n";
  EXPECT_EQ(read(text, 22).rows, 3000);
  expect_error<DataError>([&] { read(text, 0); }, {"more than 1000 distinct texts", "data.hash_bits = 22"});
}

TEST_F(HashedCsv, CrossesAreFeaturesByBothColumnsAndValues) {
  const Dataset d = read(kTable, 20, {"color*size"});
  EXPECT_EQ(row(d, 0), entries({{"color=red", 1}, {"size=L", 1}, {"age", 3}, {"color*size=red*L", 1}}, 20));
  EXPECT_EQ(row(d, 2), entries({{"color=red", 1}, {"size=S", 1}, {"color*size=red*S", 1}}, 20));
  EXPECT_EQ(row(d, 3), entries({{"size=L", 1}}, 20)) << "half of the pair is missing";
}

TEST_F(HashedCsv, AFaultBehindGoodRowsIsNamedAndTheyCountWhereTheyAreEnough) {
  const std::string table = "c,y\na,0\nb,1\n";
  expect_error<DataError>([&] { read(table + "b\n", 4); }, {"d.csv line 4", "1 cells; want 2"});
  expect_error<DataError>([&] { read(table + "c,\n", 4); }, {"line 4", "a missing value"});
  DataConfig c = settings(table + "b\n", 20);
  c.train_rows = "0:2";
  const Dataset d = read_training_data(c, TargetUse::numbers);
  EXPECT_EQ(row(d, 1), entries({{"c=b", 1}}, 20));
}

TEST_F(HashedCsv, NumbersBeforeAFaultKeepTheirOffset) {
  DataConfig c = settings("t,y\n1600000001,0\n1600000002,1\n1600000003,0\nx\n", 0);
  c.train_rows = "0:3", c.standardize = Tristate::yes;
  const Dataset d = read_training_data(c, TargetUse::numbers);
  EXPECT_GT(d.transform.offset.at(0), 1.59e9);
  EXPECT_NEAR(d.dense_f32[2] - d.dense_f32[1], 1.2247449, 1e-6) << "one deviation is the root of 2/3";
}

TEST_F(HashedCsv, PairsOfTextsWithStarsStayApart) {
  const std::string table = "a,b,y\nx*y,z,0\nx,y*z,1\n";
  EXPECT_EQ(read(table, 0, {"a*b"}).transform.names.size(), 6u);
  const Dataset d = read(table, 20, {"a*b"});
  EXPECT_EQ(row(d, 0), entries({{"a=x*y", 1}, {"b=z", 1}, {"a*b=x\\*y*z", 1}}, 20));
}

TEST_F(HashedCsv, AModelMakesTheSameFeaturesOfOtherRowsAndOrders) {
  const Dataset d = read(kTable, 20, {"color*size"});
  const DataSchema schema = schema_from_json(schema_to_json(schema_of(d)));
  EXPECT_EQ(schema.transform.hash_bits, 20);
  EXPECT_EQ(schema.transform.columns, (Texts{"color", "size", "age"}));
  EXPECT_EQ(schema.transform.hashed_texts, (std::vector<bool>{true, true, false}));
  EXPECT_EQ(fingerprint(d, true), fingerprint(read(kTable, 20, {"color*size"}), true));
  DataConfig c;
  const std::string file = write("new.csv", "age,size,color\n7,XL,12\n");
  const Dataset again = read_data_as(c, file, "", "", schema, false);
  EXPECT_EQ(row(again, 0),
            entries({{"color=12", 1}, {"size=XL", 1}, {"age", 7}, {"color*size=12*XL", 1}}, 20))
      << "a column of texts stays one, and texts that training did not have are features too";
}

TEST_F(HashedCsv, AModelRefusesDataOfAnotherKind) {
  const DataSchema schema = schema_of(read(kTable, 4));
  const auto refused = [&](const std::string& name, const std::string& text, const std::string& words) {
    const std::string file = write(name, text);
    expect_error<DataError>([&] { read_data_as({}, file, "", "", schema, false); }, {name, words});
  };
  refused("new.svm", "1 1:1\n", "is not hashed; the model was trained on data that were a table, hashed");
  refused("new.vw", "1 | a\n", "is Vowpal Wabbit's, hashed; the model was");
  refused("new.csv", "color,age\nred,1\n", "lacks the column \"size\", which the model needs");
  refused("new.csv", "color,size,age\nred,L,old\n", "line 2, column \"age\" (2): got \"old\"");
}

TEST_F(HashedCsv, ASchemaThatContradictsItselfIsRefused) {
  const DataSchema good = schema_of(read(kTable, 4, {"color*size"}));
  const auto refused = [&](const auto& spoil, const std::string& words) {
    DataSchema schema = good;
    spoil(schema);
    expect_error<DataError>([&] { schema_from_json(schema_to_json(schema)); }, {words});
  };
  refused([](DataSchema& s) { s.transform.hash_bits = 31; }, "31 bits of a hash");
  refused([](DataSchema& s) { s.transform.hash_bits = 5; }, "hashed features of another number");
  refused([](DataSchema& s) { s.sparse = false; }, "hashed features of another number");
  refused([](DataSchema& s) { s.transform.crosses[0][1] = 3; }, "a cross of a column that is not there");
  refused([](DataSchema& s) { s.transform.crosses[0][0] = -1; }, "a cross of a column that is not there");
  refused([](DataSchema& s) { s.transform.crosses[0][1] = 2; }, "a cross of a column of numbers");
  refused([](DataSchema& s) { s.transform.columns.pop_back(); }, "a wrong number of column names");
}

TEST_F(HashedCsv, BlocksAreTheRowsOfTheWhole) {
  const Dataset whole = read(kTable, 6, {"color*size"});
  DataConfig c;
  c.test = path("d.csv");
  std::int64_t rows = 0;
  read_test_blocks(c, schema_of(whole), true, {}, [&](const Dataset& block) {
    for (std::size_t r = 0; r < static_cast<std::size_t>(block.rows); ++r)
      EXPECT_EQ(row(block, r), row(whole, static_cast<std::size_t>(rows) + r));
    rows += block.rows;
  });
  EXPECT_EQ(rows, 4);
}

TEST_F(HashedCsv, TheShareOfUsedFeaturesIsCounted) {
  const Dataset d = read(kTable, 20);
  EXPECT_EQ(used_features(d), 5) << "two colours, two sizes, the age";
  EXPECT_EQ(used_features(read("a,y\nu,0\nv,1\nw,0\n", 1)), 2);
}

TEST_F(HashedCsv, OnlyTablesAndVwAreHashed) {
  DataConfig c;
  c.train = write("d.svm", "1 1:1\n2 1:2\n");
  c.hash_bits = 10;
  expect_error<ConfigError>(
      [&] { read_training_data(c, TargetUse::numbers); },
      {"data.hash_bits hashes the texts of CSV and VW files", "d.svm is read as libsvm"});
  c.hash_bits = 0;
  c.crosses = {"a*b"};
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::numbers); },
                            {"data.crosses names columns"});
}

/// Criteo's TSV as it comes: the label, 13 whole numbers, 26 texts of 8 hexadecimal digits; any cell but the
/// label may be empty.
std::string made_up_clicks() {
  std::string text;
  std::uint32_t state = 1;
  const auto draw = [&] { return state = state * 1664525 + 1013904223; };
  for (int row = 0; row < 40; ++row) {
    text += row % 4 == 0 ? "1" : "0";
    for (int c = 0; c < 13; ++c) text += (draw() >> 24) % 5 == 0 ? "\t" : "\t" + std::to_string(draw() >> 22);
    for (int c = 0; c < 26; ++c) {
      char hex[10];
      std::snprintf(hex, sizeof(hex), "\t%08x", (draw() >> 28) * 0x9E3779B1u + static_cast<unsigned>(c));
      text += (draw() >> 24) % 5 == 0 ? "\t" : hex;
    }
    text += "\n";
  }
  return text;
}

TEST_F(HashedCsv, CriteosTableIsReadAsItComes) {
  DataConfig c = config(write("day_0.tsv", made_up_clicks()));
  c.target = "0";
  c.hash_bits = 16;
  c.header = Header::no;
  const Dataset d = read_training_data(c, TargetUse::classes);
  EXPECT_EQ(d.rows, 40);
  EXPECT_EQ(d.classes, (Texts{"0", "1"}));
  EXPECT_EQ(std::count(d.target.begin(), d.target.end(), 1.0f), 10);
  ASSERT_EQ(d.transform.hashed_texts.size(), 39u);
  for (std::size_t column = 0; column < 39; ++column)
    EXPECT_EQ(d.transform.hashed_texts[column], column >= 13) << column;
}

class Crosses : public HashedCsv {};

TEST_F(Crosses, AreOneHotColumnsBehindTheOthers) {
  const std::string table = "color,size,age,y\nred,L,3,0\nblue,S,4,1\nred,S,5,1\nred,L,6,0\n";
  const Dataset d = read(table, 0, {"color*size"});
  EXPECT_EQ(d.transform.names, (Texts{"color=blue", "color=red", "size=L", "size=S", "age",
                                      "color*size=blue*S", "color*size=red*L", "color*size=red*S"}));
  EXPECT_EQ(d.dense_f32, (Floats{0, 1, 1, 0, 3, 0, 1, 0,  //
                                 1, 0, 0, 1, 4, 1, 0, 0,  //
                                 0, 1, 0, 1, 5, 0, 0, 1,  //
                                 0, 1, 1, 0, 6, 0, 1, 0}));
  const DataSchema schema = schema_from_json(schema_to_json(schema_of(d)));
  const std::string file = write("new.csv", "size,age,color\nL,7,blue\nS,8,blue\n");
  const Dataset again = read_data_as({}, file, "", "", schema, false);
  EXPECT_EQ(again.dense_f32, (Floats{1, 0, 1, 0, 7, 0, 0, 0, 1, 0, 0, 1, 8, 1, 0, 0}));
  EXPECT_EQ(again.unseen, 1) << "blue and L never met";
}

TEST_F(Crosses, ANameMayHaveAStarAndAColumnAnIndex) {
  const std::string table = "a*b,c,y\nu,v,0\nw,x,1\n";
  EXPECT_EQ(read(table, 0, {"a*b*c"}).transform.columns, (Texts{"a*b", "c", "a*b*c"}));
  EXPECT_EQ(read("u,v,0\nw,x,1\n", 0, {"0*1"}).features, 6);
}

TEST_F(Crosses, ThatDoNotExistAreNamed) {
  const auto refused = [&](const std::string& cross, const Texts& words) {
    expect_error<ConfigError>([&] { read(kTable, 20, {cross}); }, words);
  };
  refused("color*weight",
          {"data.crosses has \"color*weight\"; want two columns of", "with a star between them"});
  refused("color", {"data.crosses has \"color\""});
  refused("color*age", {"data.crosses has \"color*age\"; column \"age\" (2) holds numbers"});
  refused("color*y", {"column \"y\" (3) is not a feature"});
}

TEST_F(Crosses, OfTooManyPairsAreForTheHash) {
  std::string text = "a,b,y\n";
  for (int i = 0; i < 1001; ++i)
    text += "a" + std::to_string(i % 40) + ",b" + std::to_string(i % 41) + "," + std::to_string(i % 2) + "\n";
  expect_error<DataError>(
      [&] { read(text, 0, {"a*b"}); },
      {"data.crosses has \"a*b\" with more than 1000 distinct pairs", "data.hash_bits = 22"});
  const std::string fewer = text.substr(0, text.rfind('\n', text.size() - 2) + 1);
  EXPECT_EQ(read(fewer, 0, {"a*b"}).features, 40 + 41 + 1000);
}

}  // namespace
}  // namespace thalweg
