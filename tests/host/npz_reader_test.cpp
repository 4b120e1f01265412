// npz archives: which members are read, and what a damaged archive is told as.
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tests/support/data_files.hpp"
#include "tests/support/zip_archive.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using test::npy;
using test::zip;
using Floats = std::vector<float>;

class NpzReader : public test::DataFiles {};

TEST_F(NpzReader, ReadsStoredAndDeflatedArchives) {
  const std::string x = npy("<f4", "(3, 2)", Floats{1, 2, 3, 4, 5, 6}),
                    y = npy("<i4", "(3,)", std::vector<int>{1, 0, 1});
  for (const bool deflate_them : {false, true}) {
    for (const auto& [features, labels] :
         {std::pair{"X.npy", "y.npy"}, {"data.npy", "target.npy"}, {"a.npy", "labels.npy"}}) {
      const Dataset d = read_training_data(
          config(write("d.npz", zip({{labels, y}, {features, x}}, deflate_them))), TargetUse::automatic);
      EXPECT_EQ(d.dense_f32, (Floats{1, 2, 3, 4, 5, 6}));
      EXPECT_EQ(d.target, (Floats{1, 0, 1}));
    }
    DataConfig c = config(write("d.npz", zip({{"X.npy", x}, {"mine.npy", y}}, deflate_them)));
    c.target = "mine";
    c.train_rows = "1:3";
    EXPECT_EQ(read_training_data(c, TargetUse::automatic).target, (Floats{0, 1}));
  }
}

TEST_F(NpzReader, ReadsArchivesWhoseSizesStandInTheirZip64Fields) {
  Floats in_file(1000, 0.5f);
  in_file[998] = 7;
  const std::string x = npy("<f4", "(500, 2)", in_file), y = npy("<i4", "(500,)", std::vector<int>(500, 1));
  for (const bool deflate_them : {false, true}) {
    const Dataset d = read_training_data(
        config(write("d.npz", zip({{"y.npy", y}, {"X.npy", x}}, deflate_them, 0, true))), TargetUse::numbers);
    EXPECT_EQ(d.dense_f32, in_file);
    EXPECT_EQ(d.target, Floats(500, 1));
  }
}

TEST_F(NpzReader, AMemberOfAnArchiveIsFoundByTheUsualNamesInTheirOrder) {
  const auto array = [](float value) { return npy("<f4", "(2, 1)", Floats{value, value}); };
  const std::string y = npy("<f4", "(2,)", Floats{8, 9});
  const char* const names[] = {"X", "data", "x", "x_train", "X_train"};
  std::vector<std::pair<std::string, std::string>> members{{"y.npy", y}};
  for (int i = 4; i >= 0; --i) {
    members.emplace_back(std::string(names[i]) + ".npy", array(static_cast<float>(i)));
    const Dataset d = read_training_data(config(write("d.npz", zip(members, true))), TargetUse::numbers);
    EXPECT_EQ(d.dense_f32[0], static_cast<float>(i)) << names[i];
    EXPECT_EQ(d.source, path("d.npz") + ":" + names[i]);
  }
  members = {{"X.npy", array(1)}};
  const char* const targets[] = {"y", "target", "labels", "y_train"};
  for (int i = 3; i >= 0; --i) {
    members.emplace_back(std::string(targets[i]) + ".npy", npy("<f4", "(2,)", Floats{float(i), 0}));
    const Dataset d = read_training_data(config(write("d.npz", zip(members, true))), TargetUse::numbers);
    EXPECT_EQ(d.target[0], static_cast<float>(i)) << targets[i];
  }
}

TEST_F(NpzReader, AnArchiveMayHoldWeights) {
  const std::string x = npy("<f4", "(2, 1)", Floats{1, 2}), y = npy("<f4", "(2,)", Floats{8, 9}),
                    w = npy("<f8", "(2,)", std::vector<double>{0.5, 2}), v = npy("<f4", "(2,)", Floats{3, 4});
  DataConfig c = config(
      write("d.npz", zip({{"X.npy", x}, {"y.npy", y}, {"sample_weight.npy", w}, {"mine.npy", v}}, true)));
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).weight, (Floats{0.4f, 1.6f}))
      << "over their mean, 5 / 4";
  const DataConfig first =
      config(write("w.npz", zip({{"sample_weight.npy", w}, {"X.npy", x}, {"y.npy", y}}, true)));
  EXPECT_EQ(read_training_data(first, TargetUse::numbers).weight, (Floats{0.4f, 1.6f}));
  c.weight = "mine";
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).weight, (Floats{6.0f / 7, 8.0f / 7}));
  c.weight = write("w.txt", "5\n6\n");
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).weight, (Floats{10.0f / 11, 12.0f / 11}));
  c.target = write("y.txt", "1\n2\n");
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).target, (Floats{1, 2}));
  c = config(write("d.npz", zip({{"X.npy", x}, {"y.npy", npy("<f4", "(3,)", Floats{1, 2, 3})}}, true)));
  expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); },
                          {"d.npz:y has 3 rows; want 2, as many as the features"});
}

TEST_F(NpzReader, WeightsThatAreTextsAreRefused) {
  const std::string x = npy("<f4", "(2, 1)", Floats{1, 2}), y = npy("<f4", "(2,)", Floats{8, 9}),
                    w = npy("|S3", "(2,)", std::vector<char>{'l', 'o', 'w', 't', 'o', 'p'});
  DataConfig c =
      config(write("d.npz", zip({{"X.npy", x}, {"y.npy", y}, {"sample_weight.npy", w}, {"v.npy", w}}, true)));
  const auto refused = [&](const std::vector<std::string>& words) {
    expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); }, words);
  };
  refused({"d.npz:sample_weight: the weights are texts, as \"low\"; want a number per row"});
  c.weight = "v";
  refused({"d.npz:v: the weights are texts"});
  c.weight = write("w.txt", "high\nlow\n");
  refused({"w.txt: the weights are texts, as \"high\""});
}

TEST_F(NpzReader, WeightsOfAShorterNameAreTakenWhereThereIsOnePerTarget) {
  const std::string x = npy("<f4", "(2, 3)", Floats{1, 2, 3, 4, 5, 6}), y = npy("<f4", "(2,)", Floats{8, 9});
  for (const char* name : {"w.npy", "weight.npy", "weights.npy"}) {
    const auto weight = [&](const std::string& array) {
      const std::string file = write("d.npz", zip({{"X.npy", x}, {"y.npy", y}, {name, array}}, true));
      return read_training_data(config(file), TargetUse::numbers).weight;
    };
    EXPECT_EQ(weight(npy("<f8", "(2,)", std::vector<double>{0.5, 2})), (Floats{0.4f, 1.6f}));
    EXPECT_TRUE(weight(npy("<f8", "(3,)", std::vector<double>{1, 2, 3})).empty()) << "coefficients";
  }
}

/// As scipy's save_npz writes [[0, 5, 0], [0, 0, 0], [7, 0, 6]], whose last row it may leave unsorted.
class SparseNpz : public NpzReader {
 protected:
  using Wholes = std::vector<std::int32_t>;
  static std::string format(const char* name) { return npy("|S3", "()", std::vector<char>(name, name + 3)); }
  DataConfig matrix(const std::string& form, const Wholes& indptr = {0, 1, 1, 3},
                    const Wholes& indices = {1, 2, 0}, const std::vector<double>& values = {5, 6, 7},
                    std::int64_t rows = 3) {
    const auto shape = [](std::size_t n) { return "(" + std::to_string(n) + ",)"; };
    DataConfig c =
        config(write("d.npz", zip({{"indices.npy", npy("<i4", shape(indices.size()), indices)},
                                   {"indptr.npy", npy("<i4", shape(indptr.size()), indptr)},
                                   {"format.npy", form},
                                   {"shape.npy", npy("<i8", "(2,)", std::vector<std::int64_t>{rows, 3})},
                                   {"data.npy", npy("<f8", shape(values.size()), values)}},
                                  true)));
    c.target = write("y.txt", rows == 3 ? "1.5\n2\n3\n" : "1.5\n2\n3\n4\n5\n");
    return c;
  }
};

TEST_F(SparseNpz, RowsAreReadAsTheMatrixHasThem) {
  DataConfig c = matrix(format("csr"));
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_TRUE(d.sparse);
  EXPECT_EQ(d.features, 3);
  EXPECT_EQ(d.offsets, (std::vector<std::int64_t>{0, 1, 1, 3}));
  EXPECT_EQ(d.columns, (Wholes{1, 0, 2}));
  EXPECT_EQ(d.values, (Floats{5, 7, 6}));
  EXPECT_EQ(d.target, (Floats{1.5f, 2, 3}));
  c.train_rows = "1:3";
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).offsets, (std::vector<std::int64_t>{0, 0, 2}));
}

TEST_F(SparseNpz, AColumnWhoseValuesAreOneInFloat32IsRefused) {
  const std::vector<double> ids{1600000001, 1600000002, 1600000003, 1600000004, 1600000005};
  DataConfig c = matrix(format("csr"), {0, 1, 2, 3, 4, 5}, {1, 1, 1, 1, 1}, ids, 5);
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); },
                          {"d.npz, index 1: 5 distinct values are 1 in float32"});
  c = matrix(format("csr"), {0, 1, 2, 3, 4, 5}, {0, 1, 2, 1, 0}, ids, 5);
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).values, Floats(5, 1.6e9f))
      << "at most two values of a column become one";
}

TEST_F(SparseNpz, IndicesThatTrainingDidNotHaveAreLeftOutAndCounted) {
  DataConfig c = matrix(format("csr"));
  DataSchema schema{.sparse = true, .features = 2};
  schema.index_base = 0;
  const Dataset d = read_data_as(c, c.train, c.target, "", schema, true);
  EXPECT_EQ(d.features, 2);
  EXPECT_EQ(d.columns, (Wholes{1, 0}));
  EXPECT_EQ(d.values, (Floats{5, 7}));
  EXPECT_EQ(d.unseen, 1);
  EXPECT_EQ(
      d.notes,
      (std::vector<std::string>{c.train + ": 1 entry with an index that training did not have, as 2 in " +
                                c.train + " row 2; left out (data.unseen = ignore)"}));
  c.unseen = Unseen::error;
  expect_error<DataError>([&] { read_data_as(c, c.train, c.target, "", schema, true); },
                          {"d.npz row 2: index 2; want at most 1", "data.unseen = ignore"});
  schema.features = 5;
  EXPECT_EQ(read_data_as(c, c.train, c.target, "", schema, true).features, 5) << "a narrow matrix fits";
}

TEST_F(SparseNpz, OtherFormatsAndDamageAreNamed) {
  const auto refused = [&](const DataConfig& c, const std::vector<std::string>& words) {
    expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); }, words);
  };
  for (const char* name : {"csc", "coo", "bsr", "dia"})
    refused(matrix(format(name)), {"d.npz", "format \"" + std::string(name) + "\"; want csr", "tocsr()"});
  refused(matrix(format("csr"), {0, 1, 3}), {"d.npz is a damaged sparse matrix", "indptr"});
  refused(matrix(format("csr"), {0, 2, 1, 3}), {"d.npz is a damaged sparse matrix", "do not fit"});
  refused(matrix(format("csr"), {0, 1, 1, 4}), {"d.npz is a damaged sparse matrix", "do not fit"});
  refused(matrix(format("csr"), {1, 1, 1, 3}), {"d.npz is a damaged sparse matrix", "do not fit"});
  refused(matrix(format("csr"), {0, 1, 1, 3}, {1, 2}), {"d.npz is a damaged sparse matrix", "do not fit"});
  refused(matrix(format("csr"), {0, 1, 1, 3}, {1, 3, 0}), {"index 3 in a row of 3 columns"});
  refused(matrix(format("csr"), {0, 1, 1, 3}, {1, -1, 0}), {"index -1 in a row of 3 columns"});
  refused(matrix(format("csr"), {0, 1, 1, 3}, {1, 1, 1}), {"d.npz row 2: index 1 comes twice"});
  refused(matrix(format("csr"), {0, 1, 1, 3}, {1, 2, 0}, {NAN, 6, 7}), {"d.npz row 0, index 1: got nan"});
}

TEST_F(NpzReader, OneNameInTheDirectoryAndAnotherAtTheArrayIsDamage) {
  const std::string array = npy("<f4", "(2,)", Floats{1, 2});
  std::string archive = zip({{"X.npy", array}, {"y.npy", array}}, false);
  archive[archive.find("X.npy")] = 'Z';
  expect_error<DataError>([&] { read_training_data(config(write("d.npz", archive)), TargetUse::automatic); },
                          {"d.npz", "damaged"});
}

TEST_F(NpzReader, AMemberThatInflatesToLessThanItsSizeIsDamage) {
  const std::string array = npy("<f4", "(2,)", Floats{1, 2});
  std::string archive = zip({{"X.npy", array}, {"y.npy", array}}, true);
  const std::size_t size = archive.find("PK\x01\x02") + 24;
  ASSERT_EQ(static_cast<unsigned char>(archive[size]), array.size());
  ++archive[size];  // the checksum is not reached
  expect_error<DataError>([&] { read_training_data(config(write("d.npz", archive)), TargetUse::automatic); },
                          {"d.npz:X", "inflates to"});
}

TEST_F(NpzReader, AMemberThatThisProgramCannotReadIsNamedWithItsReason) {
  const std::string array = npy("<f4", "(2,)", Floats{1, 2});
  const std::string good = zip({{"X.npy", array}, {"y.npy", array}}, false);
  const std::size_t entry = good.find("PK\x01\x02");  // of X
  const auto fails = [&](std::size_t at, char byte, const std::string& words) {
    std::string archive = good;
    archive[entry + at] = byte;
    expect_error<DataError>(
        [&] { read_training_data(config(write("d.npz", archive)), TargetUse::automatic); }, {"d.npz", words});
  };
  fails(6, 64, "member X.npy wants a newer zip than version 6.3");
  for (const int bit : {0, 5, 6})
    fails(8, static_cast<char>(1 << bit), "member X.npy is encrypted or a patch");
  fails(10, 12, "member X.npy uses zip method 12; want 0 (stored) or 8 (deflated)");
  fails(20, static_cast<char>(array.size() + 1), "bytes cannot come from");
  fails(24, static_cast<char>(array.size() + 1), "bytes cannot come from");
  fails(42, 1, "damaged");
  std::string newest = good;
  newest[entry + 6] = 63;
  newest[entry + 8] = 1 << 3;  // sizes behind the data, as in archives that were written to a pipe
  EXPECT_EQ(read_training_data(config(write("d.npz", newest)), TargetUse::numbers).target, (Floats{1, 2}));
}

TEST_F(NpzReader, TheDirectoryOfAnArchiveHasItsPlaceItsSizeAndItsCount) {
  const std::string array = npy("<f4", "(2,)", Floats{1, 2});
  const std::string good = zip({{"X.npy", array}, {"y.npy", array}}, false);
  const std::size_t end = good.size() - 22;
  const auto read = [&](const std::string& bytes) {
    return read_training_data(config(write("d.npz", bytes)), TargetUse::numbers).target;
  };
  for (const std::size_t at : {10u, 12u, 16u}) {
    for (const int by : {-1, 1}) {
      std::string archive = good;
      archive[end + at] = static_cast<char>(archive[end + at] + by);
      expect_error<DataError>([&] { read(archive); }, {"d.npz is a damaged or cut off npz (zip) archive"});
    }
  }
  EXPECT_EQ(read(good + "a comment"), (Floats{1, 2})) << "zip allows one behind the directory";
  EXPECT_EQ(read(good + std::string(65535, 'c')), (Floats{1, 2}));
  expect_error<DataError>([&] { read(good + std::string(65536, 'c')); }, {"damaged"});
}

TEST_F(NpzReader, DamagedArchivesAreRefused) {
  const std::string x = npy("<f4", "(3, 2)", Floats{1, 2, 3, 4, 5, 6}),
                    y = npy("<i4", "(3,)", std::vector<int>{1, 0, 1});
  const auto fails = [&](const std::string& bytes, const std::vector<std::string>& words) {
    expect_error<DataError>([&] { read_training_data(config(write("d.npz", bytes)), TargetUse::automatic); },
                            words);
  };
  for (const bool deflate_them : {false, true}) {
    const std::string good = zip({{"X.npy", x}, {"y.npy", y}}, deflate_them);
    fails(zip({{"X.npy", x}, {"y.npy", y}}, deflate_them, 1), {"d.npz:X", "checksum"});
    fails(good.substr(0, good.size() / 2), {"d.npz", "damaged"});
    fails(good.substr(0, good.size() - 10), {"d.npz", "damaged"});
  }
  fails(zip({{"w.npy", y}}, true), {"d.npz", "arrays w", "want X or data"});
  expect_error<ConfigError>(
      [&] {
        read_training_data(config(write("d.npz", zip({{"X.npy", x}}, true))), TargetUse::automatic);
      },
      {"d.npz", "arrays X", "want y or target"});
}

TEST_F(NpzReader, TheFileIsOpenedOnce) {
  const std::string x = npy("<f4", "(2, 1)", Floats{1, 2}), y = npy("<f4", "(2,)", Floats{3, 4});
  const std::string path = write("d.npz", zip({{"X.npy", x}, {"y.npy", y}}, true));
  const int watch = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  // readings stand between the openings, because equal events in a row count as one (inotify(7))
  ASSERT_GE(::inotify_add_watch(watch, path.c_str(), IN_OPEN | IN_ACCESS), 0);
  EXPECT_EQ(read_training_data(config(path), TargetUse::automatic).target, (Floats{3, 4}));
  std::array<inotify_event, 256> events;  // of a file that is watched itself: without names
  const ssize_t bytes = ::read(watch, events.data(), sizeof events);
  ::close(watch);
  ASSERT_GT(bytes, 0);
  const auto end = events.begin() + bytes / static_cast<ssize_t>(sizeof(inotify_event));
  EXPECT_EQ(std::count_if(events.begin(), end, [](const inotify_event& e) { return e.mask & IN_OPEN; }), 1);
}

}  // namespace
}  // namespace thalweg
