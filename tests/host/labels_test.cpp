// Targets as classes or numbers, class weights and sample weights.
#include "host/data/labels.hpp"

#include <cmath>

#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using test::npy;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;

class Labels : public test::DataFiles {
 protected:
  Dataset weighted(const std::string& class_weight, const std::string& text = "x,y\n1,b\n2,a\n3,b\n4,c\n") {
    DataConfig c = config(write("d.csv", text));
    c.class_weight = class_weight;
    return read_training_data(c, TargetUse::automatic);
  }
  std::string rows_of_x(int rows) {
    return write("x.npy", npy("<f4", "(" + std::to_string(rows) + ", 1)",
                              Floats(static_cast<std::size_t>(rows), 1.0f)));
  }
};

TEST_F(Labels, BalancedClassWeightsGiveEachClassTheSameSum) {
  // rows / (classes * rows of the class) = 4 / 3, 4 / 6, 4 / 3 for a, b, c
  const float once = static_cast<float>(4.0 / 3), twice = static_cast<float>(4.0 / 6);
  EXPECT_EQ(weighted("balanced").weight, (Floats{twice, once, twice, once}));
}

TEST_F(Labels, ClassWeightsCountTheRowsTrainedOnAndAreTheirsAlone) {
  Dataset d;
  d.target_kind = TargetKind::classes;
  d.classes = {"a", "b", "c"};
  d.target = {0, 1, 1, 0, 2};
  d.rows = 5;
  fit_weights("balanced", {0, 1, 2}, d);
  // of three rows: 3 / (3 * 1) for a, 3 / (3 * 2) for b; their mean over the three is 2 / 3. The others are
  // measured as test data are.
  EXPECT_EQ(d.weight, (Floats{1.5f, 0.75f, 0.75f, 1, 1}));
}

TEST_F(Labels, BalancedClassWeightsSumTheSampleWeightsOfAClass) {
  Dataset d;
  d.target_kind = TargetKind::classes;
  d.classes = {"a", "b", "c"};
  d.target = {0, 1, 1, 0, 2};
  d.weight = {4, 1, 2, 1, 2};
  d.rows = 5;
  fit_weights("balanced", {0, 1, 2, 3, 4}, d);
  // scikit-learn 1.9: compute_class_weight gives 2/3, 10/9, 5/3; the mean of the products is 2.
  EXPECT_EQ(d.weight, (Floats{4.0f / 3, 5.0f / 9, 10.0f / 9, 1.0f / 3, 5.0f / 3}));
}

TEST_F(Labels, WeightsHaveTheMeanOneOverTheRowsTrainedOn) {
  const auto fitted = [](const Floats& weight, const std::vector<std::int64_t>& fit) {
    Dataset d;
    d.rows = 4, d.target = Floats(4), d.weight = weight;
    fit_weights("none", fit, d);
    return d.weight;
  };
  EXPECT_EQ(fitted({1, 9, 2, 0}, {0, 1, 2, 3}), (Floats{1.0f / 3, 3, 2.0f / 3, 0}));
  EXPECT_EQ(fitted({1, 3, 8, 0}, {0, 1}), (Floats{0.5f, 1.5f, 8, 0})) << "validation rows have no part";
  EXPECT_EQ(fitted({7, 7, 7, 7}, {0, 1, 2}), (Floats{1, 1, 1, 7}));
  EXPECT_EQ(fitted({1000, 9000, 2000, 0}, {0, 1, 2, 3}), fitted({1, 9, 2, 0}, {0, 1, 2, 3}));
  EXPECT_EQ(fitted({0x1.8p127f, 0x1p126f, 0x1.8p127f, 0x1p126f}, {0, 1, 2, 3}),
            (Floats{1.5f, 0.5f, 1.5f, 0.5f}));
  EXPECT_TRUE(fitted({}, {0, 1}).empty());
}

TEST_F(Labels, RowsToTrainOnThatAllWeighNothingAreRefused) {
  Dataset d;
  d.source = "d.csv", d.rows = 3, d.target = {0, 0, 1}, d.weight = {0, 0, 1};
  expect_error<DataError>([&] { fit_weights("none", {0, 1}, d); }, {"d.csv", "weight 0", "in data.weight"});
  d.target_kind = TargetKind::classes, d.classes = {"a", "b"}, d.weight = {};
  expect_error<DataError>([&] { fit_weights("0,1", {0, 1}, d); }, {"d.csv", "weight 0", "data.class_weight"});
}

TEST_F(Labels, AFileOfLabelsThatIsBinaryAndNoArrayIsRefused) {
  DataConfig c = config(rows_of_x(2));
  const auto refused = [&](const std::string& bytes, const char* why) {
    c.target = write("labels", bytes);
    expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); }, {c.target, why});
  };
  refused(std::string("1\0\n\0002\0\n\0", 8), "is binary and neither npy nor IDX");  // UTF-16
  refused(std::string("\0\0\0\1\0\0\0\2", 8), "is binary and neither npy nor IDX");  // no IDX type is 0
  refused(std::string("PK\5\6") + std::string(18, '\0'), "is an npz archive");
}

TEST_F(Labels, ListedClassWeightsStandInTheOrderOfTheClasses) {
  EXPECT_EQ(weighted("0.5,2,3").weight, (Floats{2 / 1.875f, 0.5f / 1.875f, 2 / 1.875f, 3 / 1.875f}));
  EXPECT_EQ(weighted("0,1,0").weight, (Floats{2, 0, 2, 0}));
  EXPECT_TRUE(weighted("none").weight.empty());
}

TEST_F(Labels, WrongClassWeightsAreConfigErrors) {
  for (const char* weights : {"", "1,-2,3", "1,,3", "1,x,3", "1,nan,3", "1,2,", "1;2;3"})
    expect_error<ConfigError>([&] { weighted(weights); }, {"data.class_weight", weights});
  expect_error<ConfigError>([&] { weighted("1,2"); }, {"2 numbers; want 3", "a, b, c"});
  expect_error<ConfigError>([&] { weighted("1,2,3,4"); }, {"4 numbers; want 3"});
}

TEST_F(Labels, ClassesOfNumbersAreWrittenInTheirShortestForm) {
  DataConfig c = config(rows_of_x(5));
  c.target = write("y.npy", npy("<f8", "(5,)", std::vector<double>{2.5, 3, -1, 0x1p63, 2.5}));
  const Dataset d = read_training_data(c, TargetUse::classes);
  EXPECT_EQ(d.classes, (Texts{"-1", "2.5", "3", "9.223372036854776e+18"}));
  EXPECT_EQ(d.target, (Floats{1, 2, 0, 3, 1}));
}

TEST_F(Labels, NumbersWrittenInTwoWaysAreOneClass) {
  DataConfig c = config(write("d.csv", "x,y\n1,1.0\n2,2\n3,1\n4,+2\n"));
  const Dataset d = read_training_data(c, TargetUse::classes);
  EXPECT_EQ(d.classes, (Texts{"1", "2"}));
  EXPECT_EQ(d.target, (Floats{0, 1, 0, 1}));
  const Dataset test = read_data_as(c, write("t.csv", "x,y\n1,1e0\n2,2.00\n"), "", "", schema_of(d), true);
  EXPECT_EQ(test.target, (Floats{0, 1}));
  EXPECT_EQ(test.target_kind, TargetKind::classes);
}

TEST_F(Labels, TheShortestWayToWriteANumberNamesItsClassInAnyOrderOfTheRows) {
  for (const char* rows : {"1,1e0\n2,-0\n3,1\n4,0\n5,1.0\n", "1,1.0\n2,0\n3,1e0\n4,-0\n5,1\n"})
    EXPECT_EQ(
        read_training_data(config(write("d.csv", std::string("x,y\n") + rows)), TargetUse::classes).classes,
        (Texts{"0", "1"}));
}

/// One text among the numbers makes all of them texts, in the order of texts.
TEST_F(Labels, ClassesAreInTheOrderOfNumbersOnlyWhereAllAreNumbers) {
  const auto classes = [&](const std::string& last) {
    return read_training_data(config(write("d.csv", "x,y\n1,10\n2,9\n3,-1\n4," + last + "\n")),
                              TargetUse::classes)
        .classes;
  };
  EXPECT_EQ(classes("2"), (Texts{"-1", "2", "9", "10"}));
  EXPECT_EQ(classes("x"), (Texts{"-1", "10", "9", "x"}));
}

TEST_F(Labels, MoreThan65536ClassesAreRefused) {
  for (const bool text : {true, false}) {
    for (const int distinct : {65536, 65537}) {
      DataConfig c = config(rows_of_x(distinct));
      std::string y;
      for (int i = 0; i < distinct; ++i) y += (text ? "k" : "") + std::to_string(i) + "\n";
      c.target = write("y.txt", y);
      const auto read = [&] { return read_training_data(c, TargetUse::classes).classes.size(); };
      if (distinct == 65536)
        EXPECT_EQ(read(), 65536u);
      else
        expect_error<DataError>(read, {"x.npy: more than 65536 distinct labels"});
    }
  }
}

TEST_F(Labels, ALabelThatIsNotUtf8IsRefused) {
  expect_error<DataError>([&] { weighted("none", "x,y\n1,a\n2,\xE9\n"); }, {"d.csv: the label", "UTF-8"});
}

TEST_F(Labels, AFileOfLabelsNamesTheLineThatIsNone) {
  DataConfig c = config(rows_of_x(3));
  const auto fails = [&](const std::string& labels, const std::vector<std::string>& words) {
    c.target = write("y.txt", labels);
    expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); }, words);
  };
  fails("1\n\n3\n", {"y.txt line 2: got \"\"; want a label"});
  fails("1\n2\nNA\n", {"y.txt line 3: got \"NA\"; want a label"});
  fails("1\n2\n", {"y.txt has 2 rows; want 3, as many as", "x.npy"});
  fails("1\n2\n3\n4", {"y.txt has 4 rows; want 3"});
  fails("", {"y.txt is empty; want one label per line"});
  c.target = write("y.txt", "1\r\n2.5\r\n 3 ");
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).target, (Floats{1, 2.5f, 3}));
  c.train_rows = "1:3";
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).target, (Floats{2.5f, 3}));
  fails("1\n2\n", {"y.txt has 2 rows; the row range wants 1 to 3"});
}

TEST_F(Labels, AFileOfLabelsMayBeginWithTheirName) {
  DataConfig c = config(rows_of_x(3));
  c.target = write("y.txt", "price\n1\n2.5\n3\n");
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).target, (Floats{1, 2.5f, 3}));
  c.train_rows = "1:3";
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).target, (Floats{2.5f, 3}));
  c.train_rows.clear();
  c.target = write("y.txt", "kind\n\"cat\"\ndog\ncat\n");
  const auto read = [&] { return read_training_data(c, TargetUse::automatic).classes; };
  expect_error<DataError>(read, {"y.txt has 4 rows; want 3", "data.header = \"yes\" if line 1 is a name"});
  c.header = Header::yes;
  EXPECT_EQ(read(), (Texts{"cat", "dog"}));
  c.comment = "#";
  c.target = write("y.txt", "# made today\nkind\ncat\n# half\ndog\ncat\n");
  EXPECT_EQ(read(), (Texts{"cat", "dog"}));
}

TEST_F(Labels, ATextAmongNumbersInAFileIsASlip) {
  DataConfig c = config(rows_of_x(3));
  const auto fails = [&](const std::string& labels, const std::vector<std::string>& words) {
    c.target = write("y.txt", labels);
    expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); }, words);
  };
  fails("1\n2\nhigh\n", {"y.txt line 3: got \"high\"; want a number, as in the rest of the file"});
  fails("0,5\n1,5\n2,5\n", {"y.txt line 1: got \"0,5\", which looks like", "data.decimal = \"comma\""});
  c.decimal = Decimal::comma;
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).target, (Floats{0.5f, 1.5f, 2.5f}));
}

TEST_F(Labels, WeightsInAFileAreThoseOfTheTrainingRows) {
  DataConfig c = config(rows_of_x(3));
  c.target = write("y.txt", "1\n2\n3\n");
  c.weight = write("w.txt", "1\n0\n2.5\n");
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.weight, (Floats{6.0f / 7, 0, 15.0f / 7})) << "over their mean, 7 / 6";
  const std::string x = write("t.npy", npy("<f4", "(2, 1)", Floats{1, 2})), y = write("t.txt", "4\n5\n");
  const Dataset test = read_data_as(c, x, y, "", schema_of(d), true);
  EXPECT_EQ(test.target, (Floats{4, 5}));
  EXPECT_TRUE(test.weight.empty());
}

TEST_F(Labels, WrongWeightsInAFileNameItAndTheRow) {
  DataConfig c = config(rows_of_x(3));
  c.target = write("y.txt", "1\n2\n3\n");
  const auto fails = [&](const std::string& weights, const std::vector<std::string>& words) {
    c.weight = write("w.txt", weights);
    expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); }, words);
  };
  fails("1\n2\n", {"w.txt has 2 rows; want 3"});
  fails("1\nheavy\n3\n", {"w.txt line 2: got \"heavy\"; want a number"});
  fails("1\n-1\n3\n", {"x.npy row 1: the weight is -1"});
  fails("1\n1e60\n3\n", {"x.npy row 1: the weight is inf"});
  fails("0\n0\n0\n", {"x.npy: every weight is 0"});
}

TEST_F(Labels, AWeightColumnIsReadWithTestDataToo) {
  DataConfig c = config(write("d.csv", "x,w,y\n1,2,1\n2,3,2\n"));
  c.weight = "w";
  const Dataset d = read_training_data(c, TargetUse::numbers);
  EXPECT_EQ(d.weight, (Floats{0.8f, 1.2f}));
  const DataSchema schema = schema_of(d);
  EXPECT_EQ(read_data_as(c, write("t.csv", "x,w,y\n1,5,1\n"), "", "", schema, true).weight, (Floats{5}));
}

TEST_F(Labels, ARowOfWeightZeroCountsAsIfItWereNotThere) {
  DataConfig c = config(write("d.csv", "x,z,w,y\n1,1,1,10\n3,,1,30\n-999,-999,0,-999\n1,3,1,10\n3,2,1,30\n"));
  c.weight = "w";
  c.impute = Imputation::mean;
  c.standardize = Tristate::yes;
  c.standardize_target = Tristate::yes;
  const Dataset d = read_training_data(c, TargetUse::numbers);
  EXPECT_EQ(d.transform.impute[1], 2) << "the mean of 1, 3 and 2";
  EXPECT_EQ(d.dense_f32[0], -1) << "1 by the mean 2 and the deviation 1";
  EXPECT_EQ(d.dense_f32[2], 1);
  EXPECT_EQ(d.target_transform.mean, 20);
  EXPECT_EQ(d.target_transform.deviation, 10);
}

TEST_F(Labels, AWeightColumnThatTestDataLackIsNotedAndEveryRowCountsOnce) {
  DataConfig c = config(write("d.csv", "x,w,y\n1,2,1\n2,3,2\n"));
  c.weight = "w";
  const DataSchema schema = schema_of(read_training_data(c, TargetUse::numbers));
  const Dataset test = read_data_as(c, write("u.csv", "x,y\n1,1\n"), "", "", schema, true);
  EXPECT_TRUE(test.weight.empty());
  EXPECT_EQ(test.notes, (std::vector<std::string>{
                            path("u.csv") + " has no column \"w\" (data.weight): every row has weight 1"}));
  EXPECT_TRUE(read_data_as(c, write("u.csv", "x\n1\n"), "", "", schema, false).weight.empty());
}

TEST_F(Labels, TextsAreNoTargetsOfALossOfNumbers) {
  DataConfig c = config(write("x.npy", npy("<f4", "(2, 1)", Floats{1, 2})));
  c.target = write("l.txt", "cat\ndog\n");
  expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); },
                          {"x.npy: the targets are text, as \"cat\"; want numbers for this loss"});
}

TEST_F(Labels, TargetsOfANumberModelAreNumbers) {
  DataConfig c = config(write("d.csv", "x,y\n1,1\n2,3\n"));
  const DataSchema schema = schema_of(read_training_data(c, TargetUse::numbers));
  expect_error<DataError>([&] { read_data_as(c, write("t.csv", "x,y\n1,2\n2,inf\n"), "", "", schema, true); },
                          {"t.csv line 3"});
  expect_error<DataError>(
      [&] {
        read_data_as(c, write("t.npy", npy("<f4", "(1, 1)", Floats{1})), write("l.txt", "cat\n"), "", schema,
                     true);
      },
      {"t.npy: the targets are text, as \"cat\"; the model was trained on numbers"});
  expect_error<DataError>(
      [&] {
        read_data_as(c, write("t.npy", npy("<f4", "(2, 1)", Floats{1, 2})), write("l.txt", "1\n1e300\n"), "",
                     schema, true);
      },
      {"t.npy row 1: the target is 1e+300", "float32"});
}

std::string repeated(const Texts& labels, int times) {
  std::string rows = "x,y\n";
  for (int i = 0; i < times; ++i)
    for (const std::string& label : labels) rows += std::to_string(i) + "," + label + "\n";
  return rows;
}

TEST_F(Labels, IdsOf64BitsStayApartInEveryFormat) {
  const Texts ids{"76561198000000001", "76561198000000002", "76561198000000003"};
  std::string svm;
  std::vector<std::int64_t> numbers;
  std::vector<std::uint64_t> large;
  for (int i = 0; i < 30; ++i) {
    svm += ids[static_cast<std::size_t>(i % 3)] + " 1:1\n";
    numbers.push_back(76561198000000001 + i % 3);
    large.push_back(18446744073709551613U + static_cast<unsigned>(i % 3));
  }
  DataConfig array = config(rows_of_x(30)), unsigned_array = array;
  array.target = write("y.npy", npy("<i8", "(30,)", numbers));
  unsigned_array.target = write("u.npy", npy("<u8", "(30,)", large));
  for (const DataConfig& c : {config(write("d.csv", repeated(ids, 10))), config(write("d.svm", svm)), array})
    for (const TargetUse use : {TargetUse::automatic, TargetUse::classes}) {
      const Dataset d = read_training_data(c, use);
      EXPECT_EQ(d.classes, ids) << c.train;
      EXPECT_EQ(d.target[29], 2.0f);
    }
  EXPECT_EQ(read_training_data(unsigned_array, TargetUse::automatic).classes,
            (Texts{"18446744073709551613", "18446744073709551614", "18446744073709551615"}));

  const DataConfig c = config(write("d.csv", repeated({ids[0], ids[2]}, 10)));
  const DataSchema schema = schema_of(read_training_data(c, TargetUse::classes));
  const std::string unseen = write("t.csv", "x,y\n1," + ids[1] + "\n");
  expect_error<DataError>([&] { read_data_as(c, unseen, "", "", schema, true); },
                          {"t.csv line 2", ids[1], "was not seen in training"});
  const std::string padded = write("t.csv", "x,y\n1,+076561198000000003\n");
  EXPECT_EQ(read_data_as(c, padded, "", "", schema, true).target, (Floats{1}));
}

TEST_F(Labels, LargeNumbersAreInOrderByTheirDigits) {
  const auto classes = [&](const Texts& labels) {
    return read_training_data(config(write("d.csv", repeated(labels, 1))), TargetUse::classes).classes;
  };
  const Texts below{"-9007199254740994", "-9007199254740993", "0", "9007199254740992", "9007199254740993"};
  EXPECT_EQ(classes({below[4], below[1], below[3], below[0], below[2]}), below);
  EXPECT_EQ(classes({"1e16", "10000000000000000", "9999999999999999"}), (Texts{"9999999999999999", "1e16"}));
}

TEST_F(Labels, AnArrayOfTextsHoldsLabels) {
  DataConfig c = config(rows_of_x(3));
  c.target = write(
      "y.npy", npy("<U4", "(3,)",
                   std::vector<char32_t>{U'y', U'e', U's', 0, U'n', U'o', 0, 0, 0xFC, 0x20AC, 0x1F600, 0}));
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.classes, (Texts{"no", "yes", "\u00FC\u20AC\U0001F600"}));
  EXPECT_EQ(d.target, (Floats{1, 0, 2}));
  c.target = write("y.npy", npy("|S2", "(3,)", std::vector<char>{'b', 'b', 'a', 0, 'b', 'b'}));
  c.train_rows = "1:3";
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).classes, (Texts{"a", "bb"}));
  c.target = write("y.npy", npy("|S1", "(3,)", std::vector<char>{'1', '0', '1'}));
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).target, (Floats{0, 1}));
  c.target = write("y.npy", npy("|S1", "(3,)", std::vector<char>{'b', 'b', 0}));
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); }, {"y.npy row 2", "label"});
  c.target = write("y.npy", npy("|S2", "(3,)", std::vector<char>{'b', 'b', 'b'}));
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); }, {"y.npy is cut off"});
}

}  // namespace
}  // namespace thalweg
