// The schema that a model keeps of its data, as JSON, and the fingerprint that resume compares.
#include <functional>

#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using Change = std::function<void(DataSchema&)>;

/// Columns "a" (a number) and "t" (u or v): three features.
DataSchema sound() {
  DataSchema s;
  s.features = 3;
  s.target_kind = TargetKind::classes;
  s.target_transform = {0.5, 2};
  s.classes = {"no", "yes"};
  s.target_column = "y";
  s.index_base = 0;
  s.transform.columns = {"a", "t"};
  s.transform.names = {"a", "t=u", "t=v"};
  s.transform.categories = {{}, {"u", "v"}};
  s.transform.impute = {1.5f, 1};
  s.transform.scale = {2, 1, 1};
  s.transform.shift = {-3, 0, 0};
  return s;
}

TEST(Schema, StandsInJsonUnderTheseNames) {
  EXPECT_EQ(
      schema_to_json(sound()),
      R"({"sparse":false,"features":3,"target_kind":"classes","target_mean":0.5,"target_deviation":2.0,)"
      R"("target_column":"y","index_base":0,"classes":["no","yes"],"columns":["a","t"],)"
      R"("names":["a","t=u","t=v"],"categories":[[],["u","v"]],"impute":[1.5,1.0],)"
      R"("scale":[2.0,1.0,1.0],"shift":[-3.0,0.0,0.0]})");
}

TEST(Schema, ComesBackWithEveryPart) {
  for (const bool sparse : {false, true}) {
    DataSchema s = sound();
    s.sparse = sparse;
    s.target_kind = sparse ? TargetKind::number : TargetKind::classes;
    s.index_base = sparse ? 1 : 0;
    const DataSchema back = schema_from_json(schema_to_json(s));
    EXPECT_EQ(back.sparse, s.sparse);
    EXPECT_EQ(back.features, 3);
    EXPECT_EQ(back.target_kind, s.target_kind);
    EXPECT_EQ(back.target_transform, s.target_transform);
    EXPECT_EQ(back.index_base, s.index_base);
    EXPECT_EQ(schema_to_json(back), schema_to_json(s));
  }
}

TEST(Schema, OneThatContradictsItselfIsRefusedSayingWhere) {
  const std::pair<Change, const char*> wrong[] = {
      {[](DataSchema& s) { s.features = 0; }, "0 features"},
      {[](DataSchema& s) { s.transform.scale.pop_back(); }, "2 scales and 3 shifts for 3 features"},
      {[](DataSchema& s) { s.transform.shift.pop_back(); }, "3 scales and 2 shifts"},
      {[](DataSchema& s) {
         s.transform.scale = s.transform.shift = {1, 1};
       },
       "2 scales and 2 shifts"},
      {[](DataSchema& s) { s.transform.categories[1].pop_back(); }, "columns that make 2 of 3 features"},
      {[](DataSchema& s) { s.transform.categories.push_back({}); }, "columns that make 4 of 3 features"},
      {[](DataSchema& s) { s.transform.columns.emplace_back("b"); }, "a wrong number of column names"},
      {[](DataSchema& s) { s.transform.names.pop_back(); }, "a wrong number of feature names"},
      {[](DataSchema& s) { s.transform.impute.push_back(0); }, "a wrong number of imputed values"},
      {[](DataSchema& s) { s.transform.impute[1] = 2; }, "an imputed category that is not there"},
      {[](DataSchema& s) { s.transform.impute[1] = -1; }, "an imputed category that is not there"},
      {[](DataSchema& s) { s.target_transform.deviation = 0; }, "a target deviation that is not positive"},
      {[](DataSchema& s) { s.target_transform.deviation = -1; }, "a target deviation that is not positive"},
      {[](DataSchema& s) { s.classes.clear(); }, "no classes"},
  };
  for (const auto& [change, words] : wrong) {
    DataSchema s = sound();
    change(s);
    expect_error<DataError>(
        [&] { schema_from_json(schema_to_json(s)); },
        {std::string("the data schema of the model contradicts itself: it has ") + words});
  }
}

TEST(Schema, PartsMayBeMissingWhereTheDataHaveNone) {
  const Change sound_changes[] = {
      [](DataSchema& s) { s.transform.columns.clear(), s.transform.names.clear(); },
      [](DataSchema& s) { s.transform.impute.clear(); },
      [](DataSchema& s) { s.transform.scale.clear(), s.transform.shift.clear(); },
      [](DataSchema& s) { s.target_kind = TargetKind::number, s.classes.clear(); },
      [](DataSchema& s) {
        s.transform.categories.clear();
        s.transform.columns = s.transform.names = {"a", "b", "c"};
        s.transform.impute = {-7, 0, 1e30f};
      },
      [](DataSchema& s) {
        s.transform.impute = {-7, 0};
      },
      [](DataSchema& s) { s.features = 1, s.transform = {}; },
  };
  for (const Change& change : sound_changes) {
    DataSchema s = sound();
    change(s);
    EXPECT_EQ(schema_to_json(schema_from_json(schema_to_json(s))), schema_to_json(s));
  }
}

TEST(Schema, WrongNumbersAndNamesAreRefused) {
  const std::string good = schema_to_json(sound());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  expect_error<DataError>([&] { schema_from_json(with("\"index_base\":0", "\"index_base\":2")); },
                          {"index_base 2"});
  expect_error<DataError>([&] { schema_from_json(with("\"index_base\":0", "\"index_base\":-1")); },
                          {"index_base -1"});
  expect_error<DataError>(
      [&] { schema_from_json(with("\"classes\",\"target_mean\"", "\"texts\",\"target_mean\"")); },
      {"target_kind texts"});
  for (const char* value : {"\"impute\":[1.5", "\"scale\":[2.0", "\"shift\":[-3.0"}) {
    const std::string from = value, to = from.substr(0, from.find('[') + 1) + "1e39";
    expect_error<DataError>([&] { schema_from_json(with(from, to)); }, {"schema of the model"});
  }
}

Dataset dense(std::int64_t rows) {
  Dataset d;
  d.rows = rows;
  d.features = 1;
  d.dense_f32.assign(static_cast<std::size_t>(rows), 1.0f);
  d.target.assign(static_cast<std::size_t>(rows), 2.0f);
  d.weight.assign(static_cast<std::size_t>(rows), 1.0f);
  return d;
}

TEST(Fingerprint, SeesEveryPartOfARow) {
  const Dataset d = dense(3);
  const std::string before = fingerprint(d, true);
  const std::function<void(Dataset&)> changes[] = {
      [](Dataset& c) { c.dense_f32[2] = 0; },
      [](Dataset& c) { c.target[2] = 0; },
      [](Dataset& c) { c.weight[2] = 0; },
      [](Dataset& c) { c.classes = {"a"}; },
      [](Dataset& c) { c.target.clear(); },
      [](Dataset& c) { c.weight.clear(); },
      [](Dataset& c) {
        c.dense_f32 = {1, 1, 1, 1}, c.target.push_back(2), c.weight.push_back(1), c.rows = 4;
      },
      [](Dataset& c) { std::swap(c.dense_f32[0], c.target[0]); },
  };
  for (const auto& change : changes) {
    Dataset changed = d;
    change(changed);
    EXPECT_NE(fingerprint(changed, true), before);
  }
  Dataset bytes = d;
  bytes.dense_f32.clear();
  bytes.dense_u8 = {1, 2, 3};
  const std::string of_bytes = fingerprint(bytes, true);
  bytes.dense_u8[2] = 4;
  EXPECT_NE(fingerprint(bytes, true), of_bytes);
}

TEST(Fingerprint, SeesTheEntriesOfSparseRowsAndWhereARowEnds) {
  Dataset d;
  d.rows = 2;
  d.features = 5;
  d.sparse = true;
  d.offsets = {0, 2, 3};
  d.columns = {0, 3, 4};
  d.values = {1, 2, 3};
  const std::string before = fingerprint(d, true);
  const std::function<void(Dataset&)> changes[] = {
      [](Dataset& c) { c.columns[2] = 3; },
      [](Dataset& c) { c.values[2] = 4; },
      [](Dataset& c) { c.offsets[1] = 1; },
  };
  for (const auto& change : changes) {
    Dataset changed = d;
    change(changed);
    EXPECT_NE(fingerprint(changed, true), before);
  }
}

/// Row i of the 1024 sampled ones is i * (rows - 1) / 1023, rounded down.
TEST(Fingerprint, SamplesAThousandAndTwentyFourRowsFromTheFirstToTheLast) {
  const auto seen = [](std::int64_t rows, std::int64_t row, bool full) {
    Dataset d = dense(rows);
    const std::string before = fingerprint(d, full);
    d.target[static_cast<std::size_t>(row)] += 1;
    return fingerprint(d, full) != before;
  };
  for (const std::int64_t row : {0, 2, 4, 2044, 2046})
    EXPECT_TRUE(seen(2047, row, false)) << row;  // every second
  for (const std::int64_t row : {1, 3, 2045}) EXPECT_FALSE(seen(2047, row, false)) << row;
  for (const std::int64_t row : {1, 3, 2045}) EXPECT_TRUE(seen(2047, row, true)) << row;
  for (const std::int64_t row : {0, 1, 500, 1023})
    EXPECT_TRUE(seen(1024, row, false)) << "all of 1024: " << row;
  EXPECT_TRUE(seen(1, 0, false));
  EXPECT_TRUE(seen(1, 0, true));
}

}  // namespace
}  // namespace thalweg
