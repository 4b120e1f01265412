// Rows that come through standard input, several files as one, and what a run says of hashed texts.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "host/cli/cli.hpp"
#include "tests/support/pipe.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

/// While it lives, standard input is another descriptor.
class OtherInput {
 public:
  explicit OtherInput(int fd) : old_(::dup(STDIN_FILENO)) { ::dup2(fd, STDIN_FILENO); }
  ~OtherInput() {
    ::dup2(old_, STDIN_FILENO);
    ::close(old_);
  }
  OtherInput(const OtherInput&) = delete;
  OtherInput& operator=(const OtherInput&) = delete;

 private:
  int old_;
};

class StandardInput : public testing::Test {
 protected:
  struct Result {
    int code;
    std::string out, err;
  };
  static Result run(const std::vector<std::string>& arguments) {
    std::ostringstream out, err;
    const int code = cli::run(arguments, {out, err});
    return {code, out.str(), err.str()};
  }
  static Result run_on(const std::string& input, const std::vector<std::string>& arguments) {
    const Pipe pipe(input);
    const int fd = ::open(pipe.path().c_str(), O_RDONLY | O_CLOEXEC);
    const OtherInput other(fd);
    ::close(fd);
    return run(arguments);
  }
  static std::string said(const Result& result, int code = 0) {
    EXPECT_EQ(result.code, code) << result.err;
    return result.out;
  }
  Result train(const std::string& data, const std::vector<std::string>& settings) {
    std::vector<std::string> arguments{"train", "--data.train=" + data, "--out=" + run_, "--train.epochs=1",
                                       "--optimizer.lr=0.1"};
    arguments.insert(arguments.end(), settings.begin(), settings.end());
    return run(arguments);
  }
  /// Two megabytes and more, so that they are several blocks.
  static std::string rows(const std::string& header, const std::function<std::string(int)>& row) {
    std::string text = header;
    for (int i = 0; text.size() < (5u << 20) / 2; ++i) text += row(i) + "\n";
    return text;
  }

  TemporaryFolder folder_;
  const std::string run_ = folder_.path("run");
  const std::string few_ = "name,c,x,y\na,red,1,no\nb,blue,-2,yes\nc,red,3,no\nd,blue,-1,yes\n";
};

TEST_F(StandardInput, PredictionsAreThoseOfAFileWithTheSameRows) {
  said(train(folder_.write("few.csv", few_), {"--quiet", "--data.id=name"}));
  const std::string many = rows("c,name,x\n", [](int i) {
    return std::string(i % 3 == 0 ? "red," : "blue,") + "row " + std::to_string(i) + "," +
           std::to_string(i % 100 - 50);
  });
  const std::string file = folder_.write("many.csv", many);
  for (const std::string form : {"", "--json", "--top-k=1"}) {
    std::vector<std::string> of_input{"predict", run_, "-"}, of_file{"predict", run_, "--data.test=" + file};
    if (!form.empty()) of_input.push_back(form), of_file.push_back(form);
    const std::string got = said(run_on(many, of_input));
    EXPECT_EQ(got, said(run(of_file))) << form;
    of_file.push_back("--data.test_rows=0:");  // a range of rows is read whole
    if (form.empty()) {
      EXPECT_EQ(got, said(run(of_file)));
    }
    EXPECT_GT(std::count(got.begin(), got.end(), '\n'), 100000);
  }
  said(run_on(many, {"predict", run_, "-", "--output=" + folder_.path("p.csv")}));
  said(run({"predict", run_, "--data.test=" + file, "--output=" + folder_.path("q.csv")}));
  const auto bytes = [&](const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(folder_.path(name), std::ios::binary).rdbuf();
    return text.str();
  };
  EXPECT_EQ(bytes("p.csv"), bytes("q.csv"));
  EXPECT_THAT(bytes("p.csv"), testing::StartsWith("name,class,probability no,probability yes\nrow 0,"));
}

TEST_F(StandardInput, SparseRowsAreReadInBlocksToo) {
  said(train(folder_.write("few.svm", "1 1:1 3:2\n-1 2:1\n1 1:3\n-1 2:2 3:1\n"), {"--quiet"}));
  const std::string many = rows("", [](int i) { return "1 1:" + std::to_string(i) + " 3:0.5"; });
  const std::string file = "--data.test=" + folder_.write("many.svm", many);
  const std::string got = said(run_on(many, {"predict", run_, "-", "--with-target"}));
  EXPECT_EQ(got, said(run({"predict", run_, file, "--with-target"})));
  EXPECT_EQ(got, said(run({"predict", run_, file, "--with-target", "--data.test_rows=0:"})));
}

TEST_F(StandardInput, AColumnOfIdsThatIsNotThereIsRefused) {
  said(train(folder_.write("few.csv", few_), {"--quiet", "--data.id=name"}));
  const Result got = run_on("c,x\nred,1\n", {"predict", run_, "-", "--data.id=typo"});
  EXPECT_EQ(got.code, 78);
  EXPECT_EQ(got.out, "");
  EXPECT_THAT(got.err, HasSubstr("data.id = \"typo\": - has no such column"));
  EXPECT_THAT(run_on("c,x\nred,1\n", {"predict", run_, "-"}).err, HasSubstr("its rows have no names"));
}

TEST_F(StandardInput, WhatIsLeftOutIsSummedUp) {
  said(train(folder_.write("few.csv", few_), {"--quiet", "--data.ignore=name"}));
  const std::string many = rows("c,x\n", [](int i) { return i % 1000 == 0 ? "green,1" : "red,1"; });
  const auto unseen = (std::count(many.begin(), many.end(), '\n') + 998) / 1000;
  const Result got = run_on(many, {"predict", run_, "-"});
  EXPECT_THAT(got.err, HasSubstr("with a category that training did not have, as \"green\""));
  EXPECT_THAT(got.err, HasSubstr("in all " + std::to_string(unseen) + " of these were left out"));
}

TEST_F(StandardInput, AWrongLineIsNamedAndEvaluateReadsAll) {
  said(train(folder_.write("few.csv", few_), {"--quiet", "--data.ignore=name"}));
  const std::string many = rows("c,x\n", [](int i) { return i == 250000 ? "red,old" : "red,1"; });
  const Result got = run_on(many, {"predict", run_, "-", "--output=" + folder_.path("p.csv")});
  EXPECT_EQ(got.code, 65);
  EXPECT_THAT(got.err, HasSubstr("- line 250002, column \"x\" (1): got \"old\""));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("p.csv"))) << "a file appears when it is whole";
  EXPECT_THAT(said(run_on("c,x,y\nred,1,no\nblue,-1,yes\n", {"evaluate", run_, "-"})), HasSubstr("accuracy"));
}

TEST_F(StandardInput, ARunThatGoesOnWantsItsRowsAgain) {
  const std::vector<std::string> train{
      "train", "--quiet", "--data.train=-", "--data.ignore=name", "--out=" + run_, "--optimizer.lr=0.1"};
  auto longer = train;
  longer.push_back("--train.epochs=2");
  auto first = train;
  first.push_back("--train.epochs=1");
  said(run_on(few_, first));
  const Result empty = run_on("", longer);
  EXPECT_EQ(empty.code, 65);
  EXPECT_THAT(
      empty.err,
      HasSubstr("the standard input is empty; want data (a run that goes on reads all of them again)"));
  EXPECT_THAT(run_on("name,c,x,y\na,red,1,no\nb,blue,-2,yes\n", longer).err,
              HasSubstr("the training data has changed"));
  said(run_on(few_, longer));
}

TEST_F(StandardInput, TheRowsMayBeMoreThanTheMemory) {
  // 20 features of 4 bytes, as text and in memory
  std::string half, two;
  for (int i = 0; i < 20; ++i) half += "0.5,", two += "2.0,";
  said(train(folder_.write("few.csv", half + "0\n" + two + "1\n" + half + "0\n" + two + "1\n"),
             {"--quiet", "--train.threads=2"}));
  half.back() = two.back() = '\n';
  std::string piece;
  while (piece.size() < (1u << 20)) piece += half + two;
  PipeEnds ends;
  struct rusage before {};
  ::getrusage(RUSAGE_SELF, &before);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends.reader, STDIN_FILENO);
    PipeEnds::close(ends.writer);
    std::ofstream nowhere("/dev/null");
    ::_exit(cli::run({"predict", run_, "-", "--train.threads=2"}, {nowhere, nowhere}));
  }
  PipeEnds::close(ends.reader);
  constexpr int kMebibytes = 128;
  for (int i = 0; i < kMebibytes; ++i)
    for (std::size_t at = 0; at < piece.size();) {
      const ssize_t done = ::write(ends.writer, piece.data() + at, piece.size() - at);
      ASSERT_GT(done, 0);
      at += static_cast<std::size_t>(done);
    }
  PipeEnds::close(ends.writer);
  int status = 0;
  struct rusage used {};
  ASSERT_EQ(::wait4(child, &status, 0, &used), child);
  EXPECT_EQ(status, 0);
  EXPECT_LT(used.ru_maxrss - before.ru_maxrss, 80 << 10) << "KiB more than before the fork";
}

/// Text of so many bytes, 40 numbers a row, in a form that `train` has seen.
std::string wide_rows(const std::string& form, std::size_t bytes) {
  std::string pair;
  for (const std::string cell : {"0.5", "2.0"}) {
    if (form != "csv") pair += cell == "0.5" ? "1" : "-1";
    if (form == "vw") pair += " |";
    for (int j = 0; j < 40; ++j)
      pair += form == "csv" ? (j > 0 ? "," : "") + cell : " " + std::to_string(10 + j) + ":" + cell;
    pair += "\n";
  }
  std::string text;
  while (text.size() < bytes) text += pair;
  return text;
}

/// KiB that `thalweg predict` takes at its peak, in a process of its own.
std::int64_t peak_of_predict(const std::string& model, const std::string& data, const std::string& input) {
  const std::string from = data == "-" ? input : "/dev/null";
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(::open(from.c_str(), O_RDONLY), STDIN_FILENO);
    std::ofstream nowhere("/dev/null");
    ::_exit(cli::run({"predict", model, "--data.test=" + data, "--train.threads=2"}, {nowhere, nowhere}));
  }
  int status = 0;
  struct rusage used {};
  EXPECT_EQ(::wait4(child, &status, 0, &used), child);
  EXPECT_EQ(status, 0);
  return used.ru_maxrss;
}

TEST_F(StandardInput, MemoryOfPredictDoesNotGrowWithTheRowsOfATextOrOfAStream) {
  constexpr std::int64_t kMebibyte = 1 << 10;
  for (const std::string form : {"csv", "svm", "vw"}) {
    std::string few = wide_rows(form, 500);
    if (form == "csv")
      for (std::size_t at = few.find('\n'), i = 0; at != std::string::npos; at = few.find('\n', at + 3), ++i)
        few.replace(at, 1, i % 2 == 0 ? ",0\n" : ",1\n");
    said(train(folder_.write("few." + form, few),
               {"--quiet", "--data.header=no", "--checkpoint.resume=never"}));
    const std::string small = folder_.write("small." + form, wide_rows(form, 8u << 20));
    const std::string large = folder_.write("large." + form, wide_rows(form, 24u << 20));
    for (const bool streamed : {false, true}) {
      if (streamed && form == "csv") continue;  // as above
      const std::int64_t of_small = peak_of_predict(run_, streamed ? "-" : small, small);
      const std::int64_t of_large = peak_of_predict(run_, streamed ? "-" : large, large);
      EXPECT_LT(of_large - of_small, 12 * kMebibyte) << form << (streamed ? " from standard input" : "");
    }
  }
}

TEST_F(StandardInput, AFileOfFewRowsGivesPredictionsOnlyIfAllOfItsRowsAreRight) {
  said(train(folder_.write("few.csv", few_), {"--quiet", "--data.ignore=name"}));
  const std::string wrong = rows("c,x\n", [](int i) { return i == 250000 ? "red,old" : "red,1"; });
  const Result got = run({"predict", run_, "--data.test=" + folder_.write("wrong.csv", wrong)});
  EXPECT_EQ(got.code, 65);
  EXPECT_THAT(got.err, HasSubstr("wrong.csv line 250002, column \"x\" (1): got \"old\""));
  EXPECT_EQ(got.out, "");
  const Result streamed = run_on(wrong, {"predict", run_, "-"});
  EXPECT_EQ(streamed.code, 65);
  EXPECT_EQ(std::count(streamed.out.begin(), streamed.out.end(), '\n'), 250001);
}

TEST_F(StandardInput, RowsInShardsArePredictedAsThoseOfTheirFile) {
  said(train(folder_.write("few.csv", few_), {"--quiet", "--data.ignore=name,c"}));
  std::string many = "x,y\n";
  for (int i = 0; i < 40000; ++i) many += std::to_string(i % 1000) + (i % 2 == 0 ? ",no\n" : ",yes\n");
  const std::string file = folder_.write("many.csv", many), shards = folder_.path("shards");
  said(run({"convert", file, shards, "--quiet", "--model.init=" + run_}));
  const std::string got = said(run({"predict", run_, "--data.test=" + shards}));
  EXPECT_EQ(std::count(got.begin(), got.end(), '\n'), 40001);
  EXPECT_EQ(got, said(run({"predict", run_, "--data.test=" + file})));
}

TEST_F(StandardInput, SeveralFilesTrainAsOneAndAModelFindsThemFromElsewhere) {
  folder_.write("a.csv", "x,y\n1,2\n2,3\n");
  folder_.write("b.csv", "x,y\n3,5\n4,4\n");
  const std::string whole = folder_.write("all", "x,y\n1,2\n2,3\n3,5\n4,4\n");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path());
  said(run({"train", "--quiet", "--data.train=a.csv,b.csv", "--out=runs/r", "--optimizer.lr=0.1",
            "--train.epochs=1"}));
  said(run(
      {"train", "--quiet", "--data.train=*.csv", "--out=runs/r", "--optimizer.lr=0.1", "--train.epochs=2"}));
  std::filesystem::current_path(before);
  const std::string run_of_list = folder_.path("runs/r");
  EXPECT_EQ(said(run({"predict", run_of_list, "--rows=train"})),
            said(run({"predict", run_of_list, "--data.test=" + whole})));
  EXPECT_THAT(run({"predict", run_of_list, "--data.test=" + folder_.path("?.txt")}).err,
              HasSubstr("?.txt: no file matches"));
}

TEST_F(StandardInput, TheSummarySaysHowManyOfTheHashedInputsAreUsed) {
  const Result got = train(folder_.write("few.csv", few_), {"--data.hash_bits=7", "--data.ignore=name"});
  said(got);
  EXPECT_THAT(got.err, HasSubstr("as 128 inputs"));
  EXPECT_THAT(
      got.err,
      HasSubstr(
          "hashing: 3 of 128 inputs are used; about 2.3 % of the texts share one (data.hash_bits = 7)"));
  const Result json = train(folder_.path("few.csv"), {"--data.hash_bits=7", "--data.ignore=name", "--json",
                                                      "--quiet", "--checkpoint.resume=never"});
  EXPECT_THAT(said(json), HasSubstr("\"hash_bits\": 7"));
  EXPECT_THAT(said(json), HasSubstr("\"hashed_used\": 3"));
}

/// The label, 13 counts and 26 texts, separated by tabs; cells may be empty.
TEST_F(StandardInput, CriteosTableTrainsWithAFewSettings) {
  std::string text;
  for (int row = 0; row < 40; ++row) {
    text += row % 4 == 0 ? "1" : "0";
    for (int c = 0; c < 13; ++c)
      text += (row + c) % 5 == 0 ? "\t" : "\t" + std::to_string((row * 7 + c * 3) % 11);
    for (int c = 0; c < 26; ++c)
      text +=
          (row * c) % 6 == 1 ? "\t" : "\t" + std::string(c == 3 && row % 4 == 0 ? "68fd1e64" : "8cf07265");
    text += "\n";
  }
  const std::string file = folder_.write("day_0", text);
  said(run({"train", "--quiet", "--data.train=" + file, "--data.delimiter=tab", "--data.header=no",
            "--data.target=0", "--data.hash_bits=16", "--model.loss=logistic", "--optimizer.name=adagrad",
            "--train.epochs=30", "--out=" + run_}));
  EXPECT_THAT(said(run({"evaluate", run_, "--data.test=" + file})), HasSubstr("auc                 1\n"));
}

}  // namespace
}  // namespace thalweg::test
