// Columns of ids and weights in files for a model: they are known as the training data had them, shards too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/checkpoint/files.hpp"
#include "tests/support/commands.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

class NamedColumns : public CommandTest {
 protected:
  /// A run on the table, or on shards of it.
  std::string train(bool shards, const Words& settings = {}) {
    const Words columns{"--data.id=key", "--data.weight=w", "--data.target=y", "--data.ignore=note"};
    const std::string run = path(shards ? "of_shards" : "of_table");
    Words words{"train", "--quiet", "--train.epochs=2", "--out=" + run};
    if (shards) {
      Words conversion{"convert", train_, path("shards")};
      conversion.insert(conversion.end(), columns.begin(), columns.end());
      call(conversion);
      words.push_back("--data.train=" + path("shards"));
    } else {
      words.push_back("--data.train=" + train_);
      words.insert(words.end(), columns.begin(), columns.end());
    }
    words.insert(words.end(), settings.begin(), settings.end());
    call(words);
    return run;
  }
  std::string path(const std::string& name) const { return folder_.path(name); }

  TemporaryFolder folder_;
  const std::string train_ = folder_.write("d.csv", "key,note,x,w,y\nr1,-,1,1,2\nr2,-,2,2,4\nr3,-,3,1,7\n");
  const std::string test_ = folder_.write("t.csv", "key,x,w,y\np,1,3,2\nq,2,1,5\n");
  const std::string unweighted_ = folder_.write("u.csv", "x,y\n1,2\n1,2\n1,2\n2,5\n");
};

TEST_F(NamedColumns, AreKnownToEvaluateAndPredict) {
  for (const bool shards : {false, true}) {
    const std::string run = train(shards), test = "--data.test=" + test_;
    const auto weighted = json({"evaluate", run, test, "--json"});
    EXPECT_EQ(errors_, "");
    const auto repeated = json({"evaluate", run, "--data.test=" + unweighted_, "--json"});
    EXPECT_DOUBLE_EQ(weighted["test.mae"], repeated["test.mae"]) << "weight 3 is the row three times";
    const std::string predicted = call({"predict", run, test});
    EXPECT_EQ(predicted.substr(0, predicted.find(',', 15)), "key,prediction\np") << predicted;
    EXPECT_EQ(predicted, call({"predict", run, test, "--data.id=key", "--data.weight=w"}));
    EXPECT_THAT(call({"predict", run, test, "--data.id=", "--data.ignore=key"}),
                testing::StartsWith("prediction\n"));
  }
}

TEST_F(NamedColumns, OfShardsAreKnownToARunThatTestsOnATable) {
  train(true, {"--data.test=" + test_, "--data.validation=" + test_});
}

TEST_F(NamedColumns, AreKnownToAConversionForAModel) {
  for (const bool shards : {false, true}) {
    const std::string run = train(shards), of = shards ? "2" : "1";
    call({"convert", test_, path("test" + of), "--model.init=" + run});
    EXPECT_THAT(errors_, HasSubstr("shards keep no names of rows (key)"));
    EXPECT_EQ(json({"evaluate", run, "--data.test=" + path("test" + of), "--json"}),
              json({"evaluate", run, "--data.test=" + test_, "--json"}));
  }
  call({"convert", train_, path("again"), "--model.init=" + path("of_table")});
  EXPECT_THAT(read_file(path("again/manifest.json")), HasSubstr("\"id\": \"key\""));
  call({"convert", test_, path("none"), "--model.init=" + path("of_table"), "--data.id="}, 65);
  EXPECT_THAT(errors_, HasSubstr("has column \"key\" (0), which the model's training data did not have"));
}

TEST_F(NamedColumns, AFileOfWeightsIsOfTheRowsThatAConversionNames) {
  const std::string run = train(false);
  const std::string rows = folder_.write("t.svm", "2 1:1\n5 1:2\n"),
                    weights = folder_.write("w.txt", "3\n1\n");
  folder_.write("d.svm", "2 1:1\n4 1:2\n7 1:3\n");
  const std::string sparse = path("sparse");
  call({"train", "--quiet", "--data.train=" + path("d.svm"), "--model.loss=squared", "--train.epochs=1",
        "--out=" + sparse});
  call({"convert", rows, path("rows"), "--model.init=" + sparse, "--data.weight=" + weights});
  EXPECT_THAT(call({"inspect", path("rows")}), HasSubstr("weight_sum         4.0\n"));
}

}  // namespace
}  // namespace thalweg::test
