// Data into shards: what is read back is what reading gives in memory, and arrays pass by in blocks.
#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "host/checkpoint/files.hpp"
#include "host/data/moments.hpp"
#include "host/data/row_blocks.hpp"
#include "host/data/row_store.hpp"
#include "host/data/shard_data.hpp"
#include "host/data/shards/shard_store.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/pipe.hpp"
#include "tests/support/shard_data.hpp"
#include "thalweg/shards.hpp"
#include "thalweg/validate.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using test::npy;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(MomentsOfRows, AreThoseOfAllRowsAcrossBlocks) {
  // 1 .. n: mean (n + 1) / 2, squares n (n^2 - 1) / 12.
  MomentsOfRows rows(2);
  for (int i = 1; i <= 10'000; ++i) {
    const float row[] = {static_cast<float>(i), 7};
    rows.add(row);
  }
  const Moments all = rows.all();
  EXPECT_EQ(all.count, 10'000);
  EXPECT_DOUBLE_EQ(all.mean[0], 5000.5);
  EXPECT_NEAR(all.squares[0], 10'000 * (1e8 - 1) / 12, 1e-3);
  EXPECT_EQ(all.mean[1], 7);
  EXPECT_EQ(all.squares[1], 0);
}

/// Numbers of a linear congruence, in quarters from -16 to 16: exact in every type of float.
std::vector<float> quarters(std::int64_t count) {
  std::vector<float> numbers;
  std::uint32_t state = 1;
  for (std::int64_t i = 0; i < count; ++i) {
    state = state * 1664525 + 1013904223;
    numbers.push_back(static_cast<float>(state >> 25) / 4 - 16);
  }
  return numbers;
}

class Convert : public test::DataFiles {
 protected:
  /// Rows of 30 numbers, more than a block of reading and than a block of moments.
  static constexpr std::int64_t kRows = 12'000, kWidth = 30;

  std::string shape() const { return "(" + std::to_string(kRows) + ", " + std::to_string(kWidth) + ")"; }
  template <class T>
  DataConfig array(const std::string& type, const std::vector<T>& cells) const {
    DataConfig config;
    config.train = write("x.npy", npy(type, shape(), cells));
    config.target = write("y.npy", npy("<f4", "(" + std::to_string(kRows) + ",)", targets()));
    return config;
  }
  static std::vector<float> targets() {
    std::vector<float> y;
    for (std::int64_t r = 0; r < kRows; ++r) y.push_back(static_cast<float>(r % 977) / 8);
    return y;
  }

  /// Converts, opens, and compares with what reading gives in memory.
  Dataset expect_as_in_memory(const DataConfig& config, const ConvertOptions& options = {}) const {
    const Dataset memory = read_training_data(config, options.use);
    const std::string out = path("shards");
    report_ = convert(config, out, options);
    Dataset stored = open_shards(out);
    test::expect_rows_of(memory, stored);
    EXPECT_EQ(report_.rows, memory.rows);
    EXPECT_EQ(report_.features, memory.features);
    return stored;
  }
  ShardManifest manifest_of(const Dataset& stored) const {
    return dynamic_cast<const ShardStore&>(*stored.store).manifest();
  }
  std::int64_t bytes_in(const std::string& folder) const {
    std::int64_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder))
      bytes += static_cast<std::int64_t>(file.file_size());
    return bytes;
  }
  /// Names in the test's folder that are neither x nor y.
  std::vector<std::string> others() const {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(path(""))) {
      const std::string name = file.path().filename().string();
      if (name != "x.npy" && name != "y.npy") names.push_back(name);
    }
    return names;
  }

  mutable ConvertReport report_;
};

TEST_F(Convert, AnArrayOfFloatsBecomesTheDataSetOfTheSameRowsInMemory) {
  const Dataset stored = expect_as_in_memory(array("<f4", quarters(kRows * kWidth)));
  EXPECT_EQ(manifest_of(stored).facts.cells, ShardCells::unscaled) << "the array passed by in blocks";
  EXPECT_EQ(manifest_of(stored).facts.source, "x.npy");
  EXPECT_THAT(report_.notes, ElementsAre());
  EXPECT_EQ(report_.shards, 1);
  EXPECT_EQ(report_.bytes, bytes_in(path("shards")));
}

/// 12,000 rows of 30 numbers, and of as many bytes.
TEST_F(Convert, ASetThatDataMemoryHoldsIsReadIntoIt) {
  convert(array("<f4", quarters(kRows * kWidth)), path("floats"));
  convert(array("<u1", std::vector<unsigned char>(kRows * kWidth, 7)), path("bytes"));
  convert(DataFiles::config(write("s.svm", "1 1:2 3:4\n0 2:5\n1\n")), path("sparse"));
  const auto opened = [&](const std::string& name, const std::string& memory) {
    DataConfig config;
    config.train = path(name);
    config.memory = memory;
    return open_training_shards(config, nullptr, 1).data;
  };
  for (const auto& [name, bytes] :
       {std::pair("floats", 1'440'000), std::pair("bytes", 360'000), std::pair("sparse", 3 * 24)}) {
    const Dataset stored = opened(name, std::to_string(bytes - 1)),
                  read = opened(name, std::to_string(bytes));
    ASSERT_NE(stored.store, nullptr) << name;
    EXPECT_EQ(read.store, nullptr) << name;
    FeatureRows rows = test::features_of(stored);
    if (!stored.sparse) rows.offsets.clear();
    EXPECT_TRUE(read.dense_f32 == rows.f32 && read.dense_u8 == rows.u8) << name;
    EXPECT_TRUE(read.offsets == rows.offsets && read.columns == rows.columns && read.values == rows.values);
    EXPECT_EQ(read.rows, stored.rows);
    EXPECT_EQ(schema_to_json(schema_of(read)), schema_to_json(schema_of(stored)));
    EXPECT_EQ(fingerprint(read, true), fingerprint(stored, true)) << name;
    validate(read);
    EXPECT_EQ(opened(name, "auto").store, nullptr) << name;
  }
}

/// Time stamps, which float32 merges; in files of every kind.
TEST_F(Convert, TargetsThatFloat32WouldMergeAreRefused) {
  std::string csv = "x,t\n", near = "x,t\n";
  std::vector<double> stamps;
  for (int r = 0; r < 100; ++r) {
    stamps.push_back(1.7e12 + 100.0 * r);
    csv += std::to_string(r) + "," + std::to_string(1700000000000 + 100 * r) + "\n";
    near += std::to_string(r) + "," + std::to_string(16777216 + 1000 * r) + "\n";
  }
  DataConfig config;
  config.train = write("x.npy", npy("<f4", "(100, 1)", std::vector<float>(100, 0.5F)));
  config.target = write("y.npy", npy("<f8", "(100,)", stamps));
  const std::vector<std::string> words{"targets lie around 1.7e+12 with a deviation of 2886.61",
                                       "in which shards hold them", "subtract a number from the targets"};
  expect_error<DataError>([&] { convert(config, path("shards")); }, words);
  expect_error<DataError>([&] { convert(DataFiles::config(write("d.csv", csv)), path("shards")); }, words);
  EXPECT_EQ(convert(DataFiles::config(write("near.csv", near)), path("shards")).rows, 100)
      << "rounded by at most 1, of 28,866";
}

TEST_F(Convert, StandardisationIsThatOfAllRowsWhoseWeightIsNotZero) {
  DataConfig config;
  config.train = write("x.npy", npy("<f4", "(5, 1)", std::vector<float>{1, 2, 3, 4, 1000}));
  config.target = write("y.npy", npy("<f4", "(5,)", std::vector<float>{0, 1, 2, 3, 4}));
  config.weight = write("w.npy", npy("<f4", "(5,)", std::vector<float>{1, 8, 0.5, 2, 0}));
  config.class_weight = "balanced";  // for a run, not for the data
  convert(config, path("shards"), {.use = TargetUse::numbers});
  const Dataset stored = open_shards(path("shards"));
  // 1 2 3 4: mean 2.5, variance 1.25
  EXPECT_FLOAT_EQ(stored.transform.scale[0], static_cast<float>(1 / std::sqrt(1.25)));
  EXPECT_FLOAT_EQ(stored.transform.shift[0], static_cast<float>(-2.5 / std::sqrt(1.25)));
  EXPECT_THAT(stored.weight, ElementsAre(1, 8, 0.5, 2, 0)) << "as in the file";
}

TEST_F(Convert, ArraysOfOtherNumbersPassByAsTheyAreReadInMemory) {
  std::vector<double> doubles;
  for (const float x : quarters(kRows * kWidth)) doubles.push_back(x / 3.0);
  expect_as_in_memory(array("<f8", doubles));
  EXPECT_THAT(report_.notes, ElementsAre());
  std::filesystem::remove_all(path("shards"));
  std::vector<std::int16_t> integers;
  for (const float x : quarters(kRows * kWidth)) integers.push_back(static_cast<std::int16_t>(4 * x));
  EXPECT_EQ(manifest_of(expect_as_in_memory(array("<i2", integers))).facts.cells, ShardCells::unscaled);
}

TEST_F(Convert, BytesStayBytes) {
  std::vector<std::uint8_t> bytes;
  for (const float x : quarters(kRows * kWidth)) bytes.push_back(static_cast<std::uint8_t>(4 * x + 64));
  DataConfig config = array("|u1", bytes);
  const Dataset plain = expect_as_in_memory(config);
  EXPECT_EQ(plain.transform.scale, std::vector<float>(kWidth, 1.0F / 255));
  EXPECT_LT(report_.bytes, kRows * (kWidth + 4) + 20'000);
  std::filesystem::remove_all(path("shards"));
  config.standardize = Tristate::yes;
  expect_as_in_memory(config);
}

TEST_F(Convert, FeaturesThatAreNotStandardisedStayAsTheyAre) {
  DataConfig config = array("<f4", quarters(kRows * kWidth));
  config.standardize = Tristate::no;
  const Dataset stored = expect_as_in_memory(config);
  EXPECT_EQ(test::features_of(stored).f32, quarters(kRows * kWidth));
  EXPECT_TRUE(stored.transform.scale.empty());
  EXPECT_EQ(manifest_of(stored).facts.cells, ShardCells::inputs);
}

TEST_F(Convert, AColumnThatNeedsAnOffsetIsReadIntoMemoryAndSaysSo) {
  std::vector<double> cells;
  for (const float x : quarters(kRows * kWidth)) cells.push_back(x);
  for (std::int64_t r = 0; r < kRows; ++r)
    cells[static_cast<std::size_t>(r * kWidth + 3)] = 1.7e9 + 0.5 * static_cast<double>(r);
  const Dataset stored = expect_as_in_memory(array("<f8", cells));
  EXPECT_EQ(stored.transform.offset[3], 1.7e9);
  ASSERT_EQ(report_.notes.size(), 1U);
  EXPECT_THAT(report_.notes[0], HasSubstr("x.npy: column 3 has numbers that float32 rounds off"));
}

TEST_F(Convert, LabelsBecomeClassesAndArraysInFortranOrderAreReadWhole) {
  DataConfig config = array("<f4", quarters(kRows * kWidth));
  std::vector<std::int64_t> labels;
  for (std::int64_t r = 0; r < kRows; ++r) labels.push_back(r % 3 * 10);
  config.target = write("y.npy", npy("<i8", "(" + std::to_string(kRows) + ",)", labels));
  const Dataset classes = expect_as_in_memory(config, {.use = TargetUse::classes});
  EXPECT_THAT(classes.classes, ElementsAre("0", "10", "20"));
  EXPECT_THAT(manifest_of(classes).class_rows, ElementsAre(4000, 4000, 4000));
  std::filesystem::remove_all(path("shards"));
  write("x.npy", npy("<f4", shape(), quarters(kRows * kWidth), true));
  EXPECT_EQ(manifest_of(expect_as_in_memory(config)).facts.cells, ShardCells::inputs);
}

TEST_F(Convert, ARangeOfRowsKeepsItsRows) {
  DataConfig config = array("<f4", quarters(kRows * kWidth));
  config.train_rows = "9000:11000";
  const Dataset stored = expect_as_in_memory(config);
  EXPECT_EQ(stored.rows, 2000);
}

TEST_F(Convert, TextsAreReadIntoMemoryAndKeepTheirCategoriesAndTheirSparseRows) {
  DataConfig config;
  config.train = write("d.csv", "a,c,y\n1,red,0\n,blue,1\n4,red,1\n7,green,0\n");
  config.impute = Imputation::mean;
  const Dataset csv = expect_as_in_memory(config);
  EXPECT_THAT(csv.transform.names, ElementsAre("a", "c=blue", "c=green", "c=red"));
  std::filesystem::remove_all(path("shards"));
  DataConfig libsvm;
  libsvm.train = write("d.svm", "1 1:0.5 7:2\n-1\n1 3:1 4:1 5:1\n-1 7:8\n");
  const Dataset sparse = expect_as_in_memory(libsvm);
  EXPECT_TRUE(sparse.sparse);
  EXPECT_EQ(sparse.features, 7);
}

TEST_F(Convert, TablesKeepTheirWeightsAndTargetsForTheRun) {
  DataConfig config;
  config.train = write("d.csv", "a,w,y\n1,3,10\n2,0,20\n4,5,60\n");
  config.weight = "w";
  config.standardize_target = Tristate::yes;
  convert(config, path("numbers"), {.use = TargetUse::numbers});
  EXPECT_THAT(open_shards(path("numbers")).weight, ElementsAre(3, 0, 5));
  EXPECT_THAT(open_shards(path("numbers")).target, ElementsAre(10, 20, 60));
  config.class_weight = "1,2,4";
  convert(config, path("classes"), {.use = TargetUse::classes});
  EXPECT_THAT(open_shards(path("classes")).weight, ElementsAre(3, 0, 5));
}

TEST_F(Convert, APipeIsReadOnce) {
  const std::string cells = npy("<f8", "(3, 1)", std::vector<double>{1e9 + 0.25, 1e9 + 0.5, 1e9 + 1});
  const test::Pipe pipe(cells);
  DataConfig config;
  config.train = pipe.path();
  config.target = write("y.npy", npy("<f4", "(3,)", std::vector<float>{1, 2, 4}));
  convert(config, path("shards"), {.use = TargetUse::numbers});
  EXPECT_THAT(open_shards(path("shards")).transform.offset, ElementsAre(1e9 + 0.25));
}

TEST_F(Convert, BlocksHaveTheBytesOfAnyShardSize) {
  const DataConfig config = array("<f4", quarters(kRows * kWidth));
  // 1,440,000 bytes of features
  const ConvertReport report = convert(config, path("shards"), {.shard_bytes = 500'000});
  EXPECT_EQ(report.shards, 3);
  const Dataset few = open_shards(path("shards"));
  EXPECT_TRUE(test::features_of(few).f32 == read_training_data(config, TargetUse::automatic).dense_f32);
}

TEST_F(Convert, AMissingCellEndsItAndNothingIsLeft) {
  std::vector<float> cells = quarters(kRows * kWidth);
  cells[(11'000 * kWidth) + 4] = std::nanf("");
  const DataConfig config = array("<f4", cells);
  expect_error<DataError>([&] { convert(config, path("shards")); },
                          {"x.npy row 11000, column 4: missing value", "data.impute"});
  EXPECT_THAT(others(), ElementsAre());
  cells[(11'000 * kWidth) + 4] = HUGE_VALF;
  expect_error<DataError>([&] { convert(array("<f4", cells), path("shards")); },
                          {"x.npy row 11000, column 4: infinity"});
  EXPECT_THAT(others(), ElementsAre());
}

TEST_F(Convert, AnImputationIsThatOfAllRows) {
  std::vector<float> cells = quarters(kRows * kWidth);
  cells[7] = std::nanf("");
  DataConfig config = array("<f4", cells);
  config.impute = Imputation::median;
  const Dataset stored = expect_as_in_memory(config);
  EXPECT_EQ(stored.transform.impute.size(), static_cast<std::size_t>(kWidth));
}

/// For the summary of a run, which says the same of files.
TEST_F(Convert, ASetKeepsWhatWasFilledAndWhereItsWeightsAreFrom) {
  DataConfig config;
  config.train = write("d.csv", "a,b,w,y\n1,,3,10\n2,1,0,20\n,5,5,60\n4,5,5,80\n");
  config.weight = "w";
  config.impute = Imputation::mean;
  convert(config, path("table"), {.use = TargetUse::numbers});
  config = array("<f4", quarters(kRows * kWidth));
  config.weight = write("w.npy", test::npy("<f4", "(12000,)", std::vector<float>(kRows, 2)));
  convert(config, path("array"));
  DataConfig opened;
  opened.train = path("table");
  const TrainingShards table = open_training_shards(opened, nullptr, 1);
  EXPECT_EQ(table.notes, (ConversionNotes{.filled = 2, .impute = Imputation::mean, .weight = "w"}));
  EXPECT_EQ(table.data.filled, 2);
  const std::string manifest = read_file(path("table/manifest.json"));
  EXPECT_THAT(manifest, testing::HasSubstr("\"version\": 2,\n"));
  EXPECT_THAT(manifest, testing::HasSubstr(R"(  "filled": 2,
  "impute": "mean",
  "weight": "w",
  "schema": )"));
  opened.train = path("array");
  EXPECT_EQ(open_training_shards(opened, nullptr, 1).notes, (ConversionNotes{.weight = "w.npy"}));
  Dataset rows = open_shards(path("array"));
  write_shards(rows, path("again"));
  opened.train = path("again");
  EXPECT_EQ(open_training_shards(opened, nullptr, 1).notes.weight, "those of the shards");
}

TEST_F(Convert, NamesOfRowsAreLeftOutAndToldOf) {
  DataConfig config;
  config.train = write("d.csv", "who,a,y\nann,1,10\nbob,2,20\n");
  config.id = "who";
  const ConvertReport report = convert(config, path("shards"), {.use = TargetUse::numbers});
  EXPECT_THAT(report.notes, testing::Contains(config.train + ": shards keep no names of rows (who); "
                                                             "predictions on them number the rows"));
}

TEST_F(Convert, AnArrayThatEndsEarlyOrHasOtherLabelsLeavesNothing) {
  DataConfig config = array("<f4", quarters(kRows * kWidth));
  std::filesystem::resize_file(config.train, 1'300'000);
  expect_error<DataError>([&] { convert(config, path("shards")); }, {"x.npy is cut off"});
  config = array("<f4", quarters(kRows * kWidth));
  config.target = write("y.npy", npy("<f4", "(2,)", std::vector<float>{1, 2}));
  expect_error<DataError>([&] { convert(config, path("shards")); }, {"y.npy has 2 rows; want 12000"});
  config.target = path("none.npy");
  expect_error<NoInputError>([&] { convert(config, path("shards")); }, {"none.npy"});
  EXPECT_THAT(others(), ElementsAre());
}

TEST_F(Convert, AFolderThatExistsIsRefusedBeforeAnythingIsRead) {
  std::filesystem::create_directory(path("shards"));
  DataConfig config;
  config.train = path("none.npy");
  expect_error<UsageError>([&] { convert(config, path("shards")); }, {"shards exists"});
  std::filesystem::remove_all(path("shards"));
  convert(array("<f4", quarters(kRows * kWidth)), path("shards"));
  config.train = path("shards");
  expect_error<ConfigError>([&] { convert(config, path("again")); }, {"is a set of shards already"});
}

TEST_F(Convert, SettingsOfReadersAreRefusedForShards) {
  convert(array("<f4", quarters(kRows * kWidth)), path("shards"));
  const std::map<std::string, void (*)(DataConfig&)> settings{
      {"target", [](DataConfig& c) { c.target = "y.npy"; }},
      {"weight", [](DataConfig& c) { c.weight = "w.npy"; }},
      {"features", [](DataConfig& c) { c.features = 30; }},
      {"categorical", [](DataConfig& c) { c.categorical = {"a"}; }},
      {"crosses", [](DataConfig& c) { c.crosses = {"a*b"}; }},
      {"hash_bits", [](DataConfig& c) { c.hash_bits = 10; }},
      {"index_base", [](DataConfig& c) { c.index_base = IndexBase::zero; }},
      {"impute", [](DataConfig& c) { c.impute = Imputation::mean; }},
      {"train_rows", [](DataConfig& c) { c.train_rows = "0:10"; }},
      {"format", [](DataConfig& c) { c.format = DataFormat::npy; }},
      {"header", [](DataConfig& c) { c.header = Header::yes; }},
      {"delimiter", [](DataConfig& c) { c.delimiter = Delimiter::tab; }},
      {"decimal", [](DataConfig& c) { c.decimal = Decimal::comma; }},
      {"thousands", [](DataConfig& c) { c.thousands = Thousands::comma; }},
      {"comment", [](DataConfig& c) { c.comment = "#"; }},
      {"missing", [](DataConfig& c) { c.missing = {"-"}; }},
      {"ignore", [](DataConfig& c) { c.ignore = {"a"}; }},
      {"id", [](DataConfig& c) { c.id = "a"; }}};
  for (const auto& [key, set] : settings) {
    DataConfig config;
    config.train = path("shards");
    set(config);
    expect_error<ConfigError>([&] { open_training_shards(config, nullptr, 1); },
                              {"data." + key + " is given, but " + path("shards") + " is a set of shards"});
  }
  DataConfig with_text;
  with_text.train = path("shards");
  with_text.test = "t.csv";
  with_text.header = Header::yes;
  EXPECT_EQ(open_training_shards(with_text, nullptr, 1).data.rows, kRows) << "the test file is text";
  with_text.standardize = Tristate::no;
  expect_error<ConfigError>([&] { open_training_shards(with_text, nullptr, 1); },
                            {"data.standardize = false, but thalweg convert scaled the features"});
  with_text.standardize = Tristate::yes;
  EXPECT_EQ(open_training_shards(with_text, nullptr, 1).data.rows, kRows);
}

TEST_F(Convert, ShardsForAModelTakeItsScale) {
  convert(array("<f4", quarters(kRows * kWidth)), path("shards"));
  DataConfig few;
  few.train = write("few.npy", npy("<f4", "(3, 1)", std::vector<float>{1, 2, 6}));
  few.target = write("few_y.npy", npy("<f4", "(3,)", std::vector<float>{1, 2, 5}));
  convert(few, path("few"), {.use = TargetUse::numbers});
  DataSchema schema = schema_of(open_shards(path("few")));
  schema.transform.scale = {0.5};
  schema.transform.shift = {-1};
  const Dataset scaled = open_shards_as(path("few"), schema, true, 1);
  EXPECT_THAT(test::features_of(scaled).f32, ElementsAre(-0.5, 0, 2));
  schema.transform.scale.clear();
  schema.transform.shift.clear();
  EXPECT_THAT(test::features_of(open_shards_as(path("few"), schema, true, 1)).f32, ElementsAre(1, 2, 6));
  few.train = write("few.npy", npy("|u1", "(3, 1)", std::vector<std::uint8_t>{1, 2, 6}));
  convert(few, path("bytes"), {.use = TargetUse::numbers});
  schema.transform.scale = {0.25};
  schema.transform.shift = {3};
  const Dataset bytes = open_shards_as(path("bytes"), schema, true, 1);
  EXPECT_THAT(test::features_of(bytes).u8, ElementsAre(1, 2, 6));
  EXPECT_THAT(bytes.transform.scale, ElementsAre(0.25));
  EXPECT_THAT(bytes.transform.shift, ElementsAre(3));
  schema.features = 2;
  expect_error<ShapeError>([&] { open_shards_as(path("few"), schema, true, 1); },
                           {"few has 1 features; the model takes 2"});
}

TEST_F(Convert, TestDataOfShardsAreReadWhole) {
  convert(array("<f4", quarters(kRows * kWidth)), path("shards"));
  DataConfig config;
  config.test = path("shards");
  const DataSchema schema = schema_of(open_shards(path("shards")));
  EXPECT_EQ(read_test_data(config, schema, true).rows, kRows);
  config.test_rows = "0:5";
  expect_error<ConfigError>([&] { read_test_data(config, schema, true); },
                            {"data.test_rows = 0:5, but", "is a set of shards"});
  config.test_rows.clear();
  config.test_target = "y.npy";
  expect_error<ConfigError>([&] { read_test_data(config, schema, true); }, {"data.test_target = y.npy, but"});
}

TEST_F(Convert, AnArrayToPredictOnPassesByInBlocks) {
  DataConfig config = array("<f4", quarters(kRows * kWidth));
  config.standardize = Tristate::no;
  const DataSchema schema = schema_of(read_training_data(config, TargetUse::numbers));
  config.test = config.train;
  std::vector<float> cells;
  std::vector<std::string> places;
  read_test_blocks(config, schema, false, {}, [&](const Dataset& block) {
    cells.insert(cells.end(), block.dense_f32.begin(), block.dense_f32.end());
    places.push_back(block.where(0));
  });
  EXPECT_TRUE(cells == quarters(kRows * kWidth));
  // A piece of a megabyte holds 8738 rows of 120 bytes.
  EXPECT_THAT(places, ElementsAre(config.train + " row 0", config.train + " row 8738"));
}

}  // namespace
}  // namespace thalweg
