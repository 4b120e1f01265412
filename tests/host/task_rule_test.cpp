// The task that follows from the targets when model.loss does not say.
#include "host/data/task_rule.hpp"

#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::npy;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;

class TaskRule : public test::DataFiles {
 protected:
  std::string rows_of_x(int rows) {
    return write("x.npy", npy("<f4", "(" + std::to_string(rows) + ", 1)",
                              Floats(static_cast<std::size_t>(rows), 1.0f)));
  }
};

std::string repeated(const Texts& labels, int times) {
  std::string rows = "x,y\n";
  for (int i = 0; i < times; ++i)
    for (const std::string& label : labels) rows += std::to_string(i) + "," + label + "\n";
  return rows;
}

Texts whole_numbers(int count) {
  Texts texts;
  for (int i = 0; i < count; ++i) texts.push_back(std::to_string(3 * i));
  return texts;
}

TEST_F(TaskRule, TheTaskFollowsFromTheValuesOfTheTargets) {
  const auto kind = [&](const Texts& labels, int times) {
    const Dataset d =
        read_training_data(config(write("d.csv", repeated(labels, times))), TargetUse::automatic);
    EXPECT_FALSE(d.target_reason.empty());
    return d.target_kind;
  };
  for (const Texts& pair : {Texts{"0", "1"}, {"1", "-1"}, {"2", "1"}, {"0.0", "1.0"}, {"no", "yes"}})
    EXPECT_EQ(kind(pair, 1), TargetKind::classes) << pair[0];
  for (const Texts& pair : {Texts{"0", "2"}, {"0.5", "1"}, {"5", "6"}})
    EXPECT_EQ(kind(pair, 1), TargetKind::number) << pair[0];
  EXPECT_EQ(kind(whole_numbers(20), 10), TargetKind::classes);
  EXPECT_EQ(kind(whole_numbers(20), 9), TargetKind::number) << "each has to come ten times";
  EXPECT_EQ(kind(whole_numbers(21), 100), TargetKind::number) << "a quantity";
  EXPECT_EQ(kind({"0", "1", "2.5"}, 100), TargetKind::number);
  EXPECT_EQ(kind({"7"}, 100), TargetKind::number) << "a constant";
}

TEST_F(TaskRule, TheSameTargetsAreTheSameTaskInEveryFormat) {
  for (const int distinct : {2, 3, 10, 28}) {
    const int rows = 20 * distinct;
    std::string csv = "x,y\n", tsv = "x\ty\n", svm, lines;
    std::vector<std::int64_t> whole;
    std::vector<double> real;
    for (int i = 0; i < rows; ++i) {
      const std::string label = std::to_string(i % distinct);
      csv += "1," + label + "\n", tsv += "1\t" + label + "\n", svm += label + " 1:1\n";
      lines += label + "\n";
      whole.push_back(i % distinct), real.push_back(i % distinct);
    }
    const std::string shape = "(" + std::to_string(rows) + ",)";
    DataConfig npy_of_whole = config(rows_of_x(rows)), npy_of_real = npy_of_whole, text = npy_of_whole;
    npy_of_whole.target = write("whole.npy", npy("<i8", shape, whole));
    npy_of_real.target = write("real.npy", npy("<f8", shape, real));
    text.target = write("y.txt", lines);
    for (const DataConfig& c : {config(write("d.csv", csv)), config(write("d.tsv", tsv)),
                                config(write("d.svm", svm)), npy_of_whole, npy_of_real, text}) {
      const Dataset d = read_training_data(c, TargetUse::automatic);
      EXPECT_EQ(d.target_kind, distinct > 20 ? TargetKind::number : TargetKind::classes)
          << c.train << " " << c.target;
      EXPECT_EQ(d.target[5], static_cast<float>(5 % distinct));
    }
  }
}

TEST_F(TaskRule, LabelsOfAnIdxFileAreClassesHoweverFewTheirRows) {
  DataConfig c = config(write("images", std::string("\0\0\x08\x02\0\0\0\x03\0\0\0\x01\1\2\3", 15)));
  c.target = write("labels", std::string("\0\0\x08\x01\0\0\0\x03\7\5\7", 11));
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.classes, (Texts{"5", "7"}));
  EXPECT_EQ(d.target_reason, "the file holds labels");
}

}  // namespace
}  // namespace thalweg
